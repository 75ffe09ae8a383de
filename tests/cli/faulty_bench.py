"""Real runs of the simulated kernel with faults put into them, for the tests of faults.

Every fault is met by the same checks: what ended before it is intact, the exit code is the
documented one, and no process is left behind.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from commands import bench
from waiting import wait_until

ROOT = Path(__file__).parents[2]
# Python imports sitecustomize by itself, so faults reach the real worker from outside. A fault is
# code that runs in a method of the kernel, in the worker's answer, or at its very start, for one
# batch size.
PATCH = """
import os, signal, sys, time
from pathlib import Path
from suite.model.distributed import rank_of
from suite.kernels import interface
from suite.kernels import simulated
from suite.run import channel, timing
RANK = rank_of(os.environ).index
FAULTS = {faults!r}
FOLDER = Path({folder!r})
def patched(owner, name, batch_of):
    real = getattr(owner, name)
    def method(self, *arguments):
        self.calls = {{**getattr(self, "calls", {{}})}}
        self.calls[name] = self.calls.get(name, 0) + 1
        batch = batch_of(self, *arguments)
        exec(FAULTS.get((name, batch), ""), globals(), {{"self": self, "batch": batch}})
        return real(self, *arguments)
    setattr(owner, name, method)
def remembered(self, cell, options):
    self.batch = cell.batch_size
    return self.batch
patched(simulated.SimulatedKernel, "__init__", remembered)
for name in ("compile", "step", "facts"):
    patched(simulated.SimulatedKernel, name, lambda self: self.batch)
import json
patched(channel.Sender, "result", lambda self, text: json.loads(text)["cell"]["batch_size"])
def held():  # until the launch is asked to stop, or the test says `go`, but not for ever
    (FOLDER / f"reached-{{RANK}}").touch()
    for _ in range(10_000):
        if asked_to_stop() or (FOLDER / "go").exists():
            return
        time.sleep(0.01)
def time_steps(*arguments, **options):
    global asked_to_stop
    asked_to_stop = options["should_stop"]
    return real_time_steps(*arguments, **options)
real_time_steps, timing.time_steps = timing.time_steps, time_steps
if "--order" in sys.orig_argv:
    order = json.loads(sys.orig_argv[sys.orig_argv.index("--order") + 1])
    batch = order["cell"]["batch_size"]
    exec(FAULTS.get(("start", batch), ""))
if "bench.py" in sys.orig_argv:  # the runner, which tells when it has heard of a rank's first step
    from suite.run.ranks.monitor import RankMonitor
    real_take = RankMonitor._take
    def take(self, rank, line):
        real_take(self, rank, line)
        if rank.progress.total:
            (FOLDER / f"heard-{{self._order.cell.batch_size}}-{{rank.index}}").touch()
    RankMonitor._take = take
