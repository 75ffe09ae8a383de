"""suite.run.process: however a child ends, its launch has a status and a reason."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_cell, make_order
from waiting import is_alive, wait_until

from suite.model.cell import KernelName, Protocol
from suite.model.launch import CautionKind, Launch, Status
from suite.run.bounded_log import HEAD_BYTES, TAIL_BYTES
from suite.run.channel import Progress
from suite.run.child import Start, start_process
from suite.run.flags import parse_order
from suite.run.forking import Forking
from suite.run.order import encode_order
from suite.run.process import Deadline, run_launch

CELL = make_cell(batch_size=1, kernel=KernelName.SIMULATED)
# Python imports sitecustomize by itself, so a fault can be put into the real worker from outside.
PATCH = """
import os, sys, time
from suite.kernels import interface
from suite.kernels import simulated
from suite.run import channel
class Sender(channel.Sender):
    def __init__(self, descriptor):
        super().__init__(descriptor)
        sys.channel = descriptor
channel.Sender = Sender
def fault(self, *ignored):
    {fault}
simulated.SimulatedKernel.{method} = fault
"""
# The child's steps take what its clock says, whatever else the machine does.
CLOCK = """
import random, time
now, noise, done = 0.0, random.Random(0), 0
time.perf_counter = lambda: now
"""
# The deadline of a step passes during this alone: what has to come before is done in `compile`,
# which has a quarter of an hour for it.
HANG = "; simulated.SimulatedKernel.step = lambda _: time.sleep(600)"


@pytest.fixture(params=["process", "fork"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Both ways in which a launch starts: whatever happens to it, its record is the same."""
    with Forking(tmp_path / "fork_server.log") as forking:
        yield forking.start if request.param == "fork" else start_process


def launch(
    folder: Path,
    start: Start,
    fault: str = "",
    method: str = "step",
    on_progress: Callable[[Progress], None] = lambda _: None,
    before: str = "",
    **limits: Any,
) -> Launch:
    """One launch of the simulated kernel with a fault in one of its methods."""
    environment = dict(os.environ)
    if fault:
        code = before + PATCH.format(fault=fault, method=method)
        (folder / "sitecustomize.py").write_text(code)
        environment["PYTHONPATH"] = str(folder)
    order = make_order(
        cell=CELL, protocol=Protocol(**{"warmup_steps": 1, "measured_steps": 4, **limits})
    )
    return run_launch(order, environment, folder / "worker.log", on_progress, start)


def test_a_good_launch_has_samples_phases_and_little_overhead(tmp_path: Path, start: Start) -> None:
    """The record holds every step, each startup phase, and the life of the process."""
    progress: list[Progress] = []
    done = launch(tmp_path, start, on_progress=progress.append)

    assert done.status is Status.OK
    assert (len(done.warmup_seconds), len(done.step_seconds)) == (1, 4)
    assert set(done.startup_seconds) == {"import", "build", "compile"}
    assert done.telemetry is not None
    assert done.telemetry.steps == 3
    assert done.wall_seconds > done.overhead_seconds > 0
    assert list(dict.fromkeys(item.phase for item in progress)) == [
        "import", "build", "compile", "warm-up", "measuring",
    ]  # fmt: skip


