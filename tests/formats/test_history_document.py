"""A history as text, Markdown and CSV: one cell over runs, and what it has no number in."""

import csv
from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import make_cell, make_header, make_launch

from suite.analysis.trends import history
from suite.formats.history import history_csv, history_markdown, history_text
from suite.model.history import History
from suite.model.launch import Launch, Status
from suite.model.run import RunSummary

CELL = make_cell()


def measured(*step_seconds: float) -> Launch:
    """A launch on a T4; without steps it crashed."""
    status = Status.OK if step_seconds else Status.CRASHED
    reason = "" if step_seconds else "ended by SIGSEGV"
    return make_launch(device="Tesla T4", status=status, reason=reason, step_seconds=step_seconds)


def over(launches: Sequence[Launch | None], **environment: object) -> History:
    """A run a day for each launch; one without a launch does not have the cell."""
    header = make_header(environment={"commit": "a" * 40, "dirty": False, **environment})
    runs = [
        RunSummary(
            directory=f"run-{day}",
            header=replace(header, started_at=f"2026-01-{day:02d}T00:00:00+00:00"),
            recorded_launches=1,
        )
        for day in range(len(launches), 0, -1)
    ]
    found = {f"run-{day}": [each] if each else [] for day, each in enumerate(launches, 1)}
    return history(runs, CELL.id, found)


FEW, MANY = measured(0.1, 0.1), measured(*[0.1, 0.101] * 40)


def words(text: str) -> str:
    return " ".join(text.split())


def test_runs_without_the_cell_are_counted() -> None:
    """And nothing is said where every run has it."""
    said = f"Not in 1 of 2 runs: {CELL.id}."

    assert said in words(history_text(over([FEW, None])))
    assert said in words(history_markdown(over([FEW, None])))
    assert "Not in" not in history_text(over([FEW, FEW]))


def test_a_median_of_few_steps_is_marked_and_explained() -> None:
    """One that is enclosed is neither."""
    few, many = history_text(over([FEW])), history_text(over([MANY]))

    assert "~100.00" in few
    assert "~ = not enclosed with 95 % confidence" in words(few)
    assert "~" not in many


def test_a_run_in_which_the_cell_failed_keeps_its_place() -> None:
    """With its status and reason in the place of numbers."""
    text = words(history_text(over([FEW, measured()])))

    assert "of 2026-01-02 00:00: crashed: ended by SIGSEGV" in text
    assert "- - - 0 crashed" in text


def test_a_commit_with_other_changes_is_marked_and_explained() -> None:
    """It tells less than it seems to."""
    clean, dirty = history_text(over([FEW])), history_text(over([FEW], dirty=True))

    assert "aaaaaaaa+" in dirty
    assert "aaaaaaaa+" not in clean
    assert len(words(dirty)) > len(words(clean))
    assert "aaaaaaaa" not in history_text(over([FEW], commit=None))


def levels(*step_seconds: float) -> History:
    """A run for each of these, of two such steps."""
    return over([measured(each, each) for each in step_seconds])


BEFORE, AFTER = (0.1, 0.1005, 0.0997), (0.1103, 0.1099, 0.1108)


def test_a_change_point_is_told_with_its_size_and_what_it_is() -> None:
    """In words that leave the decision to the reader; without one, nothing is said of them."""
    said = "change point before 2026-01-04 00:00: -9.3% (3 runs before, 3 after)"
    for write in (history_text, history_markdown):
        text = words(write(levels(*BEFORE, *AFTER)))
        assert said in text
        assert "It says where to look, not why, and decides nothing." in text
        assert "change point" not in write(levels(*BEFORE, *BEFORE))


def test_the_table_has_the_size_of_a_change_point_at_its_first_run() -> None:
    """As a ratio of the level after over that before, and nowhere else."""
    rows = list(csv.DictReader(history_csv(levels(*BEFORE, *AFTER)).splitlines()))
    (ratio,) = (row["change_point_ratio"] for row in rows if row["change_point_ratio"])

    assert rows[3]["change_point_ratio"] == ratio
    assert float(ratio) == pytest.approx(0.907, abs=0.001)


def test_the_table_has_every_number_unrounded() -> None:
    """A row for each run that has the cell, empty where there is no number."""
    rows = list(csv.DictReader(history_csv(over([MANY, measured(), None])).splitlines()))

    assert [row["started_at"][:10] for row in rows] == ["2026-01-01", "2026-01-02"]
    assert [row["status"] for row in rows] == ["ok", "crashed"]
    assert float(rows[0]["images_per_second"]) == pytest.approx(8 / 0.1005)
    assert float(rows[0]["p50_seconds"]) == pytest.approx(0.1005)
    assert rows[1]["images_per_second"] == rows[1]["p50_seconds"] == ""
    assert (rows[1]["reason"], rows[1]["launches"]) == ("ended by SIGSEGV", "0")
