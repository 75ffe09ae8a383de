"""`bench.py compare`: what it says and returns of runs that are unfinished, partial or doubtful."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_protocol, make_run, store_run

from suite.cli import main
from suite.model.cell import Protocol
from suite.model.launch import Caution, CautionKind, Launch, Status

T4 = Path(__file__).parents[2] / "reference" / "t4.csv"
# Published for a T4 in FP32: 136.44 img/s at batch 1, 341.77 at 8.
FAST, SLOW = (1 / 150, 8 / 400), (1 / 100, 8 / 200)
BATCHES = (1, 8)
LAST = "inference-fp32-bs8-1gpu"
PROTOCOL = Protocol(warmup_steps=0, measured_steps=2, launches=2)


def launch(batch: int, number: int, seconds: float, *doubts: CautionKind) -> Launch:
    """One of the launches of a cell of the T4's FP32 table."""
    return make_launch(
        cell=make_cell(batch_size=batch),
        protocol=PROTOCOL,
        launch=number,
        device="Tesla T4",
        step_seconds=(seconds, seconds),
        cautions=tuple(Caution(kind, "why") for kind in doubts),
    )


def ended(of: Launch, status: Status, reason: str = "ended by SIGSEGV") -> Launch:
    """The launch, had it ended otherwise."""
    return replace(of, status=status, reason=reason, step_seconds=())


def all_launches(seconds: tuple[float, ...] = FAST, *doubts: CautionKind) -> list[Launch]:
    """Two launches of each of two cells, the last one with the doubts."""
    whole = [
        launch(batch, number, step)
        for number in range(PROTOCOL.launches)
        for batch, step in zip(BATCHES, seconds, strict=True)
    ]
    return [*whole[:-1], replace(whole[-1], cautions=launch(8, 1, 1.0, *doubts).cautions)]


def record(folder: Path, launches: list[Launch], reference: str | None = str(T4)) -> Path:
    """A run directory of the two cells with these launches."""
    run = make_run(
        *launches,
        matrix="recorded",
        reference=reference,
        protocol=PROTOCOL,
        cells=tuple(launch(batch, 0, 1.0).cell.id for batch in BATCHES),
        command=("run", "matrices/my t4.yaml", "--max-time", "30m"),
    )
    return store_run(folder / "a run", run)


@dataclass(frozen=True)
class Answer:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def verdict(self) -> list[str]:
        """The lines of the verdict."""
        return self.out.rpartition("\n\n")[2].splitlines()


Compare = Callable[..., Answer]


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str]) -> Compare:
    """`bench.py compare` on a run directory, in this process."""

    def call(directory: Path, *flags: str) -> Answer:
        code = main(["compare", "--run", str(directory), *flags])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call


def test_a_whole_run_that_reaches_the_limit_is_good(compare: Compare, tmp_path: Path) -> None:
    """Exit 0, and the sum of what was looked at."""
    answer = compare(record(tmp_path, all_launches()), "--fail-below", "0.9")

    assert answer.code == 0
    assert answer.verdict == [
        "good: 2 of 2 judged cells at 0.9x or more, 0 below, 0 in doubt; 0 failed or missing"
    ]
    assert "not finished" not in answer.out


