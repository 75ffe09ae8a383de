"""The main job on the real kernel: TensorFlow in processes of its own, through bench.py."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MATRIX = """\
purpose: the real network on small images
protocol: {warmup_steps: 1, measured_steps: 3}
axes:
  mode: [inference]
  precision: [amp]
  xla: [on]
  batch_size: [2]
  image_size: [64]
include:
  - {mode: training, precision: fp32, xla: off, batch_size: 4}
"""


@pytest.mark.slow
def test_real_cells_are_measured_and_prove_what_ran(tmp_path: Path) -> None:
    """Both modes end ok, with every sample and the facts of the graph that really ran."""
    path = tmp_path / "small.yaml"
    path.write_text(MATRIX)
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench.py"), "run", str(path), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    records = {
        record["cell"]["mode"]: record
        for record in (json.loads(p.read_text()) for p in tmp_path.glob("out/*/cells/*.json"))
    }
    inference, training = records["inference"], records["training"]

    assert done.returncode == 0, done.stdout + done.stderr
    assert inference["status"] == training["status"] == "ok"
    assert len(inference["step_seconds"]) == len(training["step_seconds"]) == 3
    assert inference["conditions"]["compute_type"] in {"bfloat16", "float16"}
    assert inference["conditions"]["xla"] == "jit_compile"
    assert training["conditions"]["compute_type"] == "float32"
    assert training["conditions"]["xla"] == "off"
    assert training["conditions"]["loss"] > 0
    assert "inference-amp-xla-bs2-1gpu-64px" in done.stdout