def test_a_long_startup_is_told_again(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever watches sees that a compilation goes on, although it says nothing itself."""
    monkeypatch.setattr("suite.run.process._REPEAT_SECONDS", 0.01)
    told: list[Progress] = []

    def note(progress: Progress) -> None:
        told.append(progress)
        if told.count(Progress("compile")) == 3:
            (tmp_path / "told").touch()

    compile_ = f"while not os.path.exists({str(tmp_path / 'told')!r}): time.sleep(0.01)"
    done = launch(tmp_path, start, compile_, "compile", note, startup_timeout_seconds=60)

    assert done.status is Status.OK


def test_a_long_step_is_not(tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """No timer wakes the runner beside a step that is measured."""
    monkeypatch.setattr("suite.run.process._REPEAT_SECONDS", 0.01)
    progress: list[Progress] = []
    # Steps of more than half a second are told one by one.
    launch(tmp_path, start, "time.sleep(0.6)", "step", progress.append, measured_steps=1)

    assert [item for item in progress if item.phase == "measuring"] == [
        Progress("measuring", 0, 1),
        Progress("measuring", 1, 1),
    ]


def test_steps_that_change_are_marked_unsteady_and_kept(tmp_path: Path, start: Start) -> None:
    """A launch whose steps become slower keeps its number, with the reason and the remedy."""
    slower = (
        "global now, done; done += 1;"
        " now += (0.01 if done > 32 else 0.005) * noise.uniform(0.99, 1.01)"
    )
    done = launch(tmp_path, start, slower, before=CLOCK, measured_steps=60)

    assert done.status is Status.OK
    assert len(done.step_seconds) == 60
    assert [caution.kind for caution in done.cautions] == [CautionKind.UNSTEADY]
    assert "slower at once, near step 32; look for throttling" in done.cautions[0].text


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("os.kill(os.getpid(), 11)", Status.CRASHED, "ended by SIGSEGV"),
        ("os.kill(os.getpid(), 9)", Status.CRASHED, "ended by SIGKILL ("),
        ("os._exit(7)", Status.CRASHED, "exited with code 7 without a result"),
        ("raise RuntimeError('no luck')", Status.CRASHED, "RuntimeError: no luck"),
        ("raise MemoryError('full')", Status.OUT_OF_MEMORY, "MemoryError: full"),
        (
            "raise RuntimeError('CUDA_ERROR_OUT_OF_MEMORY: failed to allocate')",
            Status.OUT_OF_MEMORY,
            "CUDA_ERROR_OUT_OF_MEMORY",
        ),
        ("raise interface.InvalidLaunchError('nan')", Status.INVALID, "nan"),
        ("raise interface.MissingComponentError('no DALI')", Status.SKIPPED, "no DALI"),
        ("os.write(sys.channel, b'garbage\\n')", Status.CRASHED, "unreadable result"),
        ("os.write(sys.channel, b'[' * 9999 + b'\\n')", Status.CRASHED, "unreadable result"),
        ("os.write(sys.channel, b'{\"half'); os._exit(0)", Status.CRASHED, "exited with"),
    ],
)
def test_every_end_is_a_status_with_a_reason(
    tmp_path: Path, start: Start, fault: str, status: Status, words: str
) -> None:
    """Signals, exits, exceptions and nonsense on the channel are told apart."""
    done = launch(tmp_path, start, fault)

    assert done.status is status
    assert words in done.reason


# What a worker does to its own record -> what is said of it.
FALSE_RECORDS = {
    "replace(launch, step_seconds=(1e-12,))": "its record: step_seconds[0]: input should",
    "replace(launch, step_seconds=())": "its record: step_seconds: none, but the status is ok",
    "replace(launch, step_seconds=(0.1,) * 5)": "its record: step_seconds: 5",
    "replace(launch, protocol=longer, step_seconds=(0.1,) * 5)": "its record: was measured by",
    "replace(launch, wall_seconds=float('nan'))": "its record: wall_seconds: is not a finite",
    "replace(launch, conditions=Facts(loss=float('inf')))": "its record: conditions.loss: is not a",
    "replace(launch, launch=7)": "its record: is that of inference-fp32-bs1-1gpu-simulated, launch",
}


@pytest.mark.parametrize("change", FALSE_RECORDS)
def test_a_record_that_cannot_be_true_is_a_crashed_launch(tmp_path: Path, change: str) -> None:
    """No worker's number is taken that the run could not be read back with."""
    (tmp_path / "sitecustomize.py").write_text(
        "from dataclasses import replace\n"
        "import suite.run.worker as worker\n"
        "from suite.model.facts import Facts\n"
        "execute = worker.execute\n"
        "def changed(*given):\n"
        "    launch = execute(*given)\n"
        "    longer = replace(launch.protocol, measured_steps=5)\n"
        f"    return {change}\n"
        "worker.execute = changed\n"
    )
    order = make_order(cell=CELL, protocol=Protocol(warmup_steps=1, measured_steps=4))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = run_launch(order, environment, tmp_path / "worker.log", lambda _: None)

    assert done.status is Status.CRASHED
    assert done.reason.startswith(f"unreadable result: {FALSE_RECORDS[change]}")
    assert done.step_seconds == ()


@pytest.mark.parametrize(
    ("kills", "status", "words"),
    [
        ((3, 4), Status.OUT_OF_MEMORY, "the system's out-of-memory killer)"),
        ((3, 3), Status.CRASHED, "a person or another program)"),
        ((None, None), Status.CRASHED, "the system's out-of-memory killer, or a person)"),
    ],
)
def test_a_kill_for_lack_of_memory_is_told_from_any_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kills: tuple[int | None, int | None],
    status: Status,
    words: str,
) -> None:
    """The system counts its kills; where it does not, the reason leaves both open."""
    counts = iter(kills)
    monkeypatch.setattr("suite.run.process.oom_kills", lambda: next(counts))
    done = launch(tmp_path, start_process, "os.kill(os.getpid(), 9)")

    assert done.status is status
    assert done.reason.endswith(f"ended by SIGKILL ({words}")