@pytest.mark.parametrize(
    ("launches", "named"),
    [
        (all_launches()[:0], "launches have ended"),
        (all_launches()[:1], f"missing: {LAST}: not run"),
        (all_launches()[:3], f"missing: {LAST}: not finished (1 of 2 launches ok)"),
        (
            [*all_launches()[:3], ended(all_launches()[3], Status.INTERRUPTED, "by SIGTERM")],
            f"missing: {LAST}: interrupted (1 of 2 launches ok): by SIGTERM",
        ),
    ],
)
def test_a_run_that_is_not_finished_is_not_judged_good(
    compare: Compare, tmp_path: Path, launches: list[Launch], named: str
) -> None:
    """Whatever stopped it, and however far it came, what is missing is named with exit 3."""
    directory = record(tmp_path, launches)
    answer = compare(directory, "--fail-below", "0.9")
    resume = f"python bench.py run 'matrices/my t4.yaml' --max-time 30m --resume '{directory}'"
    there = sum(launch.status is Status.OK for launch in launches)

    assert answer.code == 3
    assert named in answer.out + answer.err
    assert f"not finished: {there} of 4 launches have ended; go on with: {resume}" in (
        answer.out + answer.err
    )


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("status", [status for status in Status if status.is_failure])
def test_a_cell_of_which_one_launch_failed_is_named_with_exit_3(
    compare: Compare, tmp_path: Path, number: int, status: Status
) -> None:
    """Whichever launch it was, and although the other one has a good number."""
    launches = all_launches()
    launches[2 * number] = ended(launches[2 * number], status)
    answer = compare(record(tmp_path, launches), "--fail-below", "0.9", "--min-batch", "8")
    words = status.value.replace("_", " ")

    assert answer.code == 3
    line = f"inference-fp32-bs1-1gpu: {words} (1 of 2 launches ok): ended by SIGSEGV"
    assert answer.verdict[0] == f"failed: {line}"
    assert f"  {line}" in answer.out
    assert "measured n=2 !" in answer.out
    assert "! = not of all its launches" in answer.out


def test_cells_that_cannot_run_here_are_noted_and_no_failure(
    compare: Compare, tmp_path: Path
) -> None:
    """Skipped in good order, they leave the judgement to the others; nothing but them is exit 3."""
    launches = all_launches()
    skipped = [ended(item, Status.SKIPPED, "needs 9 GPUs") for item in launches]
    some = compare(
        record(tmp_path / "some", [launches[0], skipped[1], launches[2], skipped[3]]),
        "--fail-below=0.9",
    )
    every = compare(record(tmp_path / "all", skipped), "--fail-below", "0.9")

    assert (some.code, every.code) == (0, 3)
    assert some.verdict[0] == "no failure: inference-fp32-bs8-1gpu: skipped: needs 9 GPUs"
    assert every.verdict[-1].startswith("incomplete: 0 of 0 judged cells at")


def test_a_loss_counts_before_what_is_missing_and_both_are_listed(
    compare: Compare, tmp_path: Path
) -> None:
    """What was measured below the limit stays a loss, whatever became of the other cells."""
    directory = record(tmp_path, [launch(1, 0, 1 / 100), launch(1, 1, 1 / 100)])
    answer = compare(directory, "--fail-below", "0.9")

    assert answer.code == 1
    assert answer.verdict == [
        "below 0.9x: inference-fp32-bs1-1gpu: 0.733x",
        "missing: inference-fp32-bs8-1gpu: not run",
        "regression: 0 of 1 judged cells at 0.9x or more, 1 below, 0 in doubt; 1 failed or missing",
    ]


def test_a_loss_of_some_of_its_launches_is_no_regression(compare: Compare, tmp_path: Path) -> None:
    """A cell of which a launch crashed is not judged by the others, only named."""
    launches = all_launches(SLOW)[::2]
    launches[0] = ended(launches[0], Status.CRASHED)
    answer = compare(record(tmp_path, launches), "--fail-below", "0.9")

    assert answer.code == 3
    assert not any(line.startswith("below") for line in answer.verdict)


