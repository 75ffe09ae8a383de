"""Whether a whole matrix became slower or faster from side A to side B of an A/B run.

A small change that all cells share is found long before it can be told of any of them. This is
advice, not a verdict: it does not say which cells changed.
"""

import math
from collections.abc import Sequence
from statistics import fmean, variance

from suite.analysis.ab_look import FEWEST_PAIRS, Pairs
from suite.analysis.moderation import UNVARYING
from suite.model.ab import MatrixShift

# By more than this, as a share, and with less than this probability by chance.
_EFFECT = 0.01
_LEVEL = 0.001


def matrix_shift(pairs: Sequence[Pairs]) -> MatrixShift | None:
    """Average ln(B / A) over cells in each round, and hold Student's t of the rounds against 0.

    The rounds are the sample, so it does not matter how the cells of a round resemble each other.
    Only rounds that every cell has are used, as a mean over other cells would be another number.
    Cells with fewer than 3 pairs are left out. None for fewer than two cells, fewer than 3 rounds,
    or rounds that do not vary.
    """
    cells = [each for each in pairs if sum(pair is not None for pair in each) >= FEWEST_PAIRS]
    # A decided cell has fewer rounds than the others.
    rounds = [
        fmean(present)
        for each in zip(*cells, strict=False)
        if len(present := [pair for pair in each if pair is not None]) == len(cells)
    ]
    if len(cells) < 2 or len(rounds) < FEWEST_PAIRS or variance(rounds) <= UNVARYING:
        return None
    from scipy.special import stdtr

    mean, error = fmean(rounds), math.sqrt(variance(rounds) / len(rounds))
    p_slower, p_faster = (float(stdtr(len(rounds) - 1, side * mean / error)) for side in (-1, 1))
    return MatrixShift(
        cells=len(cells),
        rounds=len(rounds),
        mean=mean,
        standard_error=error,
        p_slower=p_slower,
        is_slower=p_slower < _LEVEL and mean > math.log1p(_EFFECT),
        is_faster=p_faster < _LEVEL and mean < -math.log1p(_EFFECT),
    )
