"""Variances of few launches, steadied by those of the other cells.

Five pairs of launches tell little of how far launches differ. The cells of a run differ in that
much less than chance makes their estimates differ, so each borrows from the rest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]

# With fewer, how far cells differ in their variance is not known.
FEWEST_CELLS = 3
# A cell whose variance chance makes so large with less than this probability is noisier.
_NOISIER = 0.01
# Launches whose variance chance makes so large with less than this probability are noisier than
# those measured before. At 1 %, a day five times as noisy would raise alarms in 1 % of runs.
_NOISIER_THAN_BEFORE = 0.05
# A variance this far below the usual one is chance or a coarse clock, and its logarithm would
# outweigh all others.
_FLOOR = 1e-5
# Degrees of freedom that no run measures.
_AS_GOOD_AS_INFINITE = 1e9
# A standard deviation of a billionth: no clock tells step times that well.
UNVARYING = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredVariance:
    """What a cell's own launches say of a variance; nothing where it has no degree of freedom."""

    variance: float
    freedom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratedVariance:
    """The variance to use for a cell, and its degrees of freedom.

    `is_noisier` says that the cell varies by more than the others, and so keeps its own variance.
    """

    variance: float
    freedom: float
    is_noisier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What the cells tell of a variance beforehand, with the worth of so many degrees of freedom.

    `freedom` is infinite where the cells differ no more than chance makes them.
    """

    variance: float
    freedom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """The moderated variance of each cell, in order; `prior` is None where none was moderated."""

    cells: tuple[ModeratedVariance, ...]
    prior: Prior | None


def moderate(variances: Sequence[float], freedoms: Sequence[float]) -> Moderation:
    """Moderate variances that have so many degrees of freedom.

    Each variance becomes the mean of itself and the prior's, weighted by degrees of freedom
    (Smyth, "Linear models and empirical Bayes methods for assessing differential expression in
    microarray experiments", Statistical Applications in Genetics and Molecular Biology 3, 2004).
    A cell beyond the 99 % point of the prior keeps its own, so that one noisy cell is not judged by
    its quiet siblings (after Phipson et al., "Robust hyperparameter estimation protects against
    hypervariable genes", Annals of Applied Statistics 10, 2016). The degrees of freedom never
    exceed those that were measured, over all cells.

    Fewer than 3 cells, and cells of which none varies, keep what they have.
    """
    varying = [variance for variance in variances if variance > UNVARYING]
    if len(variances) < FEWEST_CELLS or not varying:
        own = zip(variances, freedoms, strict=True)
        return Moderation(
            cells=tuple(ModeratedVariance(variance=v, freedom=d) for v, d in own), prior=None
        )
    # Takes 0.2 s, which no other verb should wait for.
    from scipy.special import fdtrc

    usual = median(variances)
    usual = usual if usual > UNVARYING else median(varying)
    raised = np.maximum(np.array(variances), _FLOOR * usual)
    measured = np.array(freedoms, dtype=float)
    prior = _prior(raised, measured)
    worth = min(prior.freedom, _AS_GOOD_AS_INFINITE)
    noisier = fdtrc(measured, worth, raised / prior.variance) < _NOISIER
    shared = (measured * raised + worth * prior.variance) / (measured + worth)
    freedom = np.minimum(measured + worth, measured.sum())
    return Moderation(
        cells=tuple(
            ModeratedVariance(variance=v, freedom=d, is_noisier=n)
            for v, d, n in zip(
                np.where(noisier, raised, shared).tolist(),
                np.where(noisier, measured, freedom).tolist(),
                noisier.tolist(),
                strict=True,
            )
        ),
        prior=prior,
    )


def moderated_spreads(measured: Mapping[str, MeasuredVariance]) -> dict[str, ModeratedVariance]:
    """The moderated variance of each cell for which launches are known to vary, by its name."""
    known = {cell: each for cell, each in measured.items() if each.freedom}
    moderation = moderate(
        [each.variance for each in known.values()], [each.freedom for each in known.values()]
    )
    return {
        cell: spread
        for cell, spread in zip(known, moderation.cells, strict=True)
        if spread.variance > UNVARYING
    }


def pooled_unless_noisier(own: MeasuredVariance, lent: MeasuredVariance) -> MeasuredVariance:
    """Pool a variance with what was measured before, unless it is larger beyond chance (5 %).

    What is measured on a noisy day must not be judged by quiet ones: then its own counts alone.
    """
    if not lent.freedom or (own.freedom and _is_noisier(own, lent)):
        return own
    if not own.freedom:
        return lent
    freedom = own.freedom + lent.freedom
    return MeasuredVariance(
        variance=(own.freedom * own.variance + lent.freedom * lent.variance) / freedom,
        freedom=freedom,
    )


def _is_noisier(own: MeasuredVariance, lent: MeasuredVariance) -> bool:
    from scipy.special import fdtrc

    if lent.variance <= UNVARYING:
        return own.variance > UNVARYING
    chance = float(fdtrc(own.freedom, lent.freedom, own.variance / lent.variance))
    return chance < _NOISIER_THAN_BEFORE


def _prior(variances: Values, freedoms: Values) -> Prior:
    """The scaled chi-squared that the true variances follow, by the moments of their logarithms."""
    from scipy.special import digamma, polygamma

    count = len(variances)
    logarithms = np.log(variances) - digamma(freedoms / 2) + np.log(freedoms / 2)
    centre = float(logarithms.mean())
    scatter = float(((logarithms - centre) ** 2).sum()) / (count - 1)
    # What is left when chance is taken off.
    excess = scatter - float(polygamma(1, freedoms / 2).mean())
    if excess <= 0:
        pooled = float((freedoms * variances).sum() / freedoms.sum())
        return Prior(variance=pooled, freedom=math.inf)
    half = trigamma_inverse(excess)
    return Prior(
        variance=math.exp(centre + float(digamma(half)) - math.log(half)), freedom=2 * half
    )


def trigamma_inverse(value: float) -> float:
    """The number whose trigamma is this positive value.

    Newton's method on 1 / trigamma, which is nearly straight; from below it never overshoots
    (Smyth 2004, appendix).
    """
    from scipy.special import polygamma

    number = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, number))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, number))
        number += step
        if abs(step) <= 1e-10 * number:
            break
    return number
