"""Faults of a launch: each is its own record, and those around it know nothing of it."""

import re
from pathlib import Path

import pytest
from faulty_bench import Bench, bench_of_two_cells


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells."""
    return bench_of_two_cells(tmp_path)


# What happens to the launch of each batch size in one run, and what is to be said of it.
CHILD_FAULTS = {
    1: ("result", "", "ok", ""),
    2: ("step", "os.kill(os.getpid(), signal.SIGKILL)", "crashed", "ended by SIGKILL"),
    3: (
        "step",
        "print('first', 'last', sep=chr(10), flush=True); os.kill(os.getpid(), signal.SIGSEGV)",
        "crashed",
        "ended by SIGSEGV; last output: last",
    ),
    4: ("result", "os.write(self._descriptor, b'garbage\\n')", "crashed", "unreadable result"),
    5: (
        "result",
        'os.write(self._descriptor, b\'{"result": "ha\'); os._exit(0)',
        "crashed",
        "exited with code 0 without a result",
    ),
    6: ("step", "print('x' * 1_000_000)", "ok", ""),
    7: (
        "facts",
        "raise interface.InvalidLaunchError('the loss is nan')",
        "invalid",
        "the loss is nan",
    ),
    8: (
        "step",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); bytes(2**31)",
        "out_of_memory",
        "MemoryError",
    ),
    9: ("result", "", "skipped", "inference-fp32-bs8-1gpu-simulated ran out of memory"),
}


@pytest.fixture(scope="module")
def faulty_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, int]:
    """One run in which nearly every launch meets a fault of its own, and its exit code."""
    bench = Bench(tmp_path_factory.mktemp("faulty"))
    bench.write(list(CHILD_FAULTS), "measured_steps: 4")
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


def test_what_a_failure_printed_is_in_its_record_and_in_the_report(
    faulty_run: tuple[Bench, int],
) -> None:
    """A traceback need not be looked for in the logs; a good launch's flood is not repeated."""
    bench, _ = faulty_run
    tails = {batch: record["output_tail"] for batch, record in bench.records().items()}
    (report,) = bench.out.glob("*/report.md")

    assert {batch: tail for batch, tail in tails.items() if tail} == {3: "first\nlast"}
    assert "bs3-1gpu-simulated, launch 0:\n\n    first\n    last\n" in report.read_text()


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
    assert (after[1], after[6]) == (before[1], before[6])


def test_no_prune_tries_what_a_smaller_batch_could_not(bench: Bench) -> None:
    """A larger batch runs all the same where the user wants to see it."""
    code, _, _ = bench.run("--no-prune", faults={("step", 1): "raise MemoryError('full')"})

    assert code == 3
    assert bench.statuses() == {1: "out_of_memory", 2: "ok"}


def test_a_crash_prunes_nothing(bench: Bench) -> None:
    """Only a classified lack of memory speaks for larger batches."""
    bench.run(faults={("step", 1): "os.kill(os.getpid(), signal.SIGKILL)"})

    assert bench.statuses() == {1: "crashed", 2: "ok"}


@pytest.mark.parametrize("number", [1, 3])
def test_whichever_launch_of_a_cell_fails_the_run_says_so(bench: Bench, number: int) -> None:
    """Of three launches one crashes: exit 3, its reason, and no unmarked number of the others."""
    bench.write([1, 2], "measured_steps: 3, launches: 3")
    fault = (
        "(FOLDER / f'seen{time.monotonic_ns()}').touch();"
        f" os.abort() if len(list(FOLDER.glob('seen*'))) == {number} else None"
    )
    code, printed, _ = bench.run(faults={("compile", 2): fault})
    rows = {row.split()[0]: row for row in printed.splitlines() if "gpu-simulated  " in row}

    assert code == 3
    assert re.search(r"  9  s( \w)?$", rows["inference-fp32-bs1-1gpu-simulated"])
    assert rows["inference-fp32-bs2-1gpu-simulated"].endswith("  6  s 2 of 3 launches")
    assert (
        "inference-fp32-bs2-1gpu-simulated: crashed (2 of 3 launches ok): ended by SIGABRT"
        in printed
    )
