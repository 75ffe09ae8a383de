"""Real trainings of the simulated kernel, held or ended at a step, for the tests of `train`."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from commands import bench
from waiting import is_alive, wait_until

from suite.model.training_record import Event
from suite.store.training_runs import read_events

ROOT = Path(__file__).parents[2]
# Python imports sitecustomize by itself, so a fault reaches the real worker from outside. It is
# code that runs at the beginning of a step, in which `step` is the number of the step.
PATCH = """
import os, sys, time
from pathlib import Path
FOLDER = Path({folder!r})
def held():  # until the test says `go`, but not for ever
    (FOLDER / "reached").write_text(str(os.getpid()))
    for _ in range(30_000):
        if (FOLDER / "go").exists():
            return
        time.sleep(0.01)
if "--order" in sys.orig_argv:
    from suite.kernels import simulated_training
    from suite.store import checkpoints, training_runs
    real = simulated_training.SimulatedTrainer.step
    def faulty(self):
        step = self.steps_done + 1
        {fault}
        return real(self)
    simulated_training.SimulatedTrainer.step = faulty
    {at_start}
"""


class TrainingBench:
    """`bench.py train` on a recipe, in a folder of its own."""

    def __init__(self, folder: Path, recipe: object = "demo", *always: object) -> None:
        self.folder = folder
        self.recipe = [str(recipe), *map(str, always)]
        self.out = folder / "out"

    def start(
        self, *words: object, fault: str = "pass", at_start: str = "pass"
    ) -> "subprocess.Popen[str]":
        """Begin a training, the leader of a process group of its own."""
        for name in ("reached", "go"):
            (self.folder / name).unlink(missing_ok=True)
        patch = PATCH.format(folder=str(self.folder), fault=fault, at_start=at_start)
        (self.folder / "sitecustomize.py").write_text(patch)
        return subprocess.Popen(
            [
                *(sys.executable, "bench.py", "train", *self.recipe),
                *("--out", str(self.out), *map(str, words)),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def train(self, *words: object, fault: str = "pass", at_start: str = "pass") -> Any:
        """Train to the end: the exit code, and what was printed to either stream.

        The runner is this process, unless a fault is to reach it.
        """
        if fault == at_start == "pass":
            done = bench("train", *self.recipe, "--out", self.out, *words, cwd=ROOT)
            return done.returncode, done.stdout, done.stderr
        process = self.start(*words, fault=fault, at_start=at_start)
        printed, said = process.communicate()
        return process.returncode, printed, said

    def wait_until_held(self, process: "subprocess.Popen[str]") -> int:
        """Wait for the held step; returns the worker's process id."""
        wait_until(lambda: self._reached().isdigit(), process)
        return int(self._reached())

    def _reached(self) -> str:
        path = self.folder / "reached"
        return path.read_text() if path.exists() else ""

    def go_on(self) -> None:
        (self.folder / "go").touch()

    def kill(self, process: "subprocess.Popen[str]") -> None:
        """End the runner's group by SIGKILL; the worker, in a group of its own, ends itself."""
        worker = self.wait_until_held(process)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        wait_until(lambda: not is_alive(worker))

    @property
    def directory(self) -> Path:
        (found,) = self.out.iterdir()
        return found

    def events(self) -> tuple[Event, ...]:
        return read_events(self.directory).events

    def header(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.directory / "training.json").read_text())
        return found

    def files(self) -> dict[str, str]:
        """What the directory holds, by content."""
        return {
            str(path.relative_to(self.directory)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.directory.rglob("*")
            if path.is_file() and path.name != "run.lock"
        }

    def state(self, step: int = 100) -> str:
        """What tells the state after a step from any other."""
        return self.files()[f"checkpoints/{step}.ckpt"]
