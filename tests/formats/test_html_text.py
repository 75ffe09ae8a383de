"""How the page writes numbers, states and conditions."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.html.text import (
    cell_name,
    conditions,
    day,
    from_to,
    milliseconds_from_to,
    moment,
    state_words,
    times,
)
from suite.model.cell import Mode, Precision, Protocol
from suite.model.launch import Caution, CautionKind, Status
from suite.model.report import CellState


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((0.9, 1.1), "0.90 to 1.10"),
        ((1.0, 1.02), "1.00 to 1.02"),
        ((0.0, 0.015), "0.000 to 0.015"),
        ((1.0, 1.001), "1.000 to 1.001"),
        (None, ""),
    ],
)
def test_the_ends_of_an_interval_are_told_apart(
    interval: tuple[float, float] | None, text: str
) -> None:
    """By a third decimal where it is no wider than 0.015."""
    assert from_to(interval) == text


def test_numbers_are_written_as_everywhere() -> None:
    """But for the sign of a ratio; a latency is told in ms."""
    assert times(1.0234) == "1.02\u00d7"
    assert times(None) == "-"
    assert milliseconds_from_to((0.0123, 1.5)) == "12.30 to 1500.0"


def test_a_condition_says_what_is_unusual() -> None:
    """Inference on one GPU is not."""
    cell = make_cell(precision=Precision.AMP, xla=True, batch_size=256)
    several = replace(cell, mode=Mode.TRAINING, gpus=8, image_size=64)

    assert conditions(cell, "GPU") == ""
    assert conditions(replace(cell, mode=Mode.TRAINING), "GPU") == "training"
    assert conditions(several, "rank") == "training, 8 ranks, image size 64"
    assert cell_name(cell, "GPU") == "AMP + XLA, batch 256"
    assert cell_name(several, "GPU") == "AMP + XLA, training, 8 GPUs, image size 64, batch 256"


def test_a_state_is_told_in_words() -> None:
    """A number is doubted for its cautions and for launches that it lacks."""
    hot = Caution(CautionKind.THROTTLED, "hot")
    protocol = Protocol(warmup_steps=0, measured_steps=1, launches=2)
    ok = make_launch(protocol=protocol, step_seconds=(0.1,), cautions=(hot,))
    lost = make_launch(launch=1, status=Status.TIMED_OUT, reason="late")
    (whole,) = assemble([make_run(ok, replace(ok, launch=1), protocol=protocol)]).runs[0].results
    (half,) = assemble([make_run(ok, lost, protocol=protocol)]).runs[0].results
    (none,) = assemble([make_run(lost)]).runs[0].results

    assert state_words(whole, CellState.OK) == "ok"
    assert state_words(whole, CellState.DOUBTED) == "throttled"
    assert state_words(half, CellState.DOUBTED) == "throttled, 1 of 2 launches"
    assert state_words(none, CellState.FAILED) == "timed out"


def test_a_day_is_in_english_and_a_moment_in_utc() -> None:
    """What is no time has none."""
    assert [day(datetime(2026, month, 9, tzinfo=timezone.utc)) for month in (1, 12)] == [
        "9 January 2026",
        "9 December 2026",
    ]
    assert moment("2026-01-02T03:04:05+02:00") == datetime(2026, 1, 2, 1, 4, 5, tzinfo=timezone.utc)
    assert moment("yesterday") is None
    assert moment(None) is None
