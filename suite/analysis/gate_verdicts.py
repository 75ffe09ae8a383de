"""Whether cells became slower or faster since a stored baseline, whose launches ran on other days.

Launches of one day tell how launches differ, and nothing of how days do. So less can be said than
after an A/B: mostly that a cell passes, or that it is worth an A/B. tests/gate_rates.py finds out
how often this is wrong.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from suite.analysis.ab_power import FOUND, WELL_ABOVE
from suite.analysis.cell_tests import CellTest, cell_test, holm
from suite.analysis.moderation import MeasuredVariance, ModeratedVariance, moderated_spreads
from suite.analysis.sessions import contrast, launch_variance, variance_of_means
from suite.model.ab import VerdictKind, as_loss
from suite.model.gate import (
    Base,
    CanaryShift,
    Doubt,
    StoredEstimate,
    StoredLaunches,
    StoredVerdict,
    Tau,
)

# The risk that a run in which nothing changed has a cell that is slower by its numbers, over all
# cells and gated metrics, and the risk that a cell which lost just its minimum effect passes.
ALPHA = 0.005
BETA = 0.05
# Fewer launches do not tell how far launches differ.
FEWEST_LAUNCHES = 3
# What a change must be above to be called without an A/B.
_CALLED = math.log(1.05)
_CALLED_IF_ASSUMED = math.log(1.10)
# The canary has moved if it did by more than this, and by so many of its standard errors.
_CANARY = math.log(1.015)
_CANARY_ERRORS = 3


def canary_shift(launches: StoredLaunches) -> CanaryShift | None:
    """By how much the canary moved; None where it has too few launches to tell.

    Its standard error is that by its launches alone: that the day differs is what it shall show.
    """
    if not _has_enough(launches):
        return None
    held = _held(launches)
    difference = contrast(held)
    error = difference.error(launch_variance(held).variance, 0.0)
    return CanaryShift(
        mean=difference.mean,
        standard_error=error,
        limit=max(_CANARY, _CANARY_ERRORS * error),
    )


def judge_stored(
    cells: Mapping[str, StoredLaunches],
    minimum_effects: Mapping[str, float],
    *,
    tau: Tau,
    base: Base,
    metrics: int = 1,
    canary: CanaryShift | None = None,
    wanted_effects: Mapping[str, float] | None = None,
) -> Mapping[str, StoredVerdict]:
    """Judge a metric of all cells; those without launches belong to the family of tests as well.

    The mean of today's launches is set against the mean of the baseline's sessions. v being the
    variance of launches, pooled over today and the sessions and moderated by the other cells, the
    squared standard error is v (1/K + 1/(m K_b)) + tau^2 (1 + 1/m) for K launches today and K_b in
    each of m sessions (`contrast` has the general form). Student's t has the degrees of freedom of
    v. A cell whose sessions differ by more, moderated by those of other cells as launches are, has
    a larger tau of its own, and no more degrees of freedom than that has.

    A cell is slower by its numbers if its mean is above the minimum effect and beyond chance, by
    Holm's procedure over all cells at alpha, which so many gated `metrics` share. It has regressed
    if moreover the `base` cannot be built, the canary has not moved, and the loss is above 5 %, or
    10 % where tau is assumed; otherwise it is inconclusive, and the doubt says what forbids the
    verdict. It has improved if the same holds for gains. A cell passes if the upper bound of its
    loss is below the minimum effect, unless the canary became faster, which may hide a loss.

    `wanted_effects`, in logarithms, are the losses that should be found: 5/3 of the minimum effect
    by default. Where nothing is shown and they would not be found in nine of ten cases, the
    comparison is too coarse.
    """
    level = ALPHA / metrics
    wanted_by_default = {cell: WELL_ABOVE * effect for cell, effect in minimum_effects.items()}
    days = _days(cells)
    comparisons = {}
    for cell, spread in _spreads(cells).items():
        held = _held(cells[cell])
        own = _tau_of(held, spread, days.get(cell), tau)
        comparisons[cell] = _Comparison(
            test=_test(held, spread, own),
            tau=own.tau,
            minimum_effect=minimum_effects[cell],
            wanted_effect=(wanted_effects or wanted_by_default)[cell],
            level=level / len(cells),
            base=base,
            canary=canary,
        )
    tests = {cell: each.test for cell, each in comparisons.items()}
    slower = holm({cell: test.p_slower for cell, test in tests.items()}, level, len(cells))
    faster = holm({cell: test.p_faster for cell, test in tests.items()}, level, len(cells))

    verdicts = {}
    for cell, launches in cells.items():
        found = comparisons.get(cell)
        if found is None:
            decision = _Decision(
                VerdictKind.INCONCLUSIVE,
                Doubt.UNVARYING if _has_enough(launches) else Doubt.TOO_FEW,
            )
        else:
            decision = found.decide(is_slower=cell in slower, is_faster=cell in faster)
        verdicts[cell] = StoredVerdict(
            verdict=decision.verdict,
            today=len(launches.today),
            in_baseline=launches.in_baseline,
            sessions=len(_held(launches).sessions),
            minimum_effect=minimum_effects[cell],
            doubt=decision.doubt,
            estimate=None if found is None else found.estimate(decision.verdict),
        )
    return verdicts


def _held(launches: StoredLaunches) -> StoredLaunches:
    """Without the sessions in which the cell has no launch."""
    return StoredLaunches(today=launches.today, sessions=tuple(filter(None, launches.sessions)))


def _has_enough(launches: StoredLaunches) -> bool:
    return min(len(launches.today), launches.in_baseline) >= FEWEST_LAUNCHES


def _spreads(cells: Mapping[str, StoredLaunches]) -> Mapping[str, ModeratedVariance]:
    return moderated_spreads(
        {
            cell: launch_variance(launches)
            for cell, launches in cells.items()
            if _has_enough(launches)
        }
    )


def _days(cells: Mapping[str, StoredLaunches]) -> Mapping[str, ModeratedVariance]:
    """The variance of session means of each cell that has several, moderated like launches."""
    several = {
        cell: sessions
        for cell, launches in cells.items()
        if len(sessions := _held(launches).sessions) > 1
    }
    return moderated_spreads(
        {
            cell: MeasuredVariance(variance=variance_of_means(each), freedom=len(each) - 1)
            for cell, each in several.items()
        }
    )


@dataclass(frozen=True, slots=True)
class _TauOfCell:
    """The tau that a cell is held to; what it is worth is infinite where all cells share it."""

    tau: Tau
    freedom: float


def _tau_of(
    launches: StoredLaunches, spread: ModeratedVariance, days: ModeratedVariance | None, tau: Tau
) -> _TauOfCell:
    """That of all cells, or a cell's own if its sessions show a larger one."""
    if days is None:
        return _TauOfCell(tau, math.inf)
    of_launches = spread.variance * fmean(1 / len(each) for each in launches.sessions)
    own = days.variance - of_launches
    if own <= tau.sd**2:
        return _TauOfCell(tau, math.inf)
    sessions = len(launches.sessions)
    return _TauOfCell(replace(tau, sd=math.sqrt(own), sessions=sessions), days.freedom)


