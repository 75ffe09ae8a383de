"""`bench.py` on a machine with GPUs of two types: each cell runs on its own, and says so."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake_nvml import NVML

from suite.cli import main
from suite.model.device import Cpu, Gpu, GpuProcess, Machine
from suite.run.locks import hold_devices
from suite.run.plan import decode_plan

ROOT = Path(__file__).parents[2]
MATRIX = """\
purpose: a test
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 3}
axes:
  gpu: [t4, dgx1, NVIDIA H200]
  mode: [inference]
  precision: [fp32]
  xla: [off]
  batch_size: [1]
"""
RANKS = """\
purpose: a test
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [training], gpu: [t4], gpus: [2], precision: [fp32], xla: [off], batch_size: [1]}
distributed: {bind_to: none}
"""
# Every cell is skipped, but only after the devices have been locked.
TF32 = """\
purpose: a test
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [inference], gpu: [t4], precision: [tf32], xla: [off], batch_size: [1]}
"""
CPU = Cpu(model="AMD EPYC", cores=2, physical_cores=2, memory_bytes=2**34, features=())
MIXED = Machine(
    gpus=(
        Gpu(index=0, name="NVIDIA H200", uuid="GPU-h200", compute_capability=(9, 0)),
        Gpu(index=1, name="Tesla T4", uuid="GPU-t4", compute_capability=(7, 5)),
    ),
    cpu=CPU,
    nvml="2 GPUs found",
)


def bench(folder: Path, matrix: str, verb: str, *flags: str) -> "subprocess.CompletedProcess[str]":
    """A verb on a matrix, on a machine with an H200 and two T4."""
    (folder / "pynvml.py").write_text(NVML)
    (folder / "mine.yaml").write_text(matrix)
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    return subprocess.run(
        [sys.executable, "bench.py", verb, str(folder / "mine.yaml"), *flags],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_cell_of_a_run_is_labelled_with_its_own_gpu(tmp_path: Path) -> None:
    """Records name the GPU that ran; the run names both, and a type that is missing is skipped."""
    done = bench(tmp_path, MATRIX, "run", "--out", f"{tmp_path}/out")
    (header,) = tmp_path.glob("out/*/run.json")
    records = [json.loads(path.read_text()) for path in header.parent.glob("cells/*.json")]
    devices = {record["cell"]["gpu"]: record["device"] for record in records}
    reasons = {record["cell"]["gpu"]: record["reason"] for record in records}

    assert done.returncode == 0, done.stderr
    assert devices == {"t4": "Tesla T4", "h200": "NVIDIA H200", "dgx1": ""}
    assert json.loads(header.read_text())["device"] == "NVIDIA H200 and Tesla T4"
    assert reasons["dgx1"] == (
        "needs a GPU of type dgx1, and this machine has NVIDIA H200 (h200), Tesla T4 (t4)"
    )


def test_a_plan_gives_each_cell_its_gpu_as_text_and_as_json(tmp_path: Path) -> None:
    """The printed command runs where the runner would run the cell, and --json says the same."""
    text, plan = bench(tmp_path, MATRIX, "plan"), bench(tmp_path, MATRIX, "plan", "--json")
    launches = decode_plan(plan.stdout, "the plan").launches
    unfolded = text.stdout.replace(" \\\n       ", "").splitlines()
    words = next(line for line in unfolded if "--gpu t4" in line)
    by_hand = subprocess.run(
        ["bash", "-c", words.replace("python -m", f"{sys.executable} -m", 1)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    record = json.loads((tmp_path / f"{launches[0].cell.id}.0.json").read_text())

    assert text.stdout.splitlines()[1] == "on NVIDIA H200 and Tesla T4"
    assert words.strip().startswith(
        "env CUDA_VISIBLE_DEVICES=GPU-t4,GPU-t4b python -m suite.kernels "
    )
    assert [launch.environment.get("CUDA_VISIBLE_DEVICES") for launch in launches] == [
        "GPU-t4,GPU-t4b",
        None,
        "GPU-h200",
    ]
    assert by_hand.returncode == 0, by_hand.stderr
    assert record["device"] == "Tesla T4"


@pytest.mark.mpi
def test_ranks_run_on_gpus_of_one_type(tmp_path: Path) -> None:
    """Each of two ranks sees the two T4 and no other GPU."""
    done = bench(tmp_path, RANKS, "run", "--out", f"{tmp_path}/out")
    (path,) = tmp_path.glob("out/*/cells/*.json")
    seen = sorted(file.read_text() for file in tmp_path.glob("*.seen"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(path.read_text())["device"] == "Tesla T4"
    assert seen == ["GPU-t4,GPU-t4b", "GPU-t4,GPU-t4b", "everything"]


@pytest.mark.parametrize(("held", "code"), [("GPU-t4", 2), ("GPU-h200", 3)])
def test_only_gpus_of_the_named_type_are_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str, code: int
) -> None:
    """Another run on another type of GPU is not in the way; one on this type is (exit 2)."""
    (tmp_path / "mine.yaml").write_text(TF32)
    monkeypatch.setattr("suite.cli.run.detect_machine", lambda: MIXED)
    with hold_devices([held]):
        ended = main(["run", f"{tmp_path}/mine.yaml", "--out", f"{tmp_path}/out"])

    assert ended == code


@pytest.mark.parametrize(("used", "code"), [("GPU-t4", 2), ("GPU-h200", 3)])
def test_only_foreign_processes_on_the_named_type_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: str, code: int
) -> None:
    """--exclusive does not ask for a GPU that no cell runs on to be free."""

    def beside(gpus: Sequence[Gpu]) -> list[tuple[GpuProcess, ...]]:
        foreign = GpuProcess(pid=4711, name="python", memory_bytes=None)
        return [(foreign,) if gpu.uuid == used else () for gpu in gpus]

    (tmp_path / "mine.yaml").write_text(TF32)
    monkeypatch.setattr("suite.cli.run.detect_machine", lambda: MIXED)
    monkeypatch.setattr("suite.cli.run.foreign_processes", beside)

    assert main(["run", f"{tmp_path}/mine.yaml", "--exclusive", "--out", f"{tmp_path}/out"]) == code
