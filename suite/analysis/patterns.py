"""Patterns of step times: drifts, stretches at another level and waves, found in noise.

Separate from `steadiness`, which describes them in words, because this imports numpy.

Every pattern is fitted to the normal scores of the steps' ranks, so that single slow steps and the
shape of the noise have little weight: for independent noise the t statistic of the fit, which is
the evidence, has the same distribution whatever that of the noise. Correlated steps carry less
information than independent ones: the residuals of the fit are taken for AR(1) noise, of which n
values are worth n (1 - r) / (1 + r) independent ones (Zwiers and von Storch, "Taking serial
correlation into account in tests of the mean", Journal of Climate 1995).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]

# More steps than this are first averaged in groups, which bounds the cost.
MOST_POINTS = 400
# The fewest steps that make a level of their own, and their least share unless they are the first
# steps: a few slow steps in between are a tail.
FEWEST_AT_A_LEVEL = 5
LEAST_STRETCH = 0.05
# A wave has at least two periods, as fewer are a drift or a stretch; a wave with a period of fewer
# points than this averages out in any measurement.
FEWEST_PERIODS = 2
SHORTEST_PERIOD = 8
# Steps beyond these quantiles are clipped before the size of a pattern is computed.
_TAIL = 0.02


@dataclass(frozen=True, slots=True)
class Drift:
    """A steady change from the first to the last step; `change` is in logarithms."""

    evidence: float
    change: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps from `first` up to `end` (exclusive, from 0) differ from all others by `change`."""

    evidence: float
    change: float
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Wave:
    """Steps that swing around their mean by plus and minus `change`, in `period` steps."""

    evidence: float
    change: float
    period: float


def best_fits(logarithms: Sequence[float]) -> tuple[Drift | Stretch | Wave, ...]:
    """The drift, the stretch and the wave that fit best; empty if all steps are equal.

    `logarithms` are those of 40 or more step times in order. The evidence is the t statistic.
    """
    steps = np.asarray(logarithms)
    group = math.ceil(len(steps) / MOST_POINTS)
    points = _normal_scores(steps)[: len(steps) // group * group].reshape(-1, group).mean(axis=1)
    points -= points.mean()
    if not points.any():
        return ()
    drawn_in = np.clip(steps, *np.quantile(steps, (_TAIL, 1 - _TAIL)))
    return (
        _drift(points, drawn_in),
        _stretch(points, steps, group),
        _wave(points, drawn_in, group),
    )


def _normal_scores(steps: Values) -> Values:
    """Normal quantiles of the ranks; equal steps share the mean of their ranks."""
    _, place, counts = np.unique(steps, return_inverse=True, return_counts=True)
    shares = (np.cumsum(counts) - counts / 2) / len(steps)
    quantile = NormalDist().inv_cdf
    return np.array([quantile(share) for share in shares.tolist()])[place]


def _evidence(points: Values, fitted: Values) -> float:
    """The t statistic of a fit, with the number of points corrected for autocorrelation."""
    count, left = len(points), points - fitted
    unexplained = float(left @ left)
    if unexplained < 1e-9 * count:
        return math.inf
    alike = float(left[1:] @ left[:-1]) / unexplained
    # Residuals of a fit look less correlated than they are; a standard error is added to be safe.
    alike += (1 + 4 * alike) / count + 1 / math.sqrt(count)
    alike = min(max(alike, 0.0), 0.99)
    t_squared = float(fitted @ fitted) / unexplained * (count - 2)
    return math.sqrt(t_squared * (1 - alike) / (1 + alike))


def _drift(points: Values, steps: Values) -> Drift:
    line = _centred_line(len(points))
    evidence = _evidence(points, line * (line @ points) / (line @ line))
    line = _centred_line(len(steps))
    return Drift(evidence, float((line @ steps) / (line @ line)) * (len(steps) - 1))


def _centred_line(count: int) -> Values:
    return np.arange(count) - (count - 1) / 2


def _stretch(points: Values, steps: Values, group: int) -> Stretch:
    """The stretch that explains the largest part of the sum of squares."""
    count = len(points)
    sums = np.concatenate([[0.0], np.cumsum(points)])
    explained = (sums[None, :] - sums[:, None]) ** 2 * _stretch_weights(count)
    first, end = divmod(int(np.argmax(explained)), count + 1)
    where = np.zeros(count, dtype=bool)
    where[first:end] = True
    fitted = np.where(where, points[where].mean(), points[~where].mean())
    evidence = _evidence(points, fitted)
    first, end = first * group, end * group
    within, others = steps[first:end], np.concatenate([steps[:first], steps[end:]])
    return Stretch(evidence, float(np.median(within) - np.median(others)), first, end)


@lru_cache(maxsize=2)
def _stretch_weights(count: int) -> Values:
    """By first point and end: explained sum of squares / square of the stretch's sum; 0 if invalid.

    A shift is a stretch from the first point on; one up to the last point would be equivalent.
    """
    first, end = np.ogrid[: count + 1, : count + 1]
    inside, outside = end - first, count - (end - first)
    least = max(FEWEST_AT_A_LEVEL, math.ceil(LEAST_STRETCH * count))
    a_start = (first == 0) & (inside >= FEWEST_AT_A_LEVEL) & (outside >= least)
    an_episode = (
        (first >= FEWEST_AT_A_LEVEL) & (inside >= least) & (count - end >= FEWEST_AT_A_LEVEL)
    )
    weights = 1 / np.maximum(inside, 1) + 1 / np.maximum(outside, 1)
    return np.where(a_start | an_episode, weights, 0.0)


def _wave(points: Values, steps: Values, group: int) -> Wave:
    """The wave at the highest peak of the periodogram, searched in steps of half a period."""
    count = len(points)
    amplitudes = np.abs(np.fft.rfft(points, 2 * count))
    lowest, highest = 2 * FEWEST_PERIODS, 2 * count // SHORTEST_PERIOD
    periods = (lowest + int(np.argmax(amplitudes[lowest : highest + 1]))) / 2
    fitted, _ = _sinusoid(points, periods)
    _, swing = _sinusoid(steps, periods * len(steps) / (count * group))
    return Wave(_evidence(points, fitted), swing, count * group / periods)


def _sinusoid(values: Values, periods: float) -> tuple[Values, float]:
    """The best fitting sinusoid of this many periods, with mean 0, and its amplitude."""
    angles = 2 * math.pi * periods / len(values) * np.arange(len(values))
    waves = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    waves -= waves.mean(axis=0)
    parts, *_ = np.linalg.lstsq(waves, values - values.mean(), rcond=None)
    return waves @ parts, math.hypot(*parts)