BAD_ALLOC = "terminate called after throwing an instance of 'std::bad_alloc'"
EXHAUSTED = "cuda_driver.cc:1002] failed to alloc 2.5GiB: out of memory"


@pytest.mark.parametrize(
    ("said", "number", "status"),
    [
        ([BAD_ALLOC, "what()"], signal.SIGABRT, Status.OUT_OF_MEMORY),
        ([EXHAUSTED], signal.SIGSEGV, Status.OUT_OF_MEMORY),
        ([EXHAUSTED, "and others"], signal.SIGSEGV, Status.OUT_OF_MEMORY),
        ([EXHAUSTED, "1", "2", "3"], signal.SIGSEGV, Status.CRASHED),
        ([EXHAUSTED], signal.SIGTERM, Status.CRASHED),
    ],
)
def test_a_death_for_lack_of_memory_is_out_of_memory(
    tmp_path: Path, start: Start, said: list[str], number: int, status: Status
) -> None:
    """C++ and oneDNN take the process with them, and only their last words tell why."""
    words = "\n".join(said)
    fault = f"sys.stderr.write({words!r}); sys.stderr.flush(); os.kill(os.getpid(), {int(number)})"
    # A worker that measures finishes its step at SIGTERM, so this one is still compiling.
    done = launch(tmp_path, start, fault, "compile")

    assert done.status is status
    assert done.reason == f"ended by {signal.Signals(number).name}; last output: {said[-1]}"


@pytest.mark.parametrize(
    ("fault", "first", "last"),
    [
        ("raise RuntimeError('no luck')", "Traceback", "RuntimeError: no luck"),
        ("[print(n, flush=True) for n in range(99)]; os.kill(os.getpid(), 11)", "74", "98"),
        ("print('busy', flush=True)" + HANG, "busy", "busy"),
    ],
    ids=["traceback", "signal", "hang"],
)
def test_the_record_of_a_failure_keeps_the_last_lines(
    tmp_path: Path, start: Start, fault: str, first: str, last: str
) -> None:
    """Whoever has the record alone can see what the process said before its end."""
    limits: dict[str, Any] = {"step_timeout_seconds": 0.2} if HANG in fault else {}
    said = launch(tmp_path, start, fault, "compile", **limits).output_tail.splitlines()

    assert said[0].startswith(first)
    assert said[-1] == last
    assert len(said) <= 25


def test_a_good_launch_keeps_no_output(tmp_path: Path, start: Start) -> None:
    """What TensorFlow prints in a launch that went well is in its log only."""
    assert launch(tmp_path, start, "print('noise')").output_tail == ""


