"""Whether the launches of a cell fall into two groups, as where each draws one of two algorithms.

This is a hint and decides nothing: a mean over both groups stays the best estimate of what a user
gets, and a change of how often each occurs may be the very regression. Below ten launches of a
side nothing tells two groups from chance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np

from suite.model.ab import LaunchGroups

FEWEST_LAUNCHES = 10
# How large the largest gap of normal launches is in 1 % of cases, as a multiple of the standard
# deviation within the two groups that it parts; 200,000 sets of each number of launches were
# simulated. Between these numbers a straight line is a little above it.
_LARGEST_BY_CHANCE = {
    10: 3.91, 11: 3.51, 12: 3.22, 13: 2.97, 14: 2.79, 15: 2.63, 16: 2.47, 18: 2.25, 20: 2.08,
    25: 1.79, 30: 1.62, 40: 1.41, 60: 1.24, 100: 1.10,
}  # fmt: skip
# A smaller gap (a logarithm) makes no difference that matters.
_SMALLEST_GAP = 0.015


def launch_groups(a: Sequence[float], b: Sequence[float]) -> LaunchGroups | None:
    """Find two groups among the launches of a side, from the time of each launch in any unit.

    The largest gap with two launches or more on either side is held against chance. One cut
    divides the launches of both sides, so that a change of the mix shows: that of the side with the
    larger gap. None where neither side has such a gap.
    """
    gaps = [gap for side in (a, b) if (gap := _gap(side)) is not None]
    if not gaps:
        return None
    gap = max(gaps, key=lambda each: each.size)
    a_faster, b_faster = (sum(math.log(time) < gap.cut for time in side) for side in (a, b))
    return LaunchGroups(
        apart=math.expm1(gap.apart),
        a_faster=a_faster,
        a_slower=len(a) - a_faster,
        b_faster=b_faster,
        b_slower=len(b) - b_faster,
    )


@dataclass(frozen=True, slots=True)
class _Gap:
    """A gap between two groups, whose means are so far `apart`; all in logarithms."""

    size: float
    cut: float
    apart: float


def _gap(times: Sequence[float]) -> _Gap | None:
    """The largest gap of the launches of a side, if it is beyond chance and matters."""
    if len(times) < FEWEST_LAUNCHES:
        return None
    ordered = sorted(math.log(time) for time in times)
    sizes = [after - before for before, after in pairwise(ordered)]
    place = max(range(1, len(sizes) - 1), key=sizes.__getitem__)
    faster, slower = ordered[: place + 1], ordered[place + 1 :]
    squares = sum((each - fmean(group)) ** 2 for group in (faster, slower) for each in group)
    within = math.sqrt(squares / (len(ordered) - 2))
    if sizes[place] <= max(_SMALLEST_GAP, largest_by_chance(len(ordered)) * within):
        return None
    return _Gap(
        size=sizes[place],
        cut=(faster[-1] + slower[0]) / 2,
        apart=fmean(slower) - fmean(faster),
    )


def largest_by_chance(launches: int) -> float:
    """The gap that 1 % of sets of so many normal launches exceed, in deviations within groups."""
    counts, gaps = list(_LARGEST_BY_CHANCE), list(_LARGEST_BY_CHANCE.values())
    return float(np.interp(launches, counts, gaps))
