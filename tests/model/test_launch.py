"""suite.model.launch: what of a record cannot be true."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_launch

from suite.model.cell import Mode, Precision
from suite.model.launch import Caution, CautionKind, RankRecord, Status

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


def test_a_launch_on_one_gpu_is_sound_without_ranks() -> None:
    """Only the cells of several GPUs have any."""
    alone = replace(SOUND, cell=make_cell(), ranks=())

    assert alone.contradiction is None
    assert (replace(alone, ranks=RANKS).contradiction or "").startswith("ranks: not in order")


def test_overhead_is_what_no_number_depends_on() -> None:
    """The life of the process less build, compile and steps; the import is overhead."""
    launch = replace(
        SOUND, startup_seconds={"import": 2.0, "build": 1.0, "compile": 0.5}, wall_seconds=5.0
    )

    assert launch.loop_seconds == pytest.approx(0.4)
    assert launch.overhead_seconds == pytest.approx(5 - 1.5 - 0.4)
    assert replace(launch, wall_seconds=0.0).overhead_seconds == 0


def test_the_published_estimator_sees_the_first_rank() -> None:
    """The published code printed what rank 0 measured; without ranks it is the launch itself."""
    first = replace(RANKS[0], step_seconds=(0.3, 0.1))

    assert replace(SOUND, ranks=(first, RANKS[1])).published_seconds == (0.3, 0.1)
    assert replace(SOUND, ranks=()).published_seconds == SOUND.step_seconds


@pytest.mark.parametrize("status", Status)
def test_what_was_not_tried_has_not_failed(status: Status) -> None:
    """A skipped or an interrupted launch is none that went wrong."""
    good = {Status.OK, Status.SKIPPED, Status.INTERRUPTED}

    assert status.is_failure is (status not in good)


def test_no_two_cautions_share_a_letter() -> None:
    """A letter beside a number names one kind of doubt."""
    assert len({kind.letter for kind in CautionKind}) == len(CautionKind)


@pytest.mark.parametrize("kind", CautionKind)
def test_every_caution_says_what_to_do(kind: CautionKind) -> None:
    """What was seen is followed by the remedy of its kind, or by a closer one."""
    assert kind.caution("the sky fell") == Caution(kind, f"the sky fell; {kind.remedy}")
    assert kind.caution("the sky fell", "wait").text == "the sky fell; wait"
    assert len(kind.remedy.split()) > 1


def test_a_status_has_words_for_people() -> None:
    """The value is for files."""
    assert Status.OUT_OF_MEMORY.words == "out of memory"
    assert Status.OK.words == "ok"
