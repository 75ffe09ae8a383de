"""suite.analysis.summary: the numbers derived from step times."""

import numpy as np
import pytest

from suite.analysis.summary import percentile, summarize


def test_both_throughput_estimators_by_hand() -> None:
    """Images / elapsed and the mean of rates differ exactly as their definitions say."""
    summary = summarize([0.1, 0.3], images_per_step=8)

    assert summary is not None
    assert summary.images_per_second == pytest.approx(16 / 0.4)
    assert summary.mean_of_rates == pytest.approx((80 + 8 / 0.3) / 2)
    assert summary.mean_seconds == pytest.approx(0.2)
    assert (summary.min_seconds, summary.max_seconds, summary.count) == (0.1, 0.3, 2)


def test_percentiles_are_numpys_linear_ones() -> None:
    """The published code used numpy.quantile with its default interpolation; so do we."""
    samples = sorted(np.random.default_rng(1).lognormal(size=83).tolist())

    for fraction in (0.0, 0.5, 0.9, 0.95, 0.99, 1.0):
        assert percentile(samples, fraction) == pytest.approx(float(np.quantile(samples, fraction)))


def test_one_sample_is_every_percentile() -> None:
    """A launch cut to one step still has a summary."""
    summary = summarize([0.25], images_per_step=1)

    assert summary is not None
    assert summary.p50_seconds == summary.p99_seconds == summary.min_seconds == 0.25


def test_no_sample_is_no_summary() -> None:
    """Zero steps are never shown as a throughput of 0."""
    assert summarize([], images_per_step=8) is None


def test_the_tail_is_how_far_slow_steps_are_above_the_usual() -> None:
    """1 where all steps are alike."""
    slow = summarize([0.1] * 50 + [0.3] * 50 + [0.9], 1)
    alike = summarize([0.1, 0.1], 1)

    assert slow is not None
    assert slow.tail == pytest.approx(slow.p99_seconds / 0.3)
    assert alike is not None
    assert alike.tail == 1
