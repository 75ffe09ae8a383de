"""suite.model.baseline: what a stored baseline says cannot contradict itself."""

from dataclasses import replace

import pytest
from builders import make_baseline, make_cell, make_launch, make_run

from suite.model.baseline import Baseline, CellLaunches, Session
from suite.model.launch import Status

LAUNCHES = [make_launch(launch=number, step_seconds=(0.1, 0.1)) for number in range(2)]
BASELINE = make_baseline(
    make_run(*LAUNCHES),
    make_run(*LAUNCHES, started_at="2026-01-09T03:04:05+00:00"),
)
OLDER, NEWER = BASELINE.sessions
(CELL,) = NEWER.cells


def with_cell(cell: CellLaunches, *more: CellLaunches) -> Baseline:
    return replace(BASELINE, sessions=(OLDER, replace(NEWER, cells=(cell, *more))))


def with_sessions(*sessions: Session) -> Baseline:
    return replace(BASELINE, sessions=sessions)


def test_a_sound_baseline_contradicts_nothing() -> None:
    """Of two sessions, or of a run."""
    assert BASELINE.contradiction is None
    assert make_baseline().contradiction is None


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (with_sessions(), "sessions: none"),
        (with_sessions(NEWER, OLDER), "sessions: not in the order in which they began, each once"),
        (with_sessions(NEWER, NEWER), "sessions: not in the order in which they began, each once"),
        (with_sessions(OLDER), "header.started_at: not that of the newest session"),
        (
            with_sessions(replace(OLDER, started_at="2026-01-02T03:04:05"), NEWER),
            "sessions[0].started_at: not a time with its time zone",
        ),
        (
            with_sessions(replace(OLDER, started_at="yesterday"), NEWER),
            "sessions[0].started_at: not a time with its time zone",
        ),
        (
            replace(BASELINE, header=replace(BASELINE.header, started_at="yesterday")),
            "header.started_at: not a time with its time zone",
        ),
        (
            replace(BASELINE, changes=(replace(BASELINE.changes[0], at="now"),)),
            "changes[0].at: not a time with its time zone",
        ),
        (
            with_cell(CELL, CELL),
            "sessions[1].cells: inference-fp32-bs8-1gpu is there twice",
        ),
        (
            with_cell(replace(CELL, p50_seconds=(0.1,))),
            "sessions[1].cells[0].p50_seconds: not as many as mean_step_seconds and p99_seconds",
        ),
        (
            with_cell(replace(CELL, p99_seconds=())),
            "sessions[1].cells[0].p50_seconds: not as many as mean_step_seconds and p99_seconds",
        ),
        (
            with_cell(replace(CELL, failures={Status.OK: 1})),
            "sessions[1].cells[0].failures: counts launches that are ok",
        ),
    ],
)
def test_a_contradiction_is_named_with_its_place(baseline: Baseline, words: str) -> None:
    """The field first, as in records of launches."""
    assert (baseline.contradiction or "").startswith(words)


def test_the_same_cell_may_be_in_every_session() -> None:
    """And other cells beside it."""
    other = replace(CELL, cell=make_cell(batch_size=16))

    assert with_cell(CELL, other).contradiction is None
