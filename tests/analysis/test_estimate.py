"""suite.analysis.estimate: how long a launch will take, and on whose word."""

import pytest
from builders import make_cell

from suite.analysis.estimate import Pace, PublishedRate, estimate
from suite.analysis.nearest_batch import NearestBatch
from suite.model.cell import Cell, KernelName, Protocol

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
    assert expected.seconds < 5


def test_a_cap_bounds_the_steps_and_nothing_known_is_none() -> None:
    """The estimate never exceeds the time cap and startup; an unknown GPU has no estimate."""
    capped = Protocol(warmup_steps=10, measured_steps=90, max_seconds=5.0)
    expected = estimate(cell(8), capped, NearestBatch(), PublishedRate(1.0), None)

    assert expected is not None
    assert expected.seconds == pytest.approx(5 + 15)
    assert estimate(cell(8), PROTOCOL, NearestBatch(), None, None) is None