"""
REACHED = "(FOLDER / f'reached-{RANK}').touch(); "
HANG = REACHED + "time.sleep(600)"
# A step that is met while it runs, however slow the machine: the first is warm-up.
HELD_WARM_UP = "held()"
HELD_MEASURING = "held() if self.calls['step'] == 5 else None"


def of_rank(rank: int, code: str) -> str:
    """A fault of one rank; the others know nothing of it."""
    return f"exec({code!r}) if RANK == {rank} else None"


class Bench:
    """`bench.py run` on a small matrix in a folder of its own, with or without faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self.matrix = folder / "mine.yaml"
        self.mark = f"{folder}-{time.monotonic_ns()}"

    def write(
        self, batches: list[int], protocol: str = "measured_steps: 20", *, ranks: int = 1
    ) -> None:
        """The matrix: cells in fp32 at these batch sizes, one warm-up step.

        One rank is inference, several are training under mpirun.
        """
        mode = "training" if ranks > 1 else "inference"
        self.matrix.write_text(
            f"purpose: faults\nkernel: simulated\nprotocol: {{warmup_steps: 1, {protocol}}}\n"
            f"axes: {{mode: [{mode}], precision: [fp32], xla: [off], gpus: [{ranks}],"
            f" batch_size: {batches}}}\n"
            "distributed: {launcher: mpirun, bind_to: none, environment: [FAULT_TEST]}\n"
        )

    def start(
        self,
        *flags: str,
        faults: dict[tuple[str, int], str] | None = None,
        mark: str = "",
        paths: tuple[Path, ...] = (),
        verb: str = "run",
        **options: Any,
    ) -> "subprocess.Popen[str]":
        """Start a run; faults map (method, batch size) to code, `mark` tells it from others.

        Python looks for modules in `paths` first.
        """
        environment = {**os.environ, "FAULT_TEST": self.mark + mark}
        if faults:
            code = PATCH.format(faults=faults, folder=str(self.folder))
            (self.folder / "sitecustomize.py").write_text(code)
            paths = (self.folder,)
        if paths:
            environment["PYTHONPATH"] = os.pathsep.join(map(str, [*paths, ROOT]))
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "bench.py", verb, str(self.matrix), "--out", str(self.out), *flags],
            cwd=ROOT,
            env=environment,
            text=True,
            start_new_session=True,
            **{**streams, **options},
        )

    def run(self, *flags: str, **options: Any) -> tuple[int, str, str]:
        """A run to its end: exit code, stdout, stderr."""
        return self.end(self.start(*flags, **options))

    def killed_in_the_second_cell(self) -> "subprocess.Popen[str]":
        """A run that was killed while its second cell hung, so that one cell is missing."""
        process = self.start(faults={("step", 2): HANG})
        self.wait_for("reached-0", process)
        process.kill()
        (self.folder / "reached-0").unlink()
        return process

    def end(self, process: "subprocess.Popen[str]", mark: str = "") -> tuple[int, str, str]:
        """Wait for the end of a run, and hold that no process of it is left."""
        try:
            out, err = process.communicate()
        finally:
            process.kill()
        self.hold_that_nobody_is_left(mark)
        assert "Traceback" not in (err or "")
        return process.returncode, out or "", err or ""

    def hold_that_nobody_is_left(self, mark: str = "") -> None:
        """Every process of the run is gone, or goes within moments."""
        wait_until(lambda: not self.processes(mark))

    def processes(self, mark: str = "") -> list[int]:
        """The processes that inherited this folder's mark; a corpse is none."""
        found = []
        for process in psutil.process_iter():
            try:
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and process.environ().get("FAULT_TEST") == self.mark + mark:
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    def wait_for(self, pattern: str, process: "subprocess.Popen[str]") -> None:
        """Until a file turns up in the folder."""
        wait_until(lambda: any(self.folder.glob(pattern)), process)

    def go_on(self) -> None:
        """Let a step end that is held."""
        (self.folder / "go").touch()

    def hear_that_it_stops(self, process: "subprocess.Popen[str]") -> None:
        """Until the run says that it has heard a first Ctrl-C, and what a second one does."""
        assert process.stderr is not None
        while "again" not in process.stderr.readline():
            assert process.poll() is None

    def records(self) -> dict[int, dict[str, Any]]:
        """The records of the newest run by batch size; each must be whole."""
        directory = max(self.out.iterdir())
        found = (json.loads(path.read_text()) for path in directory.glob("cells/*.json"))
        return {record["cell"]["batch_size"]: record for record in found}

    def statuses(self) -> dict[int, str]:
        return {batch: record["status"] for batch, record in sorted(self.records().items())}

    def hold_that_resume_completes(self, *batches: int) -> None:
        """Without the fault, --resume runs what is missing and leaves what is finished."""
        before = {
            batch: record for batch, record in self.records().items() if record["status"] == "ok"
        }
        flags = ("--out", self.out, "--resume")
        done = bench("run", self.matrix, *flags, cwd=ROOT, FAULT_TEST=self.mark)
        self.hold_that_nobody_is_left()
        after = self.records()

        assert done.returncode == 0, done.stderr
        assert self.statuses() == dict.fromkeys(sorted(batches), "ok")
        assert {batch: after[batch] for batch in before} == before
        assert (max(self.out.iterdir()) / "report.md").exists()


def bench_of_two_cells(folder: Path) -> Bench:
    """A bench in a folder, with a matrix of two cells."""
    made = Bench(folder)
    made.write([1, 2])
    return made


def assert_one_line(said: str, words: str) -> None:
    """The error is the only one, on a line of its own, with these words."""
    errors = [line for line in said.splitlines() if "error" in line.lower()]

    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert words in errors[0]
