"""Signals, lost terminals and killed runners: nothing finished is lost, nothing stays."""

import fcntl
import os
import pty
import signal
import termios
import time
from pathlib import Path

import pytest
from faulty_bench import HANG, HELD_MEASURING, HELD_WARM_UP, Bench, bench_of_two_cells


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells."""
    return bench_of_two_cells(tmp_path)


@pytest.mark.parametrize(
    ("method", "fault", "kept"),
    [
        ("__init__", HANG, (0, 0)),
        ("compile", HANG, (0, 0)),
        ("step", HELD_WARM_UP, (1, 0)),
        ("step", HELD_MEASURING, (1, 4)),
    ],
    ids=["build", "compile", "warm-up", "measuring"],
)
def test_a_first_ctrl_c_ends_in_good_order(
    bench: Bench, method: str, fault: str, kept: tuple[int, int]
) -> None:
    """The present step is finished, its samples and those before are kept, and a report is made."""
    process = bench.start(faults={(method, 2): fault})
    bench.wait_for("reached-0", process)
    process.send_signal(signal.SIGINT)
    code, printed, said = bench.end(process)
    record = bench.records()[2]

    assert code == 130
    assert bench.statuses() == {1: "ok", 2: "interrupted"}
    assert record["reason"].startswith("stopped by Ctrl-C ")
    assert (len(record["warmup_seconds"]), len(record["step_seconds"])) == kept
    assert "Ctrl-C again ends at once" in said
    assert (
        "not finished (stopped by Ctrl-C): 1 of 2 launches have ended; finished launches are kept"
        in printed
    )
    assert list(bench.out.glob("*/report.md"))
    bench.hold_that_resume_completes(1, 2)


ARMED = """
import signal
from pathlib import Path
real = signal.signal
def armed(number, handler):
    earlier = real(number, handler)
    if number == signal.SIGHUP:
        Path({path!r}).touch()
    return earlier
signal.signal = armed
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("delay_seconds", [0.0, 0.1, 0.3, 0.6])
def test_a_signal_at_any_moment_of_the_start_is_an_interruption(
    bench: Bench, number: signal.Signals, delay_seconds: float
) -> None:
    """While modules are imported and the machine is looked at, the end is 130 as well."""
    bench.write([1, 2], "measured_steps: 100000")  # minutes: the signal never comes too late
    path = str(bench.folder / "armed")
    (bench.folder / "sitecustomize.py").write_text(ARMED.format(path=path))
    process = bench.start(paths=(bench.folder,))
    bench.wait_for("armed", process)
    time.sleep(delay_seconds)
    process.send_signal(number)
    code, _, _ = bench.end(process)

    assert code == 130


@pytest.mark.parametrize("method", ["compile", "step"])
def test_several_signals_at_once_are_an_interruption(bench: Bench, method: str) -> None:
    """However impatient somebody is, the end is 130 and what is finished stays."""
    process = bench.start(faults={(method, 2): HANG})
    bench.wait_for("reached-0", process)
    for _ in range(20):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)  # so that they arrive one by one
    code, _, _ = bench.end(process)

    assert code == 130
    assert bench.statuses()[1] == "ok"
    bench.hold_that_resume_completes(1, 2)


def test_sigterm_is_as_orderly(bench: Bench) -> None:
    """A batch system's SIGTERM stops a run as a first Ctrl-C does, also when it comes twice."""
    process = bench.start(faults={("step", 2): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    code, _, _ = bench.end(process)

    assert code == 130
    assert len(bench.records()[2]["step_seconds"]) == 4
    bench.hold_that_resume_completes(1, 2)


def test_a_lost_terminal_costs_nothing(bench: Bench) -> None:
    """When the terminal goes, the live line included, the run ends in good order."""
    master, slave = pty.openpty()
    process = bench.start(
        faults={("step", 2): HELD_MEASURING},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    bench.wait_for("reached-0", process)
    os.close(master)
    code, _, _ = bench.end(process)

    assert code == 130
    assert bench.records()[2]["reason"].startswith("stopped by the end of its terminal after ")
    assert list(bench.out.glob("*/report.md"))
    bench.hold_that_resume_completes(1, 2)


def test_a_second_ctrl_c_ends_at_once(bench: Bench) -> None:
    """A step that never ends does not hold the user up."""
    process = bench.start(faults={("step", 2): HANG})
    bench.wait_for("reached-0", process)
    process.send_signal(signal.SIGINT)
    bench.hear_that_it_stops(process)
    process.send_signal(signal.SIGINT)
    code, _, _ = bench.end(process)

    assert code == 130
    assert bench.records()[2]["reason"] == "stopped by a second Ctrl-C"
    bench.hold_that_resume_completes(1, 2)


@pytest.mark.parametrize("method", ["compile", "step"])
def test_a_killed_parent_leaves_its_records_and_no_worker(bench: Bench, method: str) -> None:
    """A kill -9 of the runner ends a worker that hangs too, and the run can be resumed."""
    process = bench.start(faults={(method, 2): HANG})
    bench.wait_for("reached-0", process)
    process.send_signal(signal.SIGKILL)
    code, _, _ = bench.end(process)

    assert code == -signal.SIGKILL
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)
