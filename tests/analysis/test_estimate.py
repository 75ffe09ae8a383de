"""suite.analysis.estimate: how long a launch will take, and on whose word."""

import pytest
from builders import make_cell, make_launch

from suite.analysis.estimate import Pace, PublishedRate, estimate, paces
from suite.analysis.nearest_batch import NearestBatch
from suite.model.cell import Cell, KernelName, Mode, Protocol
from suite.model.launch import Status

PROTOCOL = Protocol(warmup_steps=10, measured_steps=90)


def cell(batch_size: int, kernel: KernelName = KernelName.RESNET50) -> Cell:
    return make_cell(batch_size=batch_size, kernel=kernel)


@pytest.mark.parametrize(
    ("history", "published", "cores", "seconds", "source"),
    [
        ({cell(8): Pace(100.0, 2.0)}, PublishedRate(50.0), None, 8 + 2, "an earlier run"),
        (
            {cell(16): Pace(80.0, 3.0)},
            PublishedRate(50.0),
            None,
            10 + 3,
            "batch 16 of an earlier run",
        ),
        ({}, PublishedRate(50.0), None, 16 + 15, "the published rate"),
        (
            {},
            PublishedRate(50.0, "t4"),
            None,
            16 + 15,
            "the published rate of t4, another device",
        ),
        ({}, None, 2, 800 / 18 + 15, "a rough guess"),
    ],
)
def test_the_best_known_pace_counts(
    history: dict[Cell, Pace],
    published: PublishedRate | None,
    cores: int,
    seconds: float,
    source: str,
) -> None:
    """This device's own history comes before the published rate, and that before a guess."""
    known: NearestBatch[Pace] = NearestBatch()
    for of, pace in history.items():
        known.learn(of, pace)
    expected = estimate(cell(8), PROTOCOL, known, published, cores)

    assert expected is not None
    assert expected.seconds == pytest.approx(seconds)
    assert expected.source == source


def test_a_simulated_launch_is_not_expected_to_import_tensorflow() -> None:
    """Its estimate is that of its sleeps, not of the real network on this CPU."""
    expected = estimate(cell(8, KernelName.SIMULATED), PROTOCOL, NearestBatch(), None, 2)

    assert expected is not None
    assert expected.seconds == pytest.approx(800 / 500 + 0.1)


def test_a_cap_bounds_the_steps_and_nothing_known_is_none() -> None:
    """The estimate never exceeds the time cap and startup; an unknown GPU has no estimate."""
    capped = Protocol(warmup_steps=10, measured_steps=90, max_seconds=5.0)
    expected = estimate(cell(8), capped, NearestBatch(), PublishedRate(1.0), None)

    assert expected is not None
    assert expected.seconds == pytest.approx(5 + 15)
    assert estimate(cell(8), PROTOCOL, NearestBatch(), None, None) is None


def test_a_guess_for_training_is_slower_than_one_for_inference() -> None:
    """Two cores train 4.6 images a second."""
    training = make_cell(mode=Mode.TRAINING, batch_size=8, gpus=1)
    expected = estimate(training, PROTOCOL, NearestBatch(), None, 2)

    assert expected is not None
    assert expected.seconds == pytest.approx(800 / 4.6 + 15)


def test_a_step_of_several_gpus_has_the_images_of_all() -> None:
    """A pace is that of all GPUs together."""
    of = make_cell(mode=Mode.TRAINING, batch_size=8, gpus=4)
    known: NearestBatch[Pace] = NearestBatch()
    known.learn(of, Pace(100.0, 2.0))
    expected = estimate(of, PROTOCOL, known, None, None)

    assert expected is not None
    assert expected.seconds == pytest.approx(100 * 32 / 100 + 2)


def test_the_last_good_launch_of_a_cell_gives_its_pace() -> None:
    """Startup is all its phases; a launch that failed, or has no steps, tells nothing."""
    good = make_launch(startup_seconds={"import": 2.0, "build": 1.0}, step_seconds=(0.25, 0.75))
    crashed = make_launch(status=Status.CRASHED, step_seconds=(9.0,))
    known = paces([make_launch(step_seconds=(1.0,)), good, crashed, make_launch()])

    assert known.nearest(make_cell()) == (8, Pace(16.0, 3.0))
