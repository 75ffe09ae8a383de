"""Faults put into real runs with the simulated kernel: nothing finished is lost, nothing stays.

One module, so that every fault is met by the same three checks: what ended before it is intact,
the exit code is the documented one, and no process is left behind.
"""

import fcntl
import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
# Python imports sitecustomize by itself, so faults reach the real worker from outside. A fault is
# code that runs in a method of the kernel, or in the worker's answer, for one batch size.
PATCH = """
import os, signal, sys, time
from pathlib import Path
from suite.kernels import interface, simulated
from suite.runner import channel
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
for name in ("compile", "step", "conditions"):
    patched(simulated.SimulatedKernel, name, lambda self: self.batch)
import json
patched(channel.Sender, "result", lambda self, text: json.loads(text)["cell"]["batch_size"])
"""
REACHED = "(FOLDER / 'reached').touch(); "
HANG = REACHED + "time.sleep(600)"
# Steps slow enough to be met while they run: the first is warm-up.
SLOW_WARM_UP = REACHED + "time.sleep(0.1)"
SLOW_MEASURING = (
    "(FOLDER / 'reached').touch() if self.calls['step'] > 4 else None; time.sleep(0.06)"
)


class Bench:
    """`bench.py run` on a small matrix in a folder of its own, with or without faults."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self.matrix = folder / "mine.yaml"
        self.mark = f"{folder}-{time.monotonic_ns()}"

    def write(self, batches: list[int], protocol: str = "measured_steps: 20") -> None:
        """The matrix: inference in fp32 at these batch sizes, one warm-up step."""
        self.matrix.write_text(
            f"purpose: faults\nkernel: simulated\nprotocol: {{warmup_steps: 1, {protocol}}}\n"
            "axes: {mode: [inference], precision: [fp32], xla: [off],"
            f" batch_size: {batches}}}\n"
        )

    def start(
        self,
        *flags: str,
        faults: dict[tuple[str, int], str] | None = None,
        **options: Any,
    ) -> "subprocess.Popen[str]":
        """Start a run; faults map (method, batch size) to code."""
        environment = {**os.environ, "FAULT_TEST": self.mark}
        if faults:
            code = PATCH.format(faults=faults, folder=str(self.folder))
            (self.folder / "sitecustomize.py").write_text(code)
            environment["PYTHONPATH"] = f"{self.folder}{os.pathsep}{ROOT}"
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "bench.py", "run", str(self.matrix), "--out", str(self.out), *flags],
            cwd=ROOT,
            env=environment,
            text=True,
            start_new_session=True,
            **{**streams, **options},
        )

    def run(self, *flags: str, **options: Any) -> tuple[int, str, str]:
        """A run to its end: exit code, stdout, stderr."""
        return self.end(self.start(*flags, **options))

    def end(self, process: "subprocess.Popen[str]") -> tuple[int, str, str]:
        """Wait for the end of a run, and hold that no process of it is left."""
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
        self.hold_that_nobody_is_left()
        assert "Traceback" not in (err or "")
        return process.returncode, out or "", err or ""

    def hold_that_nobody_is_left(self) -> None:
        """Every process of the run is gone, or goes within moments."""
        for _ in range(200):
            if not self.processes():
                break
            time.sleep(0.05)

        assert not self.processes()

    def processes(self) -> list[int]:
        """The processes that inherited this folder's mark; a corpse is none."""
        found = []
        for process in psutil.process_iter():
            try:
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and process.environ().get("FAULT_TEST") == self.mark:
                    found.append(process.pid)
            except psutil.Error:
                continue
        return found

    def wait_for(self, pattern: str, process: "subprocess.Popen[str]") -> None:
        """Until a file turns up in the folder."""
        for _ in range(1200):
            if list(self.folder.glob(pattern)):
                return
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        raise AssertionError(f"{pattern} never came")

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
        code, _, err = self.run("--resume")
        after = self.records()

        assert code == 0, err
        assert self.statuses() == dict.fromkeys(sorted(batches), "ok")
        assert {batch: after[batch] for batch in before} == before
        assert (max(self.out.iterdir()) / "report.md").exists()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells."""
    made = Bench(tmp_path)
    made.write([1, 2])
    return made


# What happens to the launch of each batch size in one run, and what is to be said of it.
CHILD_FAULTS = {
    1: ("result", "", "ok", ""),
    2: ("step", "os.kill(os.getpid(), signal.SIGKILL)", "crashed", "ended by SIGKILL"),
    3: ("step", "os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "ended by SIGSEGV"),
    4: ("compile", "time.sleep(600)", "timed_out", "no end of startup within 3 s"),
    5: ("step", "time.sleep(600)", "timed_out", "no end of warm-up step 1 within 1 s"),
    6: (
        "step",
        "time.sleep(600 * (self.calls['step'] > 1))",
        "timed_out",
        "no end of measuring step 1 within 1 s",
    ),
    7: ("result", "os.write(self._descriptor, b'garbage\\n')", "crashed", "unreadable answer"),
    8: (
        "result",
        'os.write(self._descriptor, b\'{"result": "ha\'); os._exit(0)',
        "crashed",
        "exited with code 0 without an answer",
    ),
    9: ("step", "print('x' * 1_000_000)", "ok", ""),
    10: (
        "conditions",
        "raise interface.InvalidLaunchError('the loss is nan')",
        "invalid",
        "the loss is nan",
    ),
    11: (
        "step",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); bytes(2**31)",
        "out_of_memory",
        "MemoryError",
    ),
    12: ("result", "", "skipped", "inference-fp32-bs11-1gpu-simulated ran out of memory"),
}


@pytest.fixture(scope="module")
def faulty_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, int]:
    """One run in which nearly every launch meets a fault of its own, and its exit code."""
    bench = Bench(tmp_path_factory.mktemp("faulty"))
    limits = "measured_steps: 4, startup_timeout_seconds: 3, step_timeout_seconds: 1"
    bench.write(list(CHILD_FAULTS), limits)
    faults = {(method, batch): code for batch, (method, code, _, _) in CHILD_FAULTS.items()}
    code, _, _ = bench.run(faults=faults)
    return bench, code


@pytest.mark.parametrize("batch", CHILD_FAULTS)
def test_a_fault_in_a_launch_is_its_own_record(faulty_run: tuple[Bench, int], batch: int) -> None:
    """Each launch has the status of its own fault, whatever happened to those around it."""
    bench, code = faulty_run
    record = bench.records()[batch]
    _, _, status, words = CHILD_FAULTS[batch]

    assert (record["status"], code) == (status, 3)
    assert words in record["reason"]


def test_failures_stay_on_resume_unless_retried(faulty_run: tuple[Bench, int]) -> None:
    """--resume leaves what failed, --retry-failed runs it again, and the good stay as they are."""
    bench, _ = faulty_run
    before = bench.records()
    left, printed, _ = bench.run("--resume")
    untouched = bench.records()
    retried, _, _ = bench.run("--resume", "--retry-failed")
    after = bench.records()

    assert (left, retried) == (3, 0)
    assert "nothing was missing" in printed
    assert untouched == before
    assert set(bench.statuses().values()) == {"ok"}
    assert (after[1], after[9]) == (before[1], before[9])


def test_no_prune_tries_what_a_smaller_batch_could_not(bench: Bench) -> None:
    """A larger batch runs all the same where the user wants to see it."""
    code, _, _ = bench.run("--no-prune", faults={("step", 1): "raise MemoryError('full')"})

    assert code == 3
    assert bench.statuses() == {1: "out_of_memory", 2: "ok"}


def test_a_crash_prunes_nothing(bench: Bench) -> None:
    """Only a classified lack of memory speaks for larger batches."""
    bench.run(faults={("step", 1): "os.kill(os.getpid(), signal.SIGKILL)"})

    assert bench.statuses() == {1: "crashed", 2: "ok"}


@pytest.mark.parametrize(
    ("method", "fault", "kept"),
    [
        ("__init__", HANG, (0, 0)),
        ("compile", HANG, (0, 0)),
        ("step", SLOW_WARM_UP, (1, 0)),
        ("step", SLOW_MEASURING, (1, 4)),
    ],
    ids=["build", "compile", "warm-up", "measuring"],
)
def test_a_first_ctrl_c_ends_in_good_order(
    bench: Bench, method: str, fault: str, kept: tuple[int, int]
) -> None:
    """The present step is finished, its samples and those before are kept, and a report is made."""
    process = bench.start(faults={(method, 2): fault})
    bench.wait_for("reached", process)
    process.send_signal(signal.SIGINT)
    code, printed, said = bench.end(process)
    record = bench.records()[2]
    warm_up, measured = len(record["warmup_seconds"]), len(record["step_seconds"])

    assert code == 130
    assert bench.statuses() == {1: "ok", 2: "interrupted"}
    assert record["reason"].startswith("stopped by Ctrl-C ")
    assert (warm_up, measured) >= kept
    assert measured < 20
    assert "Ctrl-C again ends at once" in said
    assert "not finished (stopped by Ctrl-C): 1 of 2 launches; what is finished stays" in printed
    assert list(bench.out.glob("*/report.md"))
    bench.hold_that_resume_completes(1, 2)


def test_sigterm_is_as_orderly(bench: Bench) -> None:
    """A batch system's SIGTERM stops a run as a first Ctrl-C does, also when it comes twice."""
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    code, _, _ = bench.end(process)

    assert code == 130
    assert len(bench.records()[2]["step_seconds"]) >= 4
    bench.hold_that_resume_completes(1, 2)


