"""suite.runner.session: what is planned, and how a launch is labelled."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from suite.core.cell import Cell, Data, KernelName, Mode, Precision, Protocol, quick_protocol
from suite.core.device import Cpu, Gpu, GpuProcess, Machine
from suite.core.launch import CautionKind, Launch, Status
from suite.core.matrix import Matrix
from suite.kernels.interface import KernelOptions
from suite.runner.session import Conduct, Neighbours, doubted, labelled, plan_launches, run_session
from suite.runner.stop import Stop

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


def launch(ran_on: str, protocol: Protocol = PROTOCOL, kernel: str = "resnet50") -> Launch:
    measured = Cell(
        mode=Mode.INFERENCE,
        precision=Precision.FP32,
        xla=False,
        batch_size=8,
        kernel=KernelName(kernel),
    )
    return Launch(
        cell=measured,
        protocol=protocol,
        launch=0,
        status=Status.OK,
        step_seconds=(0.1, 0.1),
        conditions={"device_type": ran_on},
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


@pytest.mark.parametrize(
    ("machine", "ran_on", "words"),
    [
        (WITH_T4, "CPU", "ran on the CPU although Tesla T4 is there"),
        (CPU_ONLY, "GPU", "ran on a GPU that NVML does not show (no NVIDIA driver)"),
    ],
)
def test_a_launch_on_another_device_than_its_label_is_invalid(
    machine: Machine, ran_on: str, words: str
) -> None:
    """No number carries the name of a device that did not run it."""
    record = labelled(launch(ran_on), machine, matrix(cell(8)))

    assert record.status is Status.INVALID
    assert words in record.reason


def test_the_label_is_the_device_that_ran() -> None:
    """A launch where it was expected has the label and no doubt attached."""
    record = labelled(launch("GPU"), WITH_T4, matrix(cell(8), device="t4"))

    assert (record.status, record.device, record.cautions) == (Status.OK, "Tesla T4", ())


@pytest.mark.parametrize(
    ("record", "device", "kinds"),
    [
        (launch("CPU"), "t4", [CautionKind.OTHER_DEVICE]),
        (launch("CPU", quick_protocol(PROTOCOL)), None, [CautionKind.QUICK]),
        (launch("", kernel="simulated"), "t4", [CautionKind.SIMULATED]),
    ],
)
def test_doubts_are_attached_to_the_number(
    record: Launch, device: str | None, kinds: list[CautionKind]
) -> None:
    """Another device, a quick protocol and a simulated kernel are told beside the number."""
    cautions = labelled(record, CPU_ONLY, matrix(cell(8), device=device)).cautions

    assert [caution.kind for caution in cautions] == kinds
    assert all("use" in caution.text or "run" in caution.text for caution in cautions)


STRANGER = GpuProcess(pid=4711, name="python", memory_bytes=2**31)


def test_strangers_on_the_gpu_are_named_beside_the_number() -> None:
    """Whoever was there right before or right after the launch is told once, with its memory."""
    (caution,) = doubted(launch("GPU"), (), [((STRANGER,),), ((STRANGER,),)]).cautions

    assert caution.kind is CautionKind.FOREIGN_PROCESS
    assert "also on the GPU: python (process 4711, 2.0 GiB); end it" in caution.text


def test_strangers_on_another_gpu_are_no_doubt() -> None:
    """A launch on one GPU does not care who computes on the next."""
    assert doubted(launch("GPU"), (), [((), (STRANGER,)), ((), ())]).cautions == ()


def test_only_launches_with_a_stranger_beside_them_are_marked(tmp_path: Path) -> None:
    """GPUs are looked at before the first and after each launch, so each has both its sides."""
    seen: Iterator[Neighbours] = iter([[()], [()], [(STRANGER,)], [()], [()]])
    simulated = [replace(cell(size), kernel=KernelName.SIMULATED) for size in (1, 2, 3, 4)]
    protocol = Protocol(warmup_steps=0, measured_steps=1)
    mine = matrix(*simulated, protocol=protocol)
    (tmp_path / "cells").mkdir()
    launches = run_session(
        plan_launches(mine, CPU_ONLY),
        mine,
        KernelOptions(),
        CPU_ONLY,
        tmp_path,
        lambda *_: None,
        Conduct(stop=Stop(), neighbours=lambda: next(seen)),
    )
    marked = [
        any(caution.kind is CautionKind.FOREIGN_PROCESS for caution in done.cautions)
        for done in launches
    ]

    assert marked == [False, True, True, False]


def test_what_an_earlier_part_of_the_run_proved_still_prunes(tmp_path: Path) -> None:
    """A resumed run does not try again what is known not to fit, and says which cell proved it."""
    small, large = (replace(cell(size), kernel=KernelName.SIMULATED) for size in (1, 2))
    mine = matrix(large, protocol=Protocol(warmup_steps=0, measured_steps=1))
    full = replace(launch("GPU"), cell=small, status=Status.OUT_OF_MEMORY)
    (tmp_path / "cells").mkdir()
    conduct = Conduct(stop=Stop(), earlier=(full,))
    planned = plan_launches(mine, CPU_ONLY)
    options = KernelOptions()
    (done,) = run_session(planned, mine, options, CPU_ONLY, tmp_path, lambda *_: None, conduct)

    assert done.status is Status.SKIPPED
    assert done.reason.startswith(f"{small.id} ran out of memory")
