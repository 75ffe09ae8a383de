"""suite.cli.estimates: what is expected of a run before its first launch."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run

from suite.cli.estimates import estimate_launches, no_fit_lines
from suite.kernels.interface import KernelOptions
from suite.model.device import Cpu, Gpu, Machine
from suite.run.plan import plan_launches
from suite.store.matrices import read_matrix
from suite.store.references import published_reference

ROOT = Path(__file__).parents[2]
CPU = Cpu(model="", cores=8, physical_cores=8, memory_bytes=2**35, features=())


@pytest.mark.parametrize(
    ("gpu", "source"),
    [
        ("Tesla T4", "the published rate"),
        ("NVIDIA L4", "the published rate of t4, another device"),
    ],
)
def test_the_reference_tells_the_time_before_this_device_has_run(
    tmp_path: Path, gpu: str, source: str
) -> None:
    """Every published cell has an expectation, and says whose it is."""
    matrix = read_matrix(ROOT / "matrices" / "t4_inference.yaml")
    machine = Machine(gpus=(Gpu(index=0, name=gpu, compute_capability=(8, 9)),), cpu=CPU, nvml="")
    found = estimate_launches(
        plan_launches(matrix, machine, KernelOptions()).launches, matrix, machine, tmp_path
    )

    assert {expected.time and expected.time.source for expected in found} == {source}


def test_the_newest_runs_of_this_device_count_among_any_number_of_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs of another device, however new, and damaged ones take no place of this one's."""
    matrix = read_matrix(ROOT / "matrices" / "t4_inference.yaml")
    machine = Machine(gpus=(Gpu(index=0, name="Tesla T4"),), cpu=CPU, nvml="")
    cell = matrix.cells[0]

    def store(name: str, device: str, day: int, step_seconds: float) -> Path:
        launch = make_launch(cell=cell, protocol=matrix.protocol, step_seconds=(step_seconds,))
        started_at = f"2026-01-{day:02}T00:00:00+00:00"
        run = make_run(
            launch, device=device, gpu=device, protocol=matrix.protocol, started_at=started_at
        )
        (path,) = (store_run(tmp_path / name, run) / "cells").iterdir()
        return path

    store("z-first", "Tesla T4", 1, 9.0)
    store("a-last", "Tesla T4", 2, 0.5)
    for day in range(3, 10):
        store(f"of another {day}", "Tesla V100", day, 7.0)
    store("zz-damaged", "Tesla T4", 11, 8.0).write_text("{}")
    expected = estimate_launches(
        plan_launches(matrix, machine, KernelOptions()).launches, matrix, machine, tmp_path
    )[0].time

    assert expected is not None
    assert expected.source == "an earlier run"
    assert expected.seconds == pytest.approx(0.5 * matrix.protocol.num_iter)
    assert capsys.readouterr().err.startswith(
        f"note: not used for estimates: {tmp_path}/zz-damaged/"
    )


def test_each_type_of_gpu_has_its_own_table_and_memory(tmp_path: Path) -> None:
    """On a machine with two types a T4's cell takes the T4's rate, and must fit in its memory."""
    matrix = read_matrix(ROOT / "matrices" / "published_inference.yaml")
    t4, v100 = (
        Gpu(
            index=index,
            name=name,
            uuid=f"GPU-{index}",
            memory_bytes=size,
            compute_capability=(7, 5),
        )
        for index, (name, size) in enumerate((("Tesla V100-SXM3-32GB", 2**35), ("Tesla T4", 2**31)))
    )
    machine = Machine(gpus=(t4, v100), cpu=CPU, nvml="")
    planned = plan_launches(matrix, machine, KernelOptions()).launches
    found = estimate_launches(planned, matrix, machine, tmp_path)
    seconds = {
        launch.cell: expected.time.seconds
        for launch, expected in zip(planned, found, strict=True)
        if launch.skip_reason is None and expected.time is not None
    }
    small = replace(next(iter(seconds)), batch_size=128)
    slow, fast = (seconds[replace(small, gpu=gpu)] for gpu in ("t4", "dgx2"))
    (line,) = no_fit_lines(planned, found, machine)

    assert len(seconds) == 54
    assert slow > 2 * fast
    assert "(the device has 2.0 GiB)" in line
    assert "-on-t4 (" in line
    assert "-on-dgx2" not in line


@pytest.mark.parametrize(
    ("gpu", "own"), [("Tesla T4", "t4"), ("Tesla V100-SXM2-16GB", "dgx1"), ("NVIDIA L4", None)]
)
def test_a_gpus_own_table_tells_the_time_whatever_the_matrix_names(
    tmp_path: Path, gpu: str, own: str | None
) -> None:
    """`any_gpu.yaml` names one system; a cell that the own system's table has uses that rate."""
    matrix = read_matrix(ROOT / "matrices" / "any_gpu.yaml")
    machine = Machine(gpus=(Gpu(index=0, name=gpu, compute_capability=(8, 9)),), cpu=CPU, nvml="")
    planned = plan_launches(matrix, machine, KernelOptions()).launches
    found = estimate_launches(planned, matrix, machine, tmp_path)
    sources = {
        launch.cell: expected.time and expected.time.source
        for launch, expected in zip(planned, found, strict=True)
    }
    of_own = {cell for cell in sources if own and published_reference(own).find(cell)}

    assert len(of_own) == (27 if own else 0)
    assert {sources[cell] for cell in of_own} <= {"the published rate"}
    others = {source for cell, source in sources.items() if cell not in of_own}
    assert others == {"the published rate of dgxa100, another device", None}