@pytest.mark.parametrize("kind", CautionKind)
def test_a_doubtful_loss_is_neither_a_regression_nor_hidden(
    compare: Compare, tmp_path: Path, kind: CautionKind
) -> None:
    """A number in doubt, below the limit: exit 5 with its name, number and doubt."""
    launches = [item for item in all_launches(SLOW, kind) if item.cell.batch_size == 8]
    launches += [item for item in all_launches(FAST) if item.cell.batch_size == 1]
    answer = compare(record(tmp_path, launches), "--fail-below", "0.9")
    word = kind.value.replace("_", " ")

    assert answer.code == 5
    assert answer.verdict[0] == (
        f"undecided: inference-fp32-bs8-1gpu: 0.585x is below 0.9x, but is in doubt: {word}"
    )
    assert answer.verdict[-1].startswith("inconclusive: 1 of 2 judged cells at 0.9x or more, 0")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (CautionKind.QUICK, 5),
        (CautionKind.TRUNCATED, 5),
        (CautionKind.SIMULATED, 5),
        (CautionKind.OTHER_DEVICE, 5),
        (CautionKind.CHANGED, 5),
        (CautionKind.UNSTEADY, 0),
        (CautionKind.CONTENDED, 0),
        (CautionKind.THROTTLED, 0),
    ],
)
def test_a_doubtful_pass_is_named_and_counts_only_against_a_disturbance(
    compare: Compare, tmp_path: Path, kind: CautionKind, code: int
) -> None:
    """A cell that was disturbed and is fast enough passes; one not measured as asked does not."""
    answer = compare(record(tmp_path, all_launches(FAST, kind)), "--fail-below", "0.9")
    start = "undecided: " if code else "reached in spite of a doubt: "

    assert answer.code == code
    assert answer.verdict[0].startswith(f"{start}inference-fp32-bs8-1gpu: 1.17x")
    assert answer.verdict[0].endswith(f": {kind.value.replace('_', ' ')}")


def test_without_a_limit_an_unfinished_run_is_compared_and_said_to_be_one(
    compare: Compare, tmp_path: Path
) -> None:
    """Nothing is judged, so exit 0; text and Markdown say how much there is, and what is not."""
    directory = record(tmp_path, all_launches()[:1])
    answer = compare(directory)
    written = (directory / "comparison.md").read_text()

    assert answer.code == 0
    assert "1.10x within" in answer.out
    for text in (answer.out, written):
        assert "Not finished: 1 of 4 launches have ended." in text
        assert "inference-fp32-bs8-1gpu: not run" in text
    assert answer.out.splitlines()[-1].startswith("not finished: 1 of 4 launches have ended; go on")


def test_doubts_stand_beside_every_number_and_in_the_csv(compare: Compare, tmp_path: Path) -> None:
    """A letter in the tables with its legend, and the kinds in a column of comparison.csv."""
    doubts = (CautionKind.OTHER_DEVICE, CautionKind.THROTTLED)
    directory = record(tmp_path, all_launches(FAST, *doubts))
    answer = compare(directory)
    markdown = (directory / "comparison.md").read_text()
    with (directory / "comparison.csv").open() as file:
        cautions = {row["cell"]: row["cautions"] for row in csv.DictReader(file)}

    for text in (answer.out, markdown):
        assert "measured n=4 d h " in text
        assert "d = not the device the matrix is for" in text
        assert "h = throttled" in text
    assert cautions["inference-fp32-bs1-1gpu"] == ""
    assert cautions["inference-fp32-bs8-1gpu"] == "other_device throttled"


@pytest.mark.parametrize(
    ("seconds", "code", "words"), [(FAST, 0, "good: "), (SLOW, 1, "regression: ")]
)
def test_a_verdict_does_not_need_to_be_written(
    compare: Compare, tmp_path: Path, seconds: tuple[float, ...], code: int, words: str
) -> None:
    """Files that cannot be written cost a line; without a verdict they are what was asked for."""
    directory = record(tmp_path, all_launches(seconds))
    (directory / "comparison.csv").mkdir()
    judged = compare(directory, "--fail-below", "0.9")
    shown = compare(directory)

    assert judged.code == code
    assert judged.verdict[-1].startswith(words)
    assert len(judged.err.splitlines()) == 1
    assert judged.err.startswith(f"warning: {directory}/comparison.csv: cannot be written (")
    assert shown.code == 2
    assert "1 " in shown.out
    assert shown.err.startswith(f"error: {directory}/comparison.csv: cannot be written (")


def test_the_reference_is_that_of_the_run_or_one_by_name(compare: Compare, tmp_path: Path) -> None:
    """Nothing to type where run.json holds it; a published name or a path names another."""
    directory = record(tmp_path, all_launches())
    own = compare(directory)
    named = compare(directory, "--reference", "t4")
    other = compare(directory, "--reference", "dgx1")

    assert own.out == named.out
    assert "recorded on Tesla T4 beside dgx1" in other.out
    assert (own.code, named.code, other.code) == (0, 0, 0)