def test_a_lost_terminal_costs_nothing(bench: Bench) -> None:
    """When the terminal goes, the live line included, the run ends in good order."""
    master, slave = pty.openpty()
    process = bench.start(
        faults={("step", 2): SLOW_MEASURING},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    bench.wait_for("reached", process)
    os.close(master)
    code, _, _ = bench.end(process)

    assert code == 130
    assert bench.records()[2]["reason"].startswith("stopped by the end of its terminal after ")
    assert list(bench.out.glob("*/report.md"))
    bench.hold_that_resume_completes(1, 2)


def test_a_second_ctrl_c_ends_at_once(bench: Bench) -> None:
    """A step that never ends does not hold the user up."""
    process = bench.start(faults={("step", 2): HANG})
    bench.wait_for("reached", process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "again" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    code, _, _ = bench.end(process)

    assert code == 130
    assert bench.records()[2]["reason"] == "stopped by a second Ctrl-C"
    bench.hold_that_resume_completes(1, 2)


@pytest.mark.parametrize("method", ["compile", "step"])
def test_a_killed_parent_leaves_its_records_and_no_worker(bench: Bench, method: str) -> None:
    """A kill -9 of the runner ends a worker that hangs too, and the run can be resumed."""
    process = bench.start(faults={(method, 2): HANG})
    bench.wait_for("reached", process)
    process.send_signal(signal.SIGKILL)
    code, _, _ = bench.end(process)

    assert code == -signal.SIGKILL
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB; skipped where mounting is not permitted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_a_reason_to_resume(small_disk: Path) -> None:
    """What ended before stays readable, and with room again the rest is run."""
    bench = Bench(small_disk)
    bench.write([1, 2])
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    ballast = small_disk / "ballast"
    ballast.touch()
    with suppress(OSError):
        while True:
            with ballast.open("ab", buffering=0) as file:
                file.write(bytes(4096))
    code, _, said = bench.end(process)
    ballast.unlink()

    assert code == 3
    assert_one_line(said, "cannot be written (No space left on device); what is finished stays")
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


def test_a_file_size_limit_is_told_like_a_full_disk(bench: Bench) -> None:
    """The same promise where no small disk can be mounted."""
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    code, _, said = bench.end(process)

    assert code == 3
    assert_one_line(said, "cannot be written (File too large); what is finished stays")
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "the run directory was removed; start a new run"),
        (lambda directory: (directory / "cells").rename(directory / "gone"), "what is finished"),
    ],
    ids=["run directory", "cells"],
)
def test_a_removed_directory_is_one_line(
    bench: Bench, damage: Callable[[Path], object], words: str
) -> None:
    """Losing the place of the records ends the run with its name and what to do."""
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    damage(next(bench.out.iterdir()))
    code, _, said = bench.end(process)

    assert code == 3
    assert_one_line(said, words)


