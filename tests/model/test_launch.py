"""suite.model.launch: what of a record cannot be true."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_launch

from suite.model.cell import Mode, Precision
from suite.model.launch import RankRecord, Status

RANKS = tuple(
    RankRecord(rank=number, host="a", warmup_seconds=(0.2,), step_seconds=(0.1, 0.1))
    for number in range(2)
)
SOUND = make_launch(
    cell=make_cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, gpus=2),
    warmup_seconds=(0.2,),
    step_seconds=(0.1, 0.1),
    ranks=RANKS,
)
SHORT = replace(RANKS[1], step_seconds=(0.1,))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"step_seconds": (0.1,), "ranks": (replace(RANKS[0], step_seconds=(0.1,)), SHORT)},
        {"ranks": ()},
        {"status": Status.INTERRUPTED, "step_seconds": (), "ranks": ()},
        {"status": Status.CRASHED, "ranks": (RANKS[1],)},
        {"status": Status.CRASHED, "ranks": (RANKS[0], SHORT)},
    ],
)
def test_whole_and_early_ended_launches_are_sound(facts: dict[str, Any]) -> None:
    """A launch that is ok may be truncated; one that is not has whatever its ranks got to."""
    assert replace(SOUND, **facts).contradiction is None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"step_seconds": (), "ranks": ()}, "step_seconds: none, but the status is ok"),
        ({"step_seconds": (0.1,) * 3}, "step_seconds: 3 of them, but the protocol has 2"),
        ({"warmup_seconds": (0.1,) * 2}, "warmup_seconds: 2 of them, but the protocol has 1"),
        (
            {"status": Status.CRASHED, "step_seconds": (0.1,) * 3},
            "step_seconds: 3 of them, but the protocol has 2",
        ),
        (
            {"ranks": (RANKS[0], replace(RANKS[1], step_seconds=(0.1,) * 3))},
            "ranks[1].step_seconds: 3 of them, but the protocol has 2",
        ),
        ({"ranks": (RANKS[0], SHORT)}, "ranks[1].step_seconds: 1 of them, but the launch has 2"),
        ({"ranks": RANKS[:1]}, "ranks: 1 of 2, but the status is ok"),
        ({"ranks": (RANKS[0], RANKS[0])}, "ranks: not in order, each once, of the 2 that"),
        ({"ranks": RANKS[::-1]}, "ranks: not in order, each once, of the 2 that"),
        ({"ranks": (RANKS[0], replace(RANKS[1], rank=2))}, "ranks: not in order, each once, of"),
    ],
)
def test_fields_that_contradict_each_other_are_named(facts: dict[str, Any], words: str) -> None:
    """More steps than the protocol has, ok without any, or ranks that do not fit."""
    assert (replace(SOUND, **facts).contradiction or "").startswith(words)
