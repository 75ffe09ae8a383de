"""Whether a launch's measured steps are one steady series: no drift, no shift, no two levels.

The classes follow Barrett et al., "Virtual machine warmup blows hot and cold" (OOPSLA 2017), who
found many benchmarks that never become steady however long their warm-up.

Accused wrongly, of 1000 steady series of each kind (normal, uniform, one-sided, one step in twenty
three times as long): 0 to 1.7 % at 60 steps and 0 to 0.1 % at 350. Noise that lasts over several
steps (correlation 0.7, 5 %) is called a shift in 8 % at 60 steps. Told rightly, in 1 % of noise:
every drift and shift of 3 % and every two levels of 5 % at 350 steps.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate, pairwise
from statistics import fmean, median, pstdev

# The series is cut into blocks whose medians stand for it, so that single slow steps and the
# likeness of neighbouring steps weigh little.
BLOCKS = 20
# Three steps a block, so that one slow step cannot move its median. Fewer steps get no verdict.
FEWEST_STEPS = 3 * BLOCKS
# A change smaller than this is reported by nobody, however certain: it is below what two launches
# of the same cell commonly differ by.
LEAST_CHANGE = 0.02
# How seldom a steady series may be called unsteady, and the shuffles that can show it.
SIGNIFICANCE = 0.01
SHUFFLES = 999
# Two levels: the share and the number of steps that the rarer has (a few slow ones are a tail),
# and how far apart the two lie in standard deviations (Ashman's D). Cutting a normal series in two
# gives a D of 2.7 and a uniform one 3.5; above 4.5 the two levels hardly overlap.
LEAST_SHARE = 0.1
LEAST_AT_A_LEVEL = 20
LEAST_SEPARATION = 4.5
# Steps beyond these quantiles are drawn in before levels are looked for: a tail is no level.
_TAIL = 0.02
_SEED = 20150415


class Pattern(str, Enum):
    """What a series that is not steady does."""

    DRIFT = "drift"
    SHIFT = "shift"
    TWO_LEVELS = "two levels"


@dataclass(frozen=True, slots=True)
class Unsteadiness:
    """What is wrong with a series, in words, and what to do about it.

    `change` is the relative change of the step time: from the first to the last step of a drift,
    from before to after a shift, from the lower to the upper of two levels. Positive is slower.
    """

    pattern: Pattern
    change: float
    reason: str
    remedy: str


def is_judged(step_seconds: Sequence[float]) -> bool:
    """Whether there are enough steps for a verdict."""
    return len(step_seconds) >= FEWEST_STEPS


def unsteadiness(step_seconds: Sequence[float]) -> Unsteadiness | None:
    """What keeps measured steps from being steady; None where nothing does or steps are too few.

    Works on logarithms, so that every change is relative. The same steps always get the same
    verdict: the shuffles start from a fixed seed.
    """
    if not is_judged(step_seconds):
        return None
    logarithms = [math.log(seconds) for seconds in step_seconds]
    return _change_over_time(logarithms) or _two_levels(logarithms)


def _change_over_time(logarithms: Sequence[float]) -> Unsteadiness | None:
    """A drift or a single shift of the block medians that shuffled blocks do not show."""
    edges = [index * len(logarithms) // BLOCKS for index in range(BLOCKS + 1)]
    medians = [median(logarithms[a:b]) for a, b in pairwise(edges)]
    centre = fmean(medians)
    deviations = [value - centre for value in medians]
    line, split, step = _line_explains(deviations), *_step_explains(deviations)
    after, before = fmean(medians[split:]), fmean(medians[:split])
    change = _slope(deviations) * (BLOCKS - 1) if line >= step else after - before
    if abs(math.expm1(change)) < LEAST_CHANGE or not _is_significant(deviations, max(line, step)):
        return None
    return _drift(change) if line >= step else _shift(change, edges[split])


def _is_significant(deviations: list[float], explained: float) -> bool:
    """Whether shuffled blocks are this well explained, by a line or a step, seldom enough."""
    shuffled = list(deviations)
    generator = random.Random(_SEED)  # noqa: S311 - not for secrets
    as_well = 0
    for _ in range(SHUFFLES):
        generator.shuffle(shuffled)
        as_well += max(_line_explains(shuffled), _step_explains(shuffled)[1]) >= explained
    return (as_well + 1) / (SHUFFLES + 1) < SIGNIFICANCE


_POSITIONS = [index - (BLOCKS - 1) / 2 for index in range(BLOCKS)]
_POSITION_SQUARES = math.fsum(position**2 for position in _POSITIONS)


def _slope(deviations: Sequence[float]) -> float:
    products = (p * d for p, d in zip(_POSITIONS, deviations, strict=True))
    return sum(products) / _POSITION_SQUARES


def _line_explains(deviations: Sequence[float]) -> float:
    """Sum of squares (of deviations from their mean) that a straight line explains."""
    return _slope(deviations) ** 2 * _POSITION_SQUARES


def _step_explains(deviations: Sequence[float]) -> tuple[int, float]:
    """The best place for one step, and the sum of squares that it explains."""
    sums = accumulate(deviations[:-1])
    explained = (
        (total**2 * (1 / count + 1 / (BLOCKS - count)), count)
        for count, total in enumerate(sums, start=1)
    )
    best, count = max(explained)
    return count, best


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
    apart = math.sqrt(2) * distance > LEAST_SEPARATION * spread
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
    """Where to cut ascending values into two groups so that each is as uniform as can be.

    The cut that explains most of the variance (Otsu's), with `fewest` values at least a side.
    """
    count = len(ordered)
    centre = fmean(ordered)
    sums = list(accumulate(value - centre for value in ordered))

    def explained(size: int) -> float:
        return sums[size - 1] ** 2 * (1 / size + 1 / (count - size))

    return max(range(fewest, count - fewest + 1), key=explained)


def _drift(change: float) -> Unsteadiness:
    slower = change > 0
    return Unsteadiness(
        Pattern.DRIFT,
        math.expm1(change),
        f"the steps became {_words(change)} from the first to the last",
        "look for heat, a power limit or other load" if slower else "raise warmup_steps",
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


def _words(change: float) -> str:
    return f"{abs(math.expm1(change)):.1%} {'slower' if change > 0 else 'faster'}"
