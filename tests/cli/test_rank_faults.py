"""Faults of one of two ranks under mpirun: it is named, its launch ends whole, and others go on."""

import signal
import socket
from pathlib import Path

import pytest
from faulty_bench import HANG, Bench, of_rank

pytestmark = pytest.mark.mpi

HOST = socket.gethostname()
RANK_1 = f"rank 1 on {HOST}: "
BOTH = "0; "  # a fault of rank 0 as well
REACHED = "(FOLDER / f'reached-{RANK}').touch(); "
# On both ranks, once the runner must have heard that they measure: the first step is warm-up.
SLOW_MEASURING = (
    "(FOLDER / f'reached-{RANK}').touch() if self.calls['step'] > 4 else None; time.sleep(0.1)"
)

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
    6: ("compile", "time.sleep(600)", "timed_out", f"{RANK_1}startup missed its deadline of 8 s"),
    7: (
        "step",
        "time.sleep(600 * (self.calls['step'] > 1))",
        "timed_out",
        f"{RANK_1}measuring step 1 missed its deadline of 2 s",
    ),
    8: (
        "step",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "timed_out",
        f"{RANK_1}warm-up step 1 missed its deadline of 2 s; it no longer responds",
    ),
    9: ("result", "os.write(self._descriptor, b'garbage\\n')", "crashed", "unreadable result"),
    10: ("result", "os._exit(0)", "crashed", f"{RANK_1}ended without a result"),
    11: (
        "facts",
        "raise interface.InvalidLaunchError('the loss is nan')",
        "invalid",
        f"{RANK_1}the loss is nan",
    ),
    12: ("compile", "raise RuntimeError('no way')", "crashed", f"{RANK_1}RuntimeError: no way"),
    13: (
        "step",
        "os.kill(os.getppid(), signal.SIGKILL); time.sleep(600)",
        "crashed",
        "mpirun ended by SIGKILL (the system's out-of-memory killer, or a person) before its ranks",
    ),
    14: (
        "step",
        BOTH + "time.sleep(600)",
        "timed_out",
        f"missed its deadline of 2 s; rank 0 on {HOST}, rank 1 on {HOST} in timing._timed",
    ),
    15: (
        "step",
        "os.kill(os.getppid(), signal.SIGTERM); time.sleep(600)",
        "crashed",
        "mpirun ended with code 1 without naming a failed rank, as it does when a person or",
    ),
    16: (
        "result",
        "os.write(self._descriptor, b'{\"result\": ' + b'[' * 100_000 + b'\\n')",
        "crashed",
        f"{RANK_1}unreadable result: ",
    ),
    17: ("step", "raise MemoryError('full')", "out_of_memory", f"{RANK_1}MemoryError: full"),
    18: ("result", "", "skipped", "training-fp32-bs17-2gpu-simulated ran out of memory"),
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells, each of two ranks."""
    made = Bench(tmp_path)
    made.write([1, 2], ranks=2)
    return made


@pytest.fixture(scope="module")
def faulty_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, int]:
    """One run in which rank 1 of nearly every launch meets a fault, and its exit code."""
    bench = Bench(tmp_path_factory.mktemp("faulty"))
    limits = "measured_steps: 4, startup_timeout_seconds: 8, step_timeout_seconds: 2"
    bench.write(list(FAULTS), limits, ranks=2)
    faults = {
        (method, batch): code if code.startswith(BOTH) else of_rank(1, code)
        for batch, (method, code, _, _) in FAULTS.items()
    }
    code, _, _ = bench.run(faults=faults)
    return bench, code


@pytest.mark.parametrize("batch", FAULTS)
def test_a_fault_of_a_rank_ends_its_launch_by_name(
    faulty_run: tuple[Bench, int], batch: int
) -> None:
    """Each launch has the status of its own fault and names the rank, and the next one runs."""
    bench, code = faulty_run
    record = bench.records()[batch]
    _, _, status, words = FAULTS[batch]

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
    ("method", "fault", "kept"),
    [("compile", REACHED + "time.sleep(600)", (0, 0)), ("step", SLOW_MEASURING, (1, 4))],
    ids=["startup", "measuring"],
)
def test_a_first_signal_ends_ranks_in_good_order(
    bench: Bench, number: signal.Signals, method: str, fault: str, kept: tuple[int, int]
) -> None:
    """The present step of each rank is finished, what they measured is kept, and a report made."""
    process = bench.start(faults={(method, 2): fault})
    bench.wait_for("reached-0", process)
    bench.wait_for("reached-1", process)
    process.send_signal(number)
    code, _, _ = bench.end(process)
    record = bench.records()[2]
    measured = len(record["step_seconds"])
    by = "Ctrl-C" if number is signal.SIGINT else "SIGTERM"
    when = "after " if measured else "before its first step"

    assert code == 130
    assert bench.statuses() == {1: "ok", 2: "interrupted"}
    assert record["reason"].startswith(f"stopped by {by} {when}")
    assert (len(record["warmup_seconds"]), measured) >= kept
    assert measured < 20
    assert list(bench.out.glob("*/report.md"))
    bench.hold_that_resume_completes(1, 2)


def test_a_second_ctrl_c_ends_ranks_at_once(bench: Bench) -> None:
    """A step that one rank never ends does not hold the user up."""
    process = bench.start(faults={("step", 2): of_rank(1, HANG)})
    bench.wait_for("reached", process)
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
        ("step", "(FOLDER / 'reached').touch(); os.kill(os.getpid(), signal.SIGSTOP)"),
    ],
    ids=["compile", "step", "stopped"],
)
def test_a_killed_runner_leaves_no_rank(bench: Bench, method: str, fault: str) -> None:
    """A kill -9 of the runner ends mpirun and every rank, also one that hangs or is stopped."""
    process = bench.start(faults={(method, 2): of_rank(1, fault)})
    bench.wait_for("reached", process)
    process.send_signal(signal.SIGKILL)
    code, _, _ = bench.end(process)

    assert code == -signal.SIGKILL
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)