@pytest.mark.parametrize(
    ("reference", "flags", "words"),
    [
        (None, [], "its matrix names no reference; give one, such as --reference t4"),
        ("gone/t4.csv", [], "its reference gone/t4.csv is missing; give one by --reference"),
        (None, ["--reference", "dgx"], "dgx: no such table and no such file; did you mean 'dgx2'?"),
    ],
)
def test_a_run_without_its_reference_says_what_to_give(
    compare: Compare, tmp_path: Path, reference: str | None, flags: list[str], words: str
) -> None:
    """One line with the remedy, exit 2."""
    answer = compare(record(tmp_path, all_launches(), reference), *flags)

    assert answer.code == 2
    assert words in answer.err
    assert len(answer.err.splitlines()) == 1


Together = Callable[..., Answer]


@pytest.fixture
def together(capsys: pytest.CaptureFixture[str]) -> Together:
    """`bench.py compare` with these words, in this process."""

    def call(*words: str | Path) -> Answer:
        code = main(["compare", *map(str, words)])
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return call


def alone(batch: int) -> Launch:
    """The one launch of a cell that is planned once."""
    return replace(launch(batch, 0, 0.1), protocol=make_protocol())


def two_runs(folder: Path) -> tuple[Path, Path]:
    """A run and a later, slower one, each of two launches a cell that differ a little."""
    directories = []
    for name, factor in (("one", 1.0), ("two", 1.25)):
        launches = [
            replace(each, step_seconds=(step := each.step_seconds[0] * by, step))
            for each in all_launches()
            for by in [factor * (1 + 0.01 * each.launch)]
        ]
        run = make_run(
            *launches,
            matrix="recorded",
            reference=str(T4),
            protocol=PROTOCOL,
            environment={"driver": f"driver {name}"},
        )
        directories.append(store_run(folder / name, run))
    return directories[0], directories[1]


