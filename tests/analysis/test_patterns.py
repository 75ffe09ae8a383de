"""suite.analysis.patterns: the fits are the best ones of their kinds, by plain arithmetic."""

import math

import numpy as np
import pytest

from suite.analysis.patterns import Drift, Stretch, Wave, _stretch_weights, best_fits


def fits(step_seconds: list[float]) -> tuple[Drift, Stretch, Wave]:
    drift, stretch, wave = best_fits([math.log(seconds) for seconds in step_seconds])
    assert isinstance(drift, Drift)
    assert isinstance(stretch, Stretch)
    assert isinstance(wave, Wave)
    return drift, stretch, wave


def test_a_stretch_explains_what_a_level_of_its_own_takes_from_the_squares() -> None:
    """For a start of five steps or more, and an episode of a twentieth with steps on both sides."""
    count = 120
    points = np.random.default_rng(5).normal(size=count)
    points -= points.mean()
    weights = _stretch_weights(count)

    for first in range(count + 1):
        for end in range(count + 1):
            inside = end - first
            start = first == 0 and inside >= 5 and count - inside >= 6
            episode = first >= 5 and inside >= 6 and count - end >= 5
            if start or episode:
                level, others = points[first:end], np.delete(points, slice(first, end))
                left = level.var() * len(level) + others.var() * len(others)
                explained = points @ points - left
                assert level.sum() ** 2 * weights[first, end] == pytest.approx(explained)
            else:
                assert weights[first, end] == 0


@pytest.mark.parametrize("count", [60, 400, 1201])
def test_each_pattern_is_found_where_it_is_and_as_large_as_it_is(count: int) -> None:
    """Without noise: the change of a drift, the ends of a stretch, the period of a wave.

    More than 400 steps are averaged in groups, to which ends and periods are then rounded.
    """
    group = math.ceil(count / 400)
    middle, end = count // 3, count // 2
    drifting = [0.1 * 1.2 ** (step / (count - 1)) for step in range(count)]
    slower = [0.11 if middle <= step < end else 0.1 for step in range(count)]
    swinging = [
        0.1 * math.exp(0.05 * math.sin(6 * math.pi * step / count)) for step in range(count)
    ]
    drift, stretch, wave = fits(drifting)[0], fits(slower)[1], fits(swinging)[2]

    # A fiftieth of the steps is drawn in at either end.
    assert math.exp(drift.change) == pytest.approx(1.2, rel=0.001)
    assert (stretch.first, stretch.end) == pytest.approx((middle, end), abs=group)
    assert math.exp(stretch.change) == pytest.approx(1.1, rel=0.02)
    assert wave.period == pytest.approx(count / 3, rel=0.01)
    assert wave.change == pytest.approx(0.05, rel=0.02)


def test_the_pattern_that_is_there_has_the_most_evidence() -> None:
    """The others explain a part of it at best."""
    noise = np.random.default_rng(6).normal(scale=0.01, size=300)
    drifting = [0.1 * math.exp(0.05 * step / 300 + noise[step]) for step in range(300)]
    slower = [0.1 * math.exp(0.05 * (100 <= step < 160) + noise[step]) for step in range(300)]
    swinging = [0.1 * math.exp(0.02 * math.sin(step / 5) + noise[step]) for step in range(300)]

    for place, steps in enumerate((drifting, slower, swinging)):
        evidence = [fit.evidence for fit in fits(steps)]
        assert max(evidence) == evidence[place]


def test_evidence_is_the_t_statistic_of_the_fit() -> None:
    """For independent noise; a slope of nothing has little of it, a clear one much."""
    generator = np.random.default_rng(7)
    evidence = [fits(list(np.exp(generator.normal(size=100))))[0].evidence for _ in range(200)]

    # A tenth less than t, whose mean square is one: a standard error of the correlation is added.
    assert 0.9 < float(np.sqrt(np.mean(np.square(evidence)))) < 0.96


def test_equal_steps_have_no_pattern() -> None:
    """Nothing is fitted to nothing."""
    assert best_fits([0.0] * 100) == ()
