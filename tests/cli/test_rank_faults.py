"""Faults of one of two ranks under mpirun: it is named, its launch ends whole, and others go on."""

import signal
import socket
from pathlib import Path

import pytest
from faulty_bench import HANG, HELD_MEASURING, REACHED, Bench, of_rank

pytestmark = pytest.mark.mpi

HOST = socket.gethostname()
RANK_1 = f"rank 1 on {HOST}: "
BOTH = "0; "  # a fault of rank 0 as well

# What happens to rank 1 of the launch of each batch size in one run, and what is to be said of it.
FAULTS = {
    1: ("result", "", "ok", ""),
    2: ("start", "os._exit(5)", "crashed", "rank 1: exited with code 5 without a result"),
    3: (
        "step",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "crashed",
        # Who sent it is told where the system counts its own kills.
        f"{RANK_1}ended by SIGKILL (",
    ),
    4: (
        "step",
        "os.kill(os.getpid(), signal.SIGKILL) if self.calls['step'] > 2 else None",
        "crashed",
        f"{RANK_1}ended by SIGKILL",
    ),
    5: (
        "step",
        "os.kill(os.getpid(), signal.SIGSEGV) if self.calls['step'] > 2 else None",
        "crashed",
        f"{RANK_1}ended by SIGSEGV",
    ),
    6: ("result", "os.write(self._descriptor, b'garbage\\n')", "crashed", "unreadable result"),
    7: ("result", "os._exit(0)", "crashed", f"{RANK_1}ended without a result"),
    8: (
        "facts",
        "raise interface.InvalidLaunchError('the loss is nan')",
        "invalid",
        f"{RANK_1}the loss is nan",
    ),
    9: ("compile", "raise RuntimeError('no way')", "crashed", f"{RANK_1}RuntimeError: no way"),
    10: (
        "step",
        "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)",
        "crashed",
        "mpirun ended by SIGKILL (the system's out-of-memory killer, or a person) before its ranks",
    ),
    11: (
        "step",
        "os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)",
        "crashed",
        "mpirun ended with code 1 without naming a failed rank, as it does when a person or",
    ),
    12: (
        "result",
        "os.write(self._descriptor, b'{\"result\": ' + b'[' * 100_000 + b'\\n')",
        "crashed",
        f"{RANK_1}unreadable result: ",
    ),
    13: ("step", "raise MemoryError('full')", "out_of_memory", f"{RANK_1}MemoryError: full"),
    14: ("result", "", "skipped", "training-fp32-bs13-2gpu-simulated ran out of memory"),
}
# The same where a rank hangs. Their run alone has a deadline, a hundred times as long as a step.
HANGS = {
    1: (
        "step",
        "time.sleep(600 * (self.calls['step'] > 1))",
        "timed_out",
        f"{RANK_1}measuring step 1 missed its deadline of 3 s",
    ),
    2: (
        "step",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "timed_out",
        f"{RANK_1}warm-up step 1 missed its deadline of 3 s; it no longer responds",
    ),
    3: (
        "step",
        BOTH + "time.sleep(600)",
        "timed_out",
        f"missed its deadline of 3 s; rank 0 on {HOST}, rank 1 on {HOST} in timing._timed",
    ),
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells, each of two ranks."""
    made = Bench(tmp_path)
    made.write([1, 2], ranks=2)
    return made


Faults = dict[int, tuple[str, str, str, str]]


def run_with(folder: Path, faults: Faults, protocol: str) -> tuple[Bench, int]:
    """One run in which rank 1 of nearly every launch meets a fault, and its exit code."""
    bench = Bench(folder)
    bench.write(list(faults), protocol, ranks=2)
    given = {
        (method, batch): code if code.startswith(BOTH) else of_rank(1, code)
        for batch, (method, code, _, _) in faults.items()
    }
    code, _, _ = bench.run(faults=given)
    return bench, code


@pytest.fixture(scope="module")
def faulty_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, int]:
    """The run of the faults that end by themselves."""
    return run_with(tmp_path_factory.mktemp("faulty"), FAULTS, "measured_steps: 4")


@pytest.fixture(scope="module")
def hanging_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, int]:
    """The run of the hangs."""
    protocol = "measured_steps: 4, step_timeout_seconds: 3"
    return run_with(tmp_path_factory.mktemp("hanging"), HANGS, protocol)


@pytest.mark.parametrize("batch", FAULTS)
def test_a_fault_of_a_rank_ends_its_launch_by_name(
    faulty_run: tuple[Bench, int], batch: int
) -> None:
    """Each launch has the status of its own fault and names the rank, and the next one runs."""
    assert_told(*faulty_run, batch, FAULTS)


@pytest.mark.parametrize("batch", HANGS)
def test_a_rank_that_hangs_ends_its_launch_by_name(
    hanging_run: tuple[Bench, int], batch: int
) -> None:
    """So does one that only misses its deadline, told from one that no longer responds."""
    assert_told(*hanging_run, batch, HANGS)


def assert_told(bench: Bench, code: int, batch: int, faults: Faults) -> None:
    record = bench.records()[batch]
    _, _, status, words = faults[batch]

    assert (record["status"], code) == (status, 3)
    assert words in record["reason"]
    assert ("no longer responds" in record["reason"]) == ("no longer responds" in words)


def test_a_launch_without_a_fault_has_the_steps_of_both_ranks(
    faulty_run: tuple[Bench, int],
) -> None:
    """Step i of the launch is that of the rank that was slowest in it."""
    record = faulty_run[0].records()[1]
    first, second = (rank["step_seconds"] for rank in record["ranks"])

    assert len(first) == len(second) == 4
    assert record["step_seconds"] == [max(step) for step in zip(first, second, strict=True)]
    assert record["started_by"] == "mpirun"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("method", "fault", "sign", "kept"),
    [("compile", HANG, "reached", (0, 0)), ("step", HELD_MEASURING, "heard-2", (1, 4))],
    ids=["startup", "measuring"],
)
def test_a_first_signal_ends_ranks_in_good_order(
    bench: Bench,
    number: signal.Signals,
    method: str,
    fault: str,
    sign: str,
    kept: tuple[int, int],
) -> None:
    """The present step of each rank is finished, what they measured is kept, and a report made."""
    process = bench.start(faults={(method, 2): fault})
    for rank in (0, 1):
        bench.wait_for(f"reached-{rank}", process)
        bench.wait_for(f"{sign}-{rank}", process)
    process.send_signal(number)
    code, _, _ = bench.end(process)
    record = bench.records()[2]
    measured = len(record["step_seconds"])
    by = "Ctrl-C" if number is signal.SIGINT else "SIGTERM"
    when = "after " if measured else "before its first step"

    assert code == 130
    assert bench.statuses() == {1: "ok", 2: "interrupted"}
    assert record["reason"].startswith(f"stopped by {by} {when}")
    assert (len(record["warmup_seconds"]), measured) == kept
    assert list(bench.out.glob("*/report.md"))
    bench.hold_that_resume_completes(1, 2)


def test_a_second_ctrl_c_ends_ranks_at_once(bench: Bench) -> None:
    """A step that one rank never ends does not hold the user up."""
    process = bench.start(faults={("step", 2): of_rank(1, HANG)})
    for sign in ("reached-1", "heard-2-0", "heard-2-1"):
        bench.wait_for(sign, process)
    process.send_signal(signal.SIGINT)
    bench.hear_that_it_stops(process)
    process.send_signal(signal.SIGINT)
    code, _, _ = bench.end(process)

    assert code == 130
    assert bench.records()[2]["reason"] == "stopped by a second Ctrl-C"


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("compile", HANG),
        ("step", HANG),
        ("step", REACHED + "os.kill(os.getpid(), signal.SIGSTOP)"),
    ],
    ids=["compile", "step", "stopped"],
)
def test_a_killed_runner_leaves_no_rank(bench: Bench, method: str, fault: str) -> None:
    """A kill -9 of the runner ends mpirun and every rank, also one that hangs or is stopped."""
    process = bench.start(faults={(method, 2): of_rank(1, fault)})
    bench.wait_for("reached-1", process)
    process.send_signal(signal.SIGKILL)
    code, _, _ = bench.end(process)

    assert code == -signal.SIGKILL
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)
