"""Whether a launch's measured steps are steady, and the pattern that they follow if not.

The classes follow Barrett et al., "Virtual machine warmup blows hot and cold" (OOPSLA 2017), who
found many benchmarks that never become steady however long their warm-up.

No test finds everything. `python tests/simulated_steps.py` prints a table of what this one finds
and how seldom it flags a steady series; `FOUND` is the part of it that reports state.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suite.analysis.patterns import Drift, Stretch, Wave

# Fewer steps get no verdict.
FEWEST_STEPS = 60
# A smaller change is not reported, however certain: two launches of the same cell commonly differ
# by more.
LEAST_CHANGE = 0.015
# The least t statistic of a pattern that counts. It is the best of tens of thousands of stretches
# and waves, which reaches 4.4 in 1 % of steady series with independent noise, and 5 in 1 % of those
# with correlated (0.7) and few (60) steps.
LEAST_EVIDENCE = 5.0
# A level that ends within this share of the steps is a start that warm-up should have covered.
LONGEST_START = 0.1
# Two levels: the least share and number of steps at the rarer one (a few slow steps are a tail).
LEAST_SHARE = 0.1
LEAST_AT_A_LEVEL = 20
# Their least distance in standard deviations (Ashman's D): that of the two halves of a uniform
# distribution, the largest that a distribution with one level can have. The second number, divided
# by the root of the number of steps, allows for chance.
UNIFORM_SEPARATION = math.sqrt(12)
CHANCE_SEPARATION = 11.0
# Steps beyond these quantiles are clipped before levels are searched: a tail is not a level.
_TAIL = 0.02


class Pattern(str, Enum):
    """The pattern of an unsteady series."""

    START = "start"
    DRIFT = "drift"
    SHIFT = "shift"
    EPISODE = "episode"
    WAVE = "wave"
    TWO_LEVELS = "two levels"


# Patterns of these sizes are found in at least nine of ten series with this many steps and this
# much noise (standard deviation). With twice the noise the sizes double.
FOUND_STEPS = 350
FOUND_NOISE = 0.01
FOUND_START_STEPS = 10
FOUND = {
    Pattern.START: 0.03,
    Pattern.DRIFT: 0.02,
    Pattern.SHIFT: 0.02,
    Pattern.EPISODE: 0.02,
    Pattern.WAVE: 0.02,
    Pattern.TWO_LEVELS: 0.05,
}


@dataclass(frozen=True, slots=True)
class Unsteadiness:
    """Why a series is unsteady, in words, and what to do about it.

    `change` is the relative change of the step time: of the first steps against the others, from
    the first to the last step of a drift, from before to after a shift, of an episode against the
    others, from the mean of a wave to its crest, from the lower to the upper of two levels.
    Positive is slower.
    """

    pattern: Pattern
    change: float
    reason: str
    remedy: str


def is_judged(step_seconds: Sequence[float]) -> bool:
    """Whether there are enough steps for a verdict."""
    return len(step_seconds) >= FEWEST_STEPS


def unsteadiness(step_seconds: Sequence[float]) -> Unsteadiness | None:
    """Why measured steps are unsteady; None if nothing is found or they are too few.

    Works on logarithms, so that every change is relative. The same steps always get the same
    verdict: nothing is drawn at random.
    """
    if not is_judged(step_seconds):
        return None
    logarithms = [math.log(seconds) for seconds in step_seconds]
    return _change_over_time(logarithms) or _two_levels(logarithms)


def _change_over_time(logarithms: Sequence[float]) -> Unsteadiness | None:
    """The pattern with the most evidence among those that are large enough."""
    # Imports numpy, which verbs that judge no steps need not wait for.
    from suite.analysis.patterns import Drift, Stretch, best_fits

    large = [
        fit
        for fit in best_fits(logarithms)
        if fit.evidence >= LEAST_EVIDENCE and abs(math.expm1(fit.change)) >= LEAST_CHANGE
    ]
    best = max(large, key=lambda fit: fit.evidence, default=None)
    if best is None:
        return None
    if isinstance(best, Drift):
        return _drift(best)
    return _stretch(best, len(logarithms)) if isinstance(best, Stretch) else _wave(best)


def _two_levels(logarithms: Sequence[float]) -> Unsteadiness | None:
    """Two groups of steps with a gap between them, each a good part of all steps."""
    ordered = sorted(logarithms)
    count = len(ordered)
    tail = math.floor(count * _TAIL)
    low, high = ordered[tail], ordered[count - 1 - tail]
    ordered = [min(max(value, low), high) for value in ordered]
    split = _best_split(ordered, max(LEAST_AT_A_LEVEL, math.ceil(count * LEAST_SHARE)))
    lower, upper = ordered[:split], ordered[split:]
    change = median(upper) - median(lower)
    distance, spread = fmean(upper) - fmean(lower), math.hypot(pstdev(lower), pstdev(upper))
    # Ashman, Bird and Zepf, "Detecting bimodality in astronomical datasets" (1994).
    least = UNIFORM_SEPARATION + CHANCE_SEPARATION / math.sqrt(count)
    apart = math.sqrt(2) * distance > least * spread
    if math.expm1(change) < LEAST_CHANGE or not apart:
        return None
    share = len(upper) / count
    return Unsteadiness(
        Pattern.TWO_LEVELS,
        math.expm1(change),
        f"{share:.0%} of the steps take {math.expm1(change):.0%} longer than the others, with a gap"
        " between the two",
        "look for a clock that switches or another process, and measure more launches",
    )


def _best_split(ordered: Sequence[float], fewest: int) -> int:
    """Where to split ascending values into two groups that are each as uniform as possible.

    The split that explains most of the variance (Otsu's), with at least `fewest` values a side.
    """
    count = len(ordered)
    centre = fmean(ordered)
    sums = list(accumulate(value - centre for value in ordered))

    def explained(size: int) -> float:
        return sums[size - 1] ** 2 * (1 / size + 1 / (count - size))

    return max(range(fewest, count - fewest + 1), key=explained)


def _drift(drift: "Drift") -> Unsteadiness:
    return Unsteadiness(
        Pattern.DRIFT,
        math.expm1(drift.change),
        f"the steps became {_words(drift.change)} from the first to the last",
        "look for heat, a power limit or other load" if drift.change > 0 else "raise warmup_steps",
    )


def _stretch(stretch: "Stretch", count: int) -> Unsteadiness:
    first, end = stretch.first, stretch.end
    if first == 0 and end <= LONGEST_START * count:
        return _start(stretch.change, end)
    if first == 0:
        return _shift(-stretch.change, end)
    return Unsteadiness(
        Pattern.EPISODE,
        math.expm1(stretch.change),
        f"about steps {first + 1} to {end} were {_words(stretch.change)} than the others",
        "look for throttling or another process that came and went, and measure again",
    )


def _start(change: float, steps: int) -> Unsteadiness:
    return Unsteadiness(
        Pattern.START,
        math.expm1(change),
        f"the first {steps} steps were {_words(change)} than the others",
        f"raise warmup_steps by {steps} or more",
    )


def _shift(change: float, step: int) -> Unsteadiness:
    slower = change > 0
    return Unsteadiness(
        Pattern.SHIFT,
        math.expm1(change),
        f"the steps became {_words(change)} at once, near step {step + 1}",
        "look for throttling or another process, and measure again"
        if slower
        else "raise warmup_steps, or look for another process that ended",
    )


def _wave(wave: "Wave") -> Unsteadiness:
    swing = math.expm1(wave.change)
    return Unsteadiness(
        Pattern.WAVE,
        swing,
        f"the steps swing by {swing:.1%} to either side, with a period of {wave.period:.0f} steps",
        "look for a clock, a temperature or a periodic job that goes up and down with them",
    )


def _words(change: float) -> str:
    return f"{abs(math.expm1(change)):.1%} {'slower' if change > 0 else 'faster'}"
