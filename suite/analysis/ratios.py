"""How sure a ratio of rates or latencies is, from one number of each launch.

The launch is the unit: its steps resemble each other more than those of another launch, so pooled
steps would enclose a ratio too closely. Ratios multiply, so all is worked out in logarithms.
"""

import math
from collections.abc import Sequence
from statistics import fmean, variance

from suite.analysis.intervals import CONFIDENCE
from suite.model.summary import Interval


def log_ratio_interval(
    a: Sequence[float], b: Sequence[float], confidence: float = CONFIDENCE
) -> Interval | None:
    """Enclose the ratio of two geometric means, `a` over `b`, of independent launches.

    The difference of the mean logarithms, plus and minus Student's t times its standard error,
    by Welch, as the two sides may vary unequally ("The generalization of 'Student's' problem when
    several different population variances are involved", Biometrika 34, 1947, with the degrees of
    freedom of Satterthwaite, "An approximate distribution of estimates of variance components",
    Biometrics Bulletin 2, 1946). Many launches of one side do not tell how the few of the other
    vary, so the degrees of freedom are no more than two sides of the smaller number would have.

    Simulated with normal logarithms it contains the true ratio in 94 to 98 % of cases where the
    sides vary alike or have equally many launches, and in 92 % at worst, where 2 launches vary 4
    times as much as 5 others do (Welch alone: 88 % at worst).

    None where a side has fewer than two launches, and where neither varies at all: then how far
    launches differ is unknown, not zero.
    """
    if min(len(a), len(b)) < 2:
        return None
    parts = [(variance(_logarithms(side)) / len(side), len(side) - 1) for side in (a, b)]
    squared_error = sum(part for part, _ in parts)
    if squared_error == 0:
        return None
    freedom = squared_error**2 / sum(part**2 / less_one for part, less_one in parts)
    freedom = min(freedom, 2 * min(less_one for _, less_one in parts))
    centre = fmean(_logarithms(a)) - fmean(_logarithms(b))
    return _interval(centre, squared_error, freedom, confidence)


def log_ratio_to_constant(
    a: Sequence[float], constant: float, confidence: float = CONFIDENCE
) -> Interval | None:
    """Enclose the ratio of a geometric mean of launches to a number that is taken as exact.

    The mean logarithm, plus and minus Student's t times its standard error ("Student", "The
    probable error of a mean", Biometrika 6, 1908), less the logarithm of the constant. None for
    fewer than two launches, and where they do not vary at all.
    """
    if len(a) < 2:
        return None
    logarithms = _logarithms(a)
    squared_error = variance(logarithms) / len(a)
    if squared_error == 0:
        return None
    centre = fmean(logarithms) - math.log(constant)
    return _interval(centre, squared_error, len(a) - 1, confidence)


def enclosing(interval: Interval | None, ratio: float) -> Interval | None:
    """The interval, unless it lies elsewhere than the ratio that is shown.

    That one pools steps while the interval takes each launch once: if launches of very unequal
    lengths differ, the two tell of different things.
    """
    return interval if interval and interval[0] <= ratio <= interval[1] else None


def _logarithms(numbers: Sequence[float]) -> list[float]:
    return [math.log(number) for number in numbers]


def t_quantile(freedom: float, confidence: float = CONFIDENCE) -> float:
    """How many standard errors to either side enclose a mean, by Student's t."""
    # Takes 0.2 s, which no run of one launch a cell should wait for.
    from scipy.special import stdtrit

    # Versions of SciPy differ from the tenth digit on, and files should not.
    return round(float(stdtrit(freedom, (1 + confidence) / 2)), 6)


def _interval(
    centre: float, squared_error: float, freedom: float, confidence: float
) -> Interval | None:
    half = t_quantile(freedom, confidence) * math.sqrt(squared_error)
    return (math.exp(centre - half), math.exp(centre + half))
