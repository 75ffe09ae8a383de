"""suite.run.session: what is planned, and what is run of it."""

import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, Data, KernelName, Mode, Precision, Protocol
from suite.model.device import Cpu, Gpu, GpuProcess, Machine
from suite.model.launch import CautionKind, Launch, Status
from suite.model.matrix import Matrix
from suite.run.child import Child, Start, start_process
from suite.run.labels import ForeignProcesses
from suite.run.session import Conduct, plan_launches, run_session
from suite.run.stop import Stop

CPU = Cpu(model="AMD EPYC", cores=2, physical_cores=2, memory_bytes=2**34, features=())
CPU_ONLY = Machine(gpus=(), cpu=CPU, nvml="no NVIDIA driver")
WITH_T4 = Machine(
    gpus=(Gpu(index=0, name="Tesla T4", compute_capability=(7, 5)),), cpu=CPU, nvml=""
)
PROTOCOL = Protocol(warmup_steps=50, measured_steps=350, launches=2)


def cell(batch_size: int, precision: Precision = Precision.FP32) -> Cell:
    return Cell(mode=Mode.INFERENCE, precision=precision, xla=False, batch_size=batch_size)


def matrix(*cells: Cell, device: str | None = None, protocol: Protocol = PROTOCOL) -> Matrix:
    return Matrix(
        name="mine", purpose="", device=device, reference=None, protocol=protocol, cells=cells
    )


def test_launches_are_interleaved_across_cells() -> None:
    """Every cell is launched once before any is launched again."""
    planned = plan_launches(matrix(cell(1), cell(8)), CPU_ONLY)

    assert [(item.cell.batch_size, item.launch) for item in planned] == [
        (1, 0),
        (8, 0),
        (1, 1),
        (8, 1),
    ]


def test_what_cannot_run_is_planned_as_skipped() -> None:
    """The reason is known before anything starts."""
    (planned, _) = plan_launches(matrix(cell(1, Precision.TF32)), WITH_T4)

    assert planned.skip_reason == "TF32 needs compute capability 8.0, and Tesla T4 has 7.5"


def test_cells_of_dali_are_planned_as_skipped_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan tells beforehand what cannot run, with the line that installs it."""
    monkeypatch.setitem(sys.modules, "nvidia.dali", None)
    (planned, _) = plan_launches(matrix(replace(cell(1), data=Data.DALI)), CPU_ONLY)

    assert planned.skip_reason is not None
    assert planned.skip_reason.startswith("NVIDIA DALI is not installed; pip install")


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
            plan_launches(mine, CPU_ONLY),
            mine,
            KernelOptions(),
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
    planned = plan_launches(mine, CPU_ONLY)
    options = KernelOptions()
    first, second = run_session(
        planned, mine, options, CPU_ONLY, tmp_path, lambda *_: None, conduct
    )

    assert (first.status, second.status) == (Status.CRASHED, Status.OK)
    assert first.reason == "could not be started (Resource temporarily unavailable)"


def no_process(*_: Any) -> Child:
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def test_what_an_earlier_part_of_the_run_proved_still_prunes(tmp_path: Path) -> None:
    """A resumed run does not try again what is known not to fit, and says which cell proved it."""
    small, large = (replace(cell(size), kernel=KernelName.SIMULATED) for size in (1, 2))
    mine = matrix(large, protocol=Protocol(warmup_steps=0, measured_steps=1))
    full = Launch(cell=small, protocol=mine.protocol, launch=0, status=Status.OUT_OF_MEMORY)
    (tmp_path / "cells").mkdir()
    conduct = Conduct(stop=Stop(), earlier=(full,))
    planned = plan_launches(mine, CPU_ONLY)
    options = KernelOptions()
    (done,) = run_session(planned, mine, options, CPU_ONLY, tmp_path, lambda *_: None, conduct)

    assert done.status is Status.SKIPPED
    assert done.reason.startswith(f"{small.id} ran out of memory")