def _test(launches: StoredLaunches, spread: ModeratedVariance, days: _TauOfCell) -> CellTest:
    difference = contrast(launches)
    return cell_test(
        difference.mean,
        difference.error(spread.variance, days.tau.sd),
        # The error is no better known than either part of it.
        replace(spread, freedom=min(spread.freedom, days.freedom)),
    )


@dataclass(frozen=True, slots=True)
class _Decision:
    verdict: VerdictKind
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """Today beside the baseline in a cell, and what it is held to.

    `level` is the risk of an alarm that a bound for all cells at once leaves.
    """

    test: CellTest
    tau: Tau
    minimum_effect: float
    wanted_effect: float
    level: float
    base: Base
    canary: CanaryShift | None

    def decide(self, *, is_slower: bool, is_faster: bool) -> _Decision:
        """The verdict, where Holm's procedure says whether the cell differs beyond chance."""
        mean = self.test.mean
        if is_slower and mean > self.minimum_effect:
            doubt = self._forbidden(mean)
            return _Decision(VerdictKind.INCONCLUSIVE if doubt else VerdictKind.REGRESSED, doubt)
        if is_faster and -mean > self.minimum_effect and self._forbidden(-mean) is None:
            return _Decision(VerdictKind.IMPROVED)
        passes = mean + self.test.reach(BETA) < self.minimum_effect
        if passes and not self._may_hide_losses:
            return _Decision(VerdictKind.PASS)
        return _Decision(VerdictKind.INCONCLUSIVE, self._why_open())

    def _forbidden(self, change: float) -> Doubt | None:
        """What forbids to call a change of this size, beyond chance as it is."""
        if self._canary_moved:
            return Doubt.CANARY_MOVED
        if self.base is Base.CAN_BE_BUILT:
            return Doubt.NEEDS_AB
        if change > self._called_above:
            return None
        return Doubt.ASSUMED_TAU if self.tau.is_assumed else Doubt.SMALL_LOSS

    def _why_open(self) -> Doubt | None:
        if self._canary_moved:
            return Doubt.CANARY_MOVED
        return Doubt.TOO_COARSE if self._smallest_effect > self.wanted_effect else None

    @property
    def _canary_moved(self) -> bool:
        return self.canary is not None and self.canary.has_moved

    @property
    def _may_hide_losses(self) -> bool:
        return self.canary is not None and self.canary.has_moved and self.canary.mean < 0

    @property
    def _called_above(self) -> float:
        return _CALLED_IF_ASSUMED if self.tau.is_assumed else _CALLED

    @property
    def _smallest_effect(self) -> float:
        """The loss, as a logarithm, that is found nine times in ten."""
        least = max(self.minimum_effect, self.test.reach(self.level))
        if self.base is Base.CANNOT_BE_BUILT:
            least = max(least, self._called_above)
        return least + self.test.reach(1 - FOUND)

    def estimate(self, verdict: VerdictKind) -> StoredEstimate:
        """The numbers behind the verdict."""
        test = self.test
        strict, loose = test.reach(self.level), test.reach(BETA)
        if verdict is VerdictKind.IMPROVED:
            strict, loose = loose, strict
        return StoredEstimate(
            mean=test.mean,
            standard_error=test.error,
            launch_sd=math.sqrt(test.spread.variance),
            freedom=test.spread.freedom,
            is_noisier=test.spread.is_noisier,
            tau=self.tau,
            p_slower=test.p_slower,
            lower=test.mean - strict,
            upper=test.mean + loose,
            smallest_loss=as_loss(self._smallest_effect),
            is_significant=min(test.p_slower, test.p_faster) < self.level,
        )