def test_runs_are_set_beside_the_first_and_written_only_where_asked(
    together: Together, tmp_path: Path
) -> None:
    """What differs comes first, then ratios with intervals; no directory of a run is touched."""
    one, two = two_runs(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    answer = together("--run", one, "--run", two)

    assert answer.code == 0
    assert answer.out.index("driver  driver one  driver two") < answer.out.index("img/s")
    assert "0.800x  0.776 to 0.825" in answer.out
    assert "1.25x    1.21 to 1.29" in answer.out
    assert answer.out.endswith("nothing was written; --out DIR writes it\n")
    assert sorted(tmp_path.rglob("*")) == before

    written = together("--run", one, "--run", two, "--out", tmp_path / "new" / "folder")
    assert f"written to {tmp_path}/new/folder: pairs.md, pairs.csv, report.json" in " ".join(
        written.out.split()
    )
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == [
        "pairs.csv",
        "pairs.md",
        "report.json",
    ]
    stored = json.loads((tmp_path / "new" / "folder" / "report.json").read_text())
    assert len(stored["pairs"][0]["cells"]) == 2


def test_each_of_several_runs_stands_beside_a_table_as_well(
    together: Together, tmp_path: Path
) -> None:
    """One estimator for the runs, another for the table, and both are named."""
    one, two = two_runs(tmp_path)
    answer = together("--run", one, "--run", two, "--reference", "t4", "--out", tmp_path / "out")
    words = " ".join(answer.out.split())

    assert answer.code == 0
    assert "B over A" in words
    assert words.count("recorded on Tesla T4, started 2026-01-02T03:04:05+00:00, beside t4") == 2
    assert "img/s is images / elapsed time" in words
    assert "Throughput is the mean of per-step rates, the published estimator" in words
    with (tmp_path / "out" / "comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(row["run"], row["reference"]) for row in rows} == {("0", "t4"), ("1", "t4")}


def test_a_run_can_be_the_reference(together: Together, tmp_path: Path) -> None:
    """It is the base of the ratios, as a published table would be, and pretends to be none."""
    one, two = two_runs(tmp_path)
    answer = together("--run", two, "--reference", one)

    assert answer.out == together("--run", one, "--run", two).out
    assert "published table" in answer.out
    assert "FP32 Inference" not in answer.out


def test_a_saved_table_of_ours_can_be_the_reference(together: Together, tmp_path: Path) -> None:
    """results.csv tells numbers but neither launches nor software, which is said."""
    one, two = two_runs(tmp_path)
    assert main(["report", str(one)]) == 0
    answer = together("--run", two, "--reference", one / "results.csv")

    assert answer.code == 0
    assert "A: recorded on Tesla T4, started 2026-01-02T03:04:05+00:00, from a saved table" in (
        answer.out
    )
    assert "0.800x     -" in answer.out
    assert "what differs is unknown, and no ratio has an interval" in " ".join(answer.out.split())


def test_one_launch_a_side_has_no_interval_and_says_so(together: Together, tmp_path: Path) -> None:
    """A ratio without one is never left to speak for itself."""
    runs = [
        store_run(tmp_path / name, make_run(launch(1, 0, seconds)))
        for name, seconds in (("one", 0.1), ("two", 0.2))
    ]
    answer = together("--run", runs[0], "--run", runs[1])

    assert "No ratio has an interval: that takes two launches of a cell" in answer.out
    assert "0.500x     -" in answer.out
    assert "launches: 1 and 1" in answer.out


def test_runs_without_a_common_cell_are_exit_4(together: Together, tmp_path: Path) -> None:
    """One line, and nothing is compared."""
    one, two = (store_run(tmp_path / str(batch), make_run(alone(batch))) for batch in BATCHES)
    answer = together("--run", one, "--run", two)

    assert answer.code == 4
    assert len(answer.err.splitlines()) == 1
    assert "the runs have no cell in common; measure the same matrix on both" in answer.err


def test_a_limit_on_several_runs_needs_a_table_and_takes_the_worst(
    together: Together, tmp_path: Path
) -> None:
    """Runs beside each other are not judged; beside a table each is, under its own directory."""
    one, two = two_runs(tmp_path)
    refused = together("--run", one, "--run", two, "--fail-below", "0.9")
    judged = together("--run", one, "--run", two, "--reference", "t4", "--fail-below", "0.9")

    assert refused.code == 2
    assert "--fail-below judges ratios to a published table" in refused.err
    assert judged.code == 1
    assert judged.verdict[0] == f"{one}:"
    assert judged.verdict[1].startswith("good: 2 of 2")
    assert judged.verdict[2] == f"{two}:"
    assert judged.verdict[-1].startswith("regression: 1 of 2")


def test_of_several_runs_one_without_a_common_row_is_named_and_not_judged_good(
    together: Together, tmp_path: Path
) -> None:
    """A check must not pass because it looked at nothing."""
    one, _ = two_runs(tmp_path)
    other = store_run(tmp_path / "other", make_run(alone(3)))
    words = ("--run", one, "--run", other, "--reference", "t4")
    shown = together(*words)
    judged = together(*words, "--fail-below", "0.9")

    assert shown.code == 0
    assert "note: the runs have no cell in common with each other" in shown.out
    assert f"note: {other} has no cell in common with the table" in shown.out
    assert judged.code == 4
    assert f"{other}: no cell in common with the table, so nothing to judge" in judged.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--run", "{0}", "--run", "{0}/"], "named twice; a run beside itself tells nothing"),
        (["--run", "{0}", "--reference", "{0}"], "named twice"),
        (["--run", "{0}", "--reference", "{0}/cells"], "cells: a directory without run.json; give"),
        (
            ["--run", "{0}", "--reference", "{0}/gone.csv"],
            "gone.csv: no such file; give the path of a ref",
        ),
        (["--run", "{0}", "--run", "{0}-gone"], "one-gone: no such run directory"),
    ],
)
def test_a_side_that_is_none_is_refused(
    together: Together, tmp_path: Path, flags: list[str], words: str
) -> None:
    """One line that says what can be given, exit 2."""
    one, _ = two_runs(tmp_path)
    answer = together(*(flag.format(one) for flag in flags))

    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert words in answer.err