@pytest.mark.parametrize(
    ("hung", "method", "fault"),
    [
        ("startup", "compile", "time.sleep(600)"),
        ("warm-up step 1", "step", "time.sleep(600)"),
        ("measuring step 1", "step", "global calls; calls += 1; time.sleep(600 * (calls > 1))"),
    ],
    ids=["startup", "warm-up", "measuring"],
)
def test_a_hung_child_is_ended_at_its_deadline(
    tmp_path: Path,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    hung: str,
    method: str,
    fault: str,
) -> None:
    """Startup and steps have deadlines of their own, and the reason says which passed."""
    real = Deadline.set

    def set_(self: Deadline, doing: str, limit_seconds: float) -> None:
        """Only the deadline of what hangs is as short as the order says."""
        real(self, doing, limit_seconds if doing == hung else 60.0)

    monkeypatch.setattr(Deadline, "set", set_)
    limits: dict[str, Any] = {"startup_timeout_seconds": 0.3, "step_timeout_seconds": 0.2}
    done = launch(tmp_path, start, fault, method, before="calls = 0\n", **limits)

    assert done.status is Status.TIMED_OUT
    assert done.reason == f"{hung} missed its deadline of {0.3 if hung == 'startup' else 0.2} s"


def test_a_flood_of_output_goes_to_the_log_and_blocks_nothing(tmp_path: Path, start: Start) -> None:
    """What TensorFlow prints can neither fill a pipe nor be taken for a result."""
    done = launch(
        tmp_path, start, "print('{\"result\": 1}\\n' * 100_000); sys.stderr.write('e' * 200_000)"
    )

    assert done.status is Status.OK
    assert (tmp_path / "worker.log").stat().st_size > 1_000_000


def test_the_last_words_of_a_crash_are_in_the_reason(tmp_path: Path, start: Start) -> None:
    """The line before a crash often names its cause."""
    fault = "sys.stderr.write('CUDA_ERROR_ILLEGAL_ADDRESS\\n'); sys.stderr.flush(); os.abort()"
    done = launch(tmp_path, start, fault)

    assert "ended by SIGABRT; last output: CUDA_ERROR_ILLEGAL_ADDRESS" in done.reason


def test_processes_that_a_child_started_end_with_it(tmp_path: Path, start: Start) -> None:
    """A helper process of a hung child does not stay behind on the device."""
    pid_file = tmp_path / "pid"
    fault = (
        "import subprocess; p = subprocess.Popen([sys.executable, '-c', 'import time;"
        f" time.sleep(600)']); open({str(pid_file)!r}, 'w').write(str(p.pid))"
    )
    done = launch(tmp_path, start, fault + HANG, "compile", step_timeout_seconds=0.2)
    pid = int(pid_file.read_text())
    wait_until(lambda: not is_alive(pid))

    assert done.status is Status.TIMED_OUT


def test_a_worker_whose_parent_is_gone_ends_by_itself() -> None:
    """Nobody reads the channel any more, so the next progress message ends the worker."""
    reader, writer = os.pipe()
    flags = ["--mode=inference_benchmark", "--batch_size=1", "--kernel=simulated"]
    flags += ["--warmup_steps=0", "--num_iter=1000000", "--iter_unit=batch"]
    order = replace(parse_order(flags), channel=writer)
    worker = subprocess.Popen(
        [sys.executable, "-m", "suite.kernels", "--order", encode_order(order)],
        cwd=Path(__file__).parents[2],
        pass_fds=(writer,),
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    os.close(reader)
    _, errors = worker.communicate()

    assert worker.returncode != 0
    assert b"Traceback" not in errors


def test_a_flood_of_output_neither_fills_the_disk_nor_hides_the_end(
    tmp_path: Path, start: Start
) -> None:
    """Far more than is kept: the launch is good, its log small, its last words are there."""
    flood = "[print('x' * 1023) for _ in range(4096)]; print('last words', flush=True)"
    done = launch(tmp_path, start, flood)
    log = tmp_path / "worker.log"

    assert done.status is Status.OK
    assert log.stat().st_size < HEAD_BYTES + TAIL_BYTES + 100
    assert log.read_text().endswith("last words\n")
    assert "bytes of output are left out here" in log.read_text()


def test_an_endless_flood_puts_no_deadline_off(tmp_path: Path, start: Start) -> None:
    """A launch that only prints is ended like one that hangs, and its log is bounded too."""
    done = launch(tmp_path, start, "while True: print('x' * 65535)", step_timeout_seconds=0.5)

    assert done.status is Status.TIMED_OUT
    assert "warm-up step 1 missed its deadline of 0.5 s" in done.reason
    assert (tmp_path / "worker.log").stat().st_size < HEAD_BYTES + TAIL_BYTES + 100
