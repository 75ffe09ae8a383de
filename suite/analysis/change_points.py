"""Where a series of numbers goes to another level, and stays there: advisory, never a verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suite.model.history import ChangePoint

# Fewer numbers on a side do not tell a level from a stray.
FEWEST = 3
# The risk that numbers of one level have a change point.
_ALPHA = 0.01
# Two levels have to make the numbers so many times as likely as a straight line makes them.
_LIKELIER_THAN_A_DRIFT = 20.0
# In logarithms. Smaller changes are not worth a look, however sure they are.
_SMALLEST = math.log(1.01)
# What is left of the square of a number that varies by the rounding of its logarithm alone.
_NOTHING = 1e-20

# They are as many as the square of the numbers, and so is the memory that they take.
_MOST_WITH_ISLANDS = 1000

_Numbers = NDArray[np.floating]
_Places = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class _Fit:
    """Two levels in a window: where the second begins, and how far it is from the first.

    `p` is how often chance alone would show as clear a change, at any place. `evidence` is how many
    times as likely two levels make the numbers as a straight line does.
    """

    place: int
    size: float
    p: float
    evidence: float

    @property
    def is_clear(self) -> bool:
        return (
            self.p < _ALPHA
            and self.evidence >= _LIKELIER_THAN_A_DRIFT
            and abs(self.size) >= _SMALLEST
        )


def change_points(numbers: Sequence[float]) -> tuple[ChangePoint, ...]:
    """The change points of a series of positive numbers, one for each run, in order.

    By binary segmentation (A. J. Scott and M. Knott, "A cluster analysis method for grouping means
    in the analysis of variance", Biometrics 30, 1974): the logarithms are cut where two levels
    leave the least squares, and the parts again, as long as Student's t of the two levels is beyond
    chance at 1 % (Bonferroni over all places of the window). Where no such cut is clear, an island
    is looked for that differs from what lies on both sides of it, as after a loss that was mended
    (A. B. Olshen et al., "Circular binary segmentation", Biostatistics 5, 2004).

    Then each cut is held against its neighbours: between them it must be beyond chance once more,
    be a change of 1 % or more, and be 20 times as likely as a straight line, which a slow drift
    resembles; the least clear is taken out until all hold. Nothing is drawn by chance, so the same
    series has the same. tests/trend_rates.py has how often a series of one level shows one.

    Numbers that do not vary at all within their levels have none: how far runs differ is then
    unknown, not zero.
    """
    values = np.log(np.asarray(numbers, dtype=float))
    places = _cuts(values, 0, len(values))
    while places:
        edges = [0, *places, len(values)]
        fits = [
            _fit(values[low:high], place - low)
            for low, place, high in zip(edges, places, edges[2:], strict=False)
        ]
        doubtful = [index for index, fit in enumerate(fits) if fit is None or not fit.is_clear]
        if not doubtful:
            return tuple(
                ChangePoint(
                    place=place,
                    ratio=math.exp(fit.size),
                    before=place - low,
                    after=high - place,
                )
                for low, place, high, fit in zip(edges, places, edges[2:], fits, strict=False)
                if fit is not None
            )
        places.pop(max(doubtful, key=lambda index: _doubt(fits[index])))
    return ()


def _doubt(fit: _Fit | None) -> tuple[float, float]:
    """Rises with what speaks against a cut."""
    return (math.inf, 0.0) if fit is None else (1 / max(fit.evidence, 1e-300), fit.p)


def _cuts(values: _Numbers, low: int, high: int) -> list[int]:
    """The places, in order, at which a window and its parts fall into levels."""
    window = values[low:high]
    if len(window) < 2 * FEWEST:
        return []
    inner = _clearest(window, with_islands=False) or _clearest(window, with_islands=True)
    edges = [low, *(low + place for place in inner), high]
    found: list[int] = []
    for begin, end in pairwise(edges):
        found += [*_cuts(values, begin, end), end] if inner else []
    return found[:-1]


def _clearest(window: _Numbers, *, with_islands: bool) -> list[int]:
    """The cut into two levels that leaves least squares, or the two cuts around an island.

    Empty if chance alone would show one as clear in 1 % of windows.
    """
    from scipy.special import stdtr

    count = len(window)
    begin, end = _islands(count) if with_islands else _single_cuts(count)
    if not len(begin):
        return []
    sums = np.concatenate([[0.0], np.cumsum(window - window.mean())])
    inside = (end - begin).astype(float)
    apart = (sums[end] - sums[begin]) ** 2 * count / (inside * (count - inside))
    best = int(np.argmax(apart))
    freedom = count - 2
    rest = float(((window - window.mean()) ** 2).sum() - apart[best])
    if rest <= _NOTHING * count:
        return []
    t = math.sqrt(float(apart[best]) * freedom / rest)
    if 2 * len(begin) * float(stdtr(freedom, -t)) >= _ALPHA:
        return []
    return [int(place) for place in (begin[best], end[best]) if place]


def _single_cuts(count: int) -> tuple[_Places, _Places]:
    """Where the first of two levels may begin and end in a window of so many numbers."""
    end = np.arange(FEWEST, count - FEWEST + 1)
    return np.zeros_like(end), end


def _islands(count: int) -> tuple[_Places, _Places]:
    """Where a level between two others may begin and end."""
    if not 3 * FEWEST <= count <= _MOST_WITH_ISLANDS:
        return np.array([], dtype=int), np.array([], dtype=int)
    begin, end = np.triu_indices(count - 2 * FEWEST + 1, FEWEST)
    return begin + FEWEST, end + FEWEST


def _fit(window: _Numbers, place: int) -> _Fit | None:
    """Two levels in a window, or None where nothing varies within them."""
    from scipy.special import stdtr

    before, after = window[:place], window[place:]
    size = float(after.mean() - before.mean())
    squares = float(((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum())
    total = float(((window - window.mean()) ** 2).sum())
    if squares <= _NOTHING * len(window):
        return None
    freedom = len(window) - 2
    error = math.sqrt(squares / freedom * (1 / len(before) + 1 / len(after)))
    places = len(window) - 2 * FEWEST + 1
    time = np.arange(len(window)) - (len(window) - 1) / 2
    drift = total - float((time * window).sum()) ** 2 / float((time**2).sum())
    return _Fit(
        place=place,
        size=size,
        p=min(1.0, 2 * places * float(stdtr(freedom, -abs(size) / error))),
        evidence=(drift / squares) ** (len(window) / 2),
    )
