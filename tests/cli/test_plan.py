"""`bench.py plan`, and what `run` says of it before it starts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOO_LARGE = """\
purpose: a test
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [training], precision: [fp32], xla: [off], batch_size: [1, 65536]}
"""
RANKS = """\
purpose: a test
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [training], gpus: [2], precision: [fp32], xla: [off], batch_size: [4]}
distributed: {launcher: mpirun, bind_to: none}
"""
NO_TENSORFLOW = "raise ModuleNotFoundError('none', name='tensorflow')\n"


def test_what_will_not_fit_is_said_and_tried(tmp_path: Path) -> None:
    """Plan and run name the cell beforehand, as an estimate; run starts it all the same."""
    (tmp_path / "large.yaml").write_text(TOO_LARGE)
    (tmp_path / "tensorflow.py").write_text(NO_TENSORFLOW)
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    plan, run = (
        subprocess.run(
            [sys.executable, "bench.py", verb, str(tmp_path / "large.yaml"), *flags],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        for verb, flags in (("plan", []), ("run", ["--out", f"{tmp_path}/out"]))
    )
    named = [
        next(line for line in done.stdout.splitlines() if "estimated not to fit in memory" in line)
        for done in (plan, run)
    ]

    assert "2 launches to run, 0 skipped" in plan.stdout
    assert all("training-fp32-bs65536-1gpu (" in line for line in named)
    assert not any("training-fp32-bs1-1gpu" in line for line in named)
    assert named[1].startswith("note: ")
    assert "TensorFlow is not installed" in run.stdout
    assert len(list(tmp_path.glob("out/*/cells/*.json"))) == 2


@pytest.mark.slow
@pytest.mark.horovod
def test_the_command_for_ranks_can_be_pasted(tmp_path: Path) -> None:
    """What plan prints for two ranks runs by hand, and leaves one record with both of them."""
    (tmp_path / "ranks.yaml").write_text(RANKS)
    plan = subprocess.run(
        [sys.executable, "bench.py", "plan", str(tmp_path / "ranks.yaml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (command,) = re.findall(r"^    (\S(?:\\\n|.)*)$", plan.stdout, re.MULTILINE)
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    (path,) = tmp_path.glob("*.json")
    record = json.loads(path.read_text())
    first, second = (rank["step_seconds"] for rank in record["ranks"])

    assert done.returncode == 0, done.stderr
    assert record["status"] == "ok"
    assert record["step_seconds"] == [max(step) for step in zip(first, second, strict=True)]
    assert done.stdout.count("record: ") == 1
