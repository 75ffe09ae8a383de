"""Inside an allocation of Slurm: ranks are started by srun, here a stand-in for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MATRIX = """\
purpose: ranks in an allocation
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 5}
axes: {mode: [training], precision: [fp32], xla: [off], gpus: [1, 2], batch_size: [2]}
distributed: {bind_to: none}
"""
# Takes only the options that are meant for it, and sets what Slurm 22.05 sets in a step.
SRUN = """\
#!{python}
import argparse, os, subprocess, sys
parser = argparse.ArgumentParser()
for option in ("--ntasks", "--mpi", "--kill-on-bad-exit", "--export", "--cpu-bind"):
    parser.add_argument(option, required=True)
parser.add_argument("command", nargs=argparse.REMAINDER)
given = parser.parse_args()
assert (given.export, os.environ["SLURM_OVERLAP"]) == ("ALL", "1")
ranks = [
    subprocess.Popen(
        given.command,
        env={{
            **os.environ,
            "SLURM_PROCID": str(rank),
            "SLURM_STEP_NUM_TASKS": given.ntasks,
            "SLURM_LOCALID": str(rank),
            "SLURM_STEP_TASKS_PER_NODE": given.ntasks,
            "SLURM_NODEID": "0",
        }},
    )
    for rank in range(int(given.ntasks))
]
sys.exit(max(rank.wait() for rank in ranks))
"""
# A shell that srun itself has started: a step with two tasks, of which the run is one.
IN_A_STEP = {
    "SLURM_JOB_ID": "7",
    "SLURM_PROCID": "0",
    "SLURM_STEP_NUM_TASKS": "2",
    "SLURM_LOCALID": "0",
    "SLURM_STEP_TASKS_PER_NODE": "2",
    "SLURM_NODEID": "0",
}


def test_ranks_are_started_by_srun(tmp_path: Path) -> None:
    """Two ranks under srun are one launch; a cell of one GPU stays that cell, also in a step."""
    (tmp_path / "srun").write_text(SRUN.format(python=sys.executable))
    (tmp_path / "srun").chmod(0o755)
    matrix = tmp_path / "mine.yaml"
    matrix.write_text(MATRIX)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "bench.py", "run", str(matrix), "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, **IN_A_STEP, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    records = [json.loads(path.read_text()) for path in tmp_path.glob("out/*/cells/*.json")]
    one, two = sorted(records, key=lambda record: record["cell"]["gpus"])

    assert done.returncode == 0, done.stdout + done.stderr
    assert (one["status"], one["cell"]["gpus"], one["ranks"]) == ("ok", 1, [])
    assert (two["status"], two["cell"]["gpus"], two["started_by"]) == ("ok", 2, "srun")
    assert [rank["rank"] for rank in two["ranks"]] == [0, 1]
    assert "1 by srun" in done.stdout