def test_an_output_that_cannot_be_written_is_refused_first(bench: Bench) -> None:
    """Nothing is measured that could not be stored."""
    code, _, said = bench.run("--out", "/proc/reports")

    assert code == 2
    assert_one_line(said, "/proc/reports/")
    assert not list(bench.out.iterdir())


@pytest.mark.parametrize("streams", ["closed", "read by nobody"])
def test_lost_output_costs_nothing(bench: Bench, streams: str) -> None:
    """Without anybody to read what it prints, a run is measured, reported and good."""
    if streams == "closed":
        process = bench.start(stdout=None, stderr=None, preexec_fn=close_streams)
    else:
        reader, writer = os.pipe()
        os.close(reader)
        process = bench.start(stdout=writer, stderr=writer)
        os.close(writer)
    code, _, _ = bench.end(process)

    assert code == 0
    assert bench.statuses() == {1: "ok", 2: "ok"}
    assert list(bench.out.glob("*/report.md"))


def close_streams() -> None:
    for descriptor in range(3):
        os.close(descriptor)


def assert_one_line(said: str, words: str) -> None:
    """The error is the only one, on a line of its own, with these words."""
    errors = [line for line in said.splitlines() if "error" in line.lower()]

    assert len(errors) == 1
    assert errors[0].startswith("error: ")
    assert words in errors[0]
