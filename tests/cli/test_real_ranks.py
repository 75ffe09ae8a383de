"""Two real ranks of TensorFlow and Horovod through bench.py: measured, killed, and hung."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.horovod]

ROOT = Path(__file__).parents[2]
RANK_1 = f"rank 1 on {socket.gethostname()}: "
MATRIX = """\
purpose: two real ranks on small images
protocol: {{warmup_steps: 1, measured_steps: 3{limit}}}
axes: {{mode: [training], gpus: [2], precision: [fp32], xla: [off], image_size: [32],
  batch_size: {batches}}}
distributed: {{launcher: {launcher}, bind_to: none}}
threads_per_rank: 1
"""
# Python imports sitecustomize by itself. The second measured step of rank 1 meets the fault of its
# batch size, on its way to the other rank.
FAULTS = """\
import json, os, signal, sys, time
FAULTS = {3: lambda: os.kill(os.getpid(), signal.SIGKILL), 4: lambda: time.sleep(600)}
if "--order" in sys.orig_argv and "suite.kernels" in sys.orig_argv:
    from suite.model.distributed import rank_of
    from suite.run import timing
    order = json.loads(sys.orig_argv[sys.orig_argv.index("--order") + 1])
    batch = order["cell"]["batch_size"]
    real = timing.time_steps
    def time_steps(step, *arguments, **options):
        calls = []
        def faulty():
            calls.append(None)
            if len(calls) == 3 and rank_of(os.environ).index == 1:
                FAULTS.get(batch, lambda: None)()
            step()
        return real(faulty, *arguments, **options)
    timing.time_steps = time_steps
"""


def run(
    folder: Path, launcher: str, batches: list[int], limit: str = ""
) -> tuple[int, dict[int, dict[str, Any]]]:
    """A run of these batch sizes; its exit code, and the folder's records by batch size."""
    (folder / "sitecustomize.py").write_text(FAULTS)
    text = MATRIX.format(launcher=launcher, batches=batches, limit=limit)
    (folder / "ranks.yaml").write_text(text)
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    # A user's Python keeps what it prints to a pipe until there is much of it.
    environment.pop("PYTHONUNBUFFERED", None)
    done = subprocess.run(
        [
            *(sys.executable, "bench.py", "run", str(folder / "ranks.yaml")),
            *("--out", str(folder / "out")),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    records = (json.loads(path.read_text()) for path in folder.glob("out/*/cells/*.json"))
    return done.returncode, {record["cell"]["batch_size"]: record for record in records}


def assert_measured(record: dict[str, Any], launcher: str, control: str) -> None:
    """The record is ok and has all that both ranks measured, and what proves that they did."""
    first, second = (rank["step_seconds"] for rank in record["ranks"])
    conditions = record["conditions"]

    assert record["status"] == "ok", record["reason"]
    assert record["started_by"] == launcher
    assert len(first) == len(second) == 3
    assert first != second
    assert record["step_seconds"] == [max(step) for step in zip(first, second, strict=True)]
    # 161 gradients, and the wish to end.
    assert conditions["all_reduces"] == 162
    assert conditions["horovod_ranks"] == 2
    assert conditions["horovod_control"] == control
    for rank in record["ranks"]:
        assert rank["host"] == socket.gethostname()
        assert len(rank["all_reduce_seconds"]) == 5
        assert min(rank["all_reduce_seconds"]) > 0


def test_ranks_under_mpirun_are_measured_and_named(tmp_path: Path) -> None:
    """One launch is whole, and rank 1 is named where it is killed and where the other waits for it.

    The survivor is aborted, or says that it lost somebody; either way it is not the one to name.
    """
    codes = [run(tmp_path, "mpirun", [2, 3])[0]]
    code, records = run(tmp_path, "mpirun", [4], ", step_timeout_seconds: 20")

    assert [*codes, code] == [3, 3]
    assert_measured(records[2], "mpirun", "MPI")
    assert records[3]["status"] == "crashed"
    assert records[3]["reason"].startswith(f"{RANK_1}ended by SIGKILL")
    assert records[4]["status"] == "timed_out"
    assert records[4]["reason"].startswith(f"{RANK_1}measuring step ")
    assert records[4]["reason"].endswith("missed its deadline of 20 s; the others waited for it")


def test_ranks_under_horovodrun_are_measured_and_named(tmp_path: Path) -> None:
    """The same without MPI: Gloo carries the gradients, and horovodrun says who was killed."""
    code, records = run(tmp_path, "horovodrun", [2, 3])

    assert code == 3
    assert_measured(records[2], "horovodrun", "Gloo")
    assert records[3]["status"] == "crashed"
    assert records[3]["reason"].startswith(f"{RANK_1}ended by SIGKILL")
