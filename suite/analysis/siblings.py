"""Whether the launches of a cell agree, or some launch is unlike its siblings.

A launch may be slower than its siblings in every step, which its own samples cannot show.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from statistics import median

from suite.analysis.intervals import launches_differ
from suite.model.launch import Caution, CautionKind, Launch, Status

# Of two that differ, either could be the odd one.
FEWEST_SIBLINGS = 3
# Launches of one cell differ by a few percent on healthy machines.
LEAST_DIFFERENCE = 0.10
# The least difference in units of the launches' own spread (standard deviation, estimated from the
# median absolute deviation). If healthy launches differ by 3 % (standard deviation), this and the
# least difference flag one of them in at most 0.6 % of cells, however many launches these have.
LEAST_SPREADS = 5.0
_DEVIATION = 1.4826  # standard deviation of normal values / their median absolute deviation


def sibling_cautions(launches: Sequence[Launch]) -> list[Caution]:
    """A caution for each launch that is unlike its siblings, or one if there is no majority.

    A launch is unlike its siblings if median steps differ by more than the steps explain, and its
    own is further from the usual one than theirs are, by at least a tenth. Fewer than three good
    launches give no caution.
    """
    good = [launch for launch in launches if launch.status is Status.OK and launch.step_seconds]
    if len(good) < FEWEST_SIBLINGS or not launches_differ([one.step_seconds for one in good]):
        return []
    levels = {launch.launch: math.log(median(launch.step_seconds)) for launch in good}
    alike = _largest_group(levels.values())
    if 2 * alike <= len(good):
        return [_no_majority(len(good), alike)]
    centre = median(levels.values())
    spread = _DEVIATION * median(abs(level - centre) for level in levels.values())
    least = max(math.log1p(LEAST_DIFFERENCE), LEAST_SPREADS * spread)
    return [
        _unlike(number, level - centre, len(good) - 1)
        for number, level in levels.items()
        if abs(level - centre) > least
    ]


def _largest_group(levels: Iterable[float]) -> int:
    """How many launches lie within the least difference of each other."""
    ordered = sorted(levels)
    return max(
        bisect_right(ordered, lowest + math.log1p(LEAST_DIFFERENCE)) - at
        for at, lowest in enumerate(ordered)
    )


def _unlike(number: int, change: float, siblings: int) -> Caution:
    words = f"{abs(math.expm1(change)):.0%} {'slower' if change > 0 else 'faster'}"
    return CautionKind.UNLIKE_SIBLINGS.caution(
        f"launch {number} is {words} than its {siblings} siblings, by its median step, which their"
        " steps do not explain"
    )


def _no_majority(launches: int, alike: int) -> Caution:
    return CautionKind.UNLIKE_SIBLINGS.caution(
        f"the {launches} launches disagree: no more than {alike} have median steps within"
        f" {LEAST_DIFFERENCE:.0%} of each other, so which ones are usual is unknown",
        "find out what else the machine did, and measure more launches",
    )
