"""The main job on the real kernel: TensorFlow in processes of its own, through bench.py."""

import json
import os
import resource
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


TOO_LARGE = """\
purpose: more memory than there is
protocol: {warmup_steps: 0, measured_steps: 1}
threads_per_rank: 2
axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [256, 512]}
"""


@pytest.mark.slow
def test_a_host_without_memory_is_out_of_memory_however_tensorflow_says_it(tmp_path: Path) -> None:
    """An error, an abort or a step on what was not there: the status is the same, and it prunes."""
    path = tmp_path / "large.yaml"
    path.write_text(TOO_LARGE)
    limit = 4 * 2**30
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench.py"), "run", str(path), "--out", str(tmp_path / "out")],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "MALLOC_ARENA_MAX": "2"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3, done.stderr
    assert "inference-fp32-bs256-1gpu: out of memory: " in done.stdout
    assert "bs512-1gpu: skipped: inference-fp32-bs256-1gpu ran out of memory" in done.stdout
