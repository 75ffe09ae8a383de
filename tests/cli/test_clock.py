"""A wall clock that jumps: durations, deadlines and records are those of the monotonic clock."""

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# The runner, its fork server and each worker read a clock that leaps three hours to and fro, ten
# times a second, as badly set clocks and time servers make it do once. The batch of 2 hangs.
PATCH = """
import datetime, time
real_time, real_datetime = time.time, datetime.datetime
def off():
    return 10800 if int(time.monotonic() * 10) % 2 else -10800
class Jumping(real_datetime):
    @classmethod
    def now(cls, tz=None):
        return real_datetime.now(tz) + datetime.timedelta(seconds=off())
datetime.datetime = Jumping
time.time = lambda: real_time() + off()
time.time_ns = lambda: int(time.time() * 1e9)
from suite.kernels import simulated
step = simulated.SimulatedKernel.step
def hanging(self):
    time.sleep(600 * (self.batch == 2))
    step(self)
init = simulated.SimulatedKernel.__init__
def remembering(self, cell, options):
    self.batch = cell.batch_size
    init(self, cell, options)
simulated.SimulatedKernel.__init__, simulated.SimulatedKernel.step = remembering, hanging
"""
MATRIX = """\
purpose: a clock that jumps
kernel: simulated
protocol: {warmup_steps: 2, measured_steps: 30, max_seconds: 600, step_timeout_seconds: 5}
axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [1, 2, 8]}
"""


@pytest.fixture(scope="module")
def jumping(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, float]:
    """A run under such a clock: its directory, what it printed, and the real seconds it took."""
    folder = tmp_path_factory.mktemp("jumping")
    (folder / "sitecustomize.py").write_text(PATCH)
    (folder / "jumps.yaml").write_text(MATRIX)
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "bench.py", "run", str(folder / "jumps.yaml")),
            *("--out", str(folder / "out"), "--max-time", "1h"),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    (directory,) = (folder / "out").iterdir()
    assert done.stderr.count("Traceback") == 0
    return directory, done.stdout, time.monotonic() - began


def records(directory: Path) -> dict[int, dict[str, Any]]:
    found = (json.loads(path.read_text()) for path in directory.glob("cells/*.json"))
    return {record["cell"]["batch_size"]: record for record in found}


def test_the_clock_of_this_test_does_jump(jumping: tuple[Path, str, float]) -> None:
    """The time of day in every file is hours off, or the other tests would show nothing."""
    directory, _, _ = jumping
    said = [json.loads((directory / "run.json").read_text())["started_at"]]
    said += [record["started_at"] for record in records(directory).values()]
    now = datetime.now(timezone.utc)

    assert all(abs((now - datetime.fromisoformat(at)).total_seconds()) > 9000 for at in said)


def test_no_duration_knows_of_it(jumping: tuple[Path, str, float]) -> None:
    """Every recorded time is positive and lies within the real duration of the run."""
    directory, _, real_seconds = jumping
    for record in records(directory).values():
        steps = [*record["warmup_seconds"], *record["step_seconds"]]
        telemetry = record["telemetry"] or {"reading_seconds": 0.001, "seconds": 0.001}
        times = [record["wall_seconds"], telemetry["reading_seconds"], telemetry["seconds"]]

        assert all(0 < seconds < real_seconds for seconds in [*steps, *times])
        assert all(0 <= seconds < real_seconds for seconds in record["startup_seconds"].values())
        assert sum(steps) <= record["wall_seconds"]


def test_deadlines_and_caps_hold_neither_early_nor_late(jumping: tuple[Path, str, float]) -> None:
    """A hang is ended by its deadline; nothing else is ended, truncated or left out."""
    directory, printed, _ = jumping
    found = records(directory)

    assert {batch: record["status"] for batch, record in sorted(found.items())} == {
        1: "ok",
        2: "timed_out",
        8: "ok",
    }
    assert found[2]["reason"] == "warm-up step 1 missed its deadline of 5 s"
    assert found[2]["wall_seconds"] >= 5
    assert [len(found[batch]["step_seconds"]) for batch in (1, 8)] == [30, 30]
    assert "truncated" not in {c["kind"] for r in found.values() for c in r["cautions"]}
    assert "not finished" not in printed
