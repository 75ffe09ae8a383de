"""suite.run.session: what is planned, and what is run of it."""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import CPU, CPU_ONLY, make_cell, make_launch

from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, KernelName, Precision, Protocol
from suite.model.device import Gpu, GpuProcess, Machine
from suite.model.launch import CautionKind, Status
from suite.model.matrix import Matrix
from suite.run.child import Child, Start, start_process
from suite.run.labels import ForeignProcesses
from suite.run.order import LaunchOrder
from suite.run.plan import plan_launches
from suite.run.session import Conduct, run_session
from suite.run.stop import Stop

PROTOCOL = Protocol(warmup_steps=50, measured_steps=350, launches=2)


def cell(batch_size: int, precision: Precision = Precision.FP32) -> Cell:
    return make_cell(precision=precision, batch_size=batch_size)


def matrix(*cells: Cell, device: str | None = None, protocol: Protocol = PROTOCOL) -> Matrix:
    return Matrix(
        name="mine", purpose="", device=device, reference=None, protocol=protocol, cells=cells
    )


FOREIGN = GpuProcess(pid=4711, name="python", memory_bytes=2**31)


@pytest.mark.parametrize(
    ("exclusive", "statuses"), [(False, {"ok"}), (True, {"ok", "invalid"})], ids=["", "exclusive"]
)
def test_only_launches_beside_a_foreign_process_are_marked(
    tmp_path: Path, *, exclusive: bool, statuses: set[str]
) -> None:
    """GPUs are looked at before the first and after each launch, so each has both its sides.

    With --exclusive such a launch has no number, and says who was there.
    """
    seen: Iterator[ForeignProcesses] = iter([[()], [()], [(FOREIGN,)], [()], [()]])
    simulated = [replace(cell(size), kernel=KernelName.SIMULATED) for size in (1, 2, 3, 4)]
    protocol = Protocol(warmup_steps=0, measured_steps=1)
    mine = matrix(*simulated, protocol=protocol)
    (tmp_path / "cells").mkdir()
    launches = list(
        run_session(
            plan_launches(mine, CPU_ONLY, KernelOptions()).launches,
            mine,
            CPU_ONLY,
            tmp_path,
            lambda *_: None,
            Conduct(stop=Stop(), foreign_processes=lambda: next(seen), exclusive=exclusive),
        )
    )
    marked = [
        any(caution.kind is CautionKind.FOREIGN_PROCESS for caution in done.cautions)
        for done in launches
    ]
    invalid = [done.reason for done in launches if done.status is Status.INVALID]

    assert marked == [False, True, True, False]
    assert {done.status.value for done in launches} == statuses
    assert len(invalid) == 2 * exclusive
    assert all(reason.startswith("--exclusive: also on the GPU: python") for reason in invalid)


def test_a_launch_that_cannot_be_started_is_its_own_record(tmp_path: Path) -> None:
    """A machine that has no room for a further process at one moment costs one launch."""
    starts: Iterator[Start] = iter([no_process, start_process])

    def start(*given: Any) -> Child:
        return next(starts)(*given)

    mine = matrix(
        *(replace(cell(size), kernel=KernelName.SIMULATED) for size in (1, 2)),
        protocol=Protocol(warmup_steps=0, measured_steps=1),
    )
    (tmp_path / "cells").mkdir()
    conduct = Conduct(stop=Stop(), start=start)
    planned = plan_launches(mine, CPU_ONLY, KernelOptions()).launches
    first, second = run_session(planned, mine, CPU_ONLY, tmp_path, lambda *_: None, conduct)

    assert (first.status, second.status) == (Status.CRASHED, Status.OK)
    assert first.reason == "could not be started (Resource temporarily unavailable)"


def test_a_launch_runs_on_and_is_labelled_by_a_gpu_of_its_type(tmp_path: Path) -> None:
    """Each process sees the GPUs of its own type; what is on the other type is not beside it."""
    t4, h200 = (
        Gpu(index=index, name=name, uuid=f"GPU-{index}", compute_capability=(9, 0))
        for index, name in enumerate(("Tesla T4", "NVIDIA H200"))
    )
    mixed = Machine(gpus=(t4, h200), cpu=CPU, nvml="")
    mine = matrix(
        *(replace(cell(1), kernel=KernelName.SIMULATED, gpu=gpu) for gpu in ("h200", "t4")),
        protocol=Protocol(warmup_steps=0, measured_steps=1),
    )
    seen = []

    def start(order: LaunchOrder, environment: Mapping[str, str], *rest: Any) -> Child:
        seen.append(environment["CUDA_VISIBLE_DEVICES"])
        return start_process(order, environment, *rest)

    (tmp_path / "cells").mkdir()
    conduct = Conduct(stop=Stop(), start=start, foreign_processes=lambda: [(), (FOREIGN,)])
    planned = plan_launches(mine, mixed, KernelOptions()).launches
    launches = list(run_session(planned, mine, mixed, tmp_path, lambda *_: None, conduct))
    beside = [
        [caution.kind for caution in done.cautions].count(CautionKind.FOREIGN_PROCESS)
        for done in launches
    ]

    assert seen == ["GPU-1", "GPU-0"]
    assert [done.device for done in launches] == ["NVIDIA H200", "Tesla T4"]
    assert beside == [1, 0]


def no_process(*_: Any) -> Child:
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def test_what_an_earlier_part_of_the_run_proved_still_prunes(tmp_path: Path) -> None:
    """A resumed run does not try again what is known not to fit, and says which cell proved it."""
    small, large = (replace(cell(size), kernel=KernelName.SIMULATED) for size in (1, 2))
    mine = matrix(large, protocol=Protocol(warmup_steps=0, measured_steps=1))
    full = make_launch(cell=small, protocol=mine.protocol, status=Status.OUT_OF_MEMORY)
    (tmp_path / "cells").mkdir()
    conduct = Conduct(stop=Stop(), earlier=(full,))
    planned = plan_launches(mine, CPU_ONLY, KernelOptions()).launches
    (done,) = run_session(planned, mine, CPU_ONLY, tmp_path, lambda *_: None, conduct)

    assert done.status is Status.SKIPPED
    assert done.reason.startswith(f"{small.id} ran out of memory")
