"""suite.analysis.gate_verdicts: whether cells became slower since a stored baseline."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from suite.analysis.gate_verdicts import canary_shift, judge_stored
from suite.model.ab import VerdictKind
from suite.model.gate import (
    Base,
    CanaryShift,
    Doubt,
    StoredEstimate,
    StoredLaunches,
    StoredVerdict,
    Tau,
)

PASS, REGRESSED = VerdictKind.PASS, VerdictKind.REGRESSED
IMPROVED, INCONCLUSIVE = VerdictKind.IMPROVED, VerdictKind.INCONCLUSIVE
ASSUMED = Tau(sd=0.01, sessions=1, is_assumed=True)
MEASURED = Tau(sd=0.005, sessions=5, is_assumed=False)
# Five launches with mean 0 and standard deviation 1.
WOBBLE = [value / math.sqrt(2.5) for value in (-1, 2, 0, -2, 1)]


def around(level: float, sd: float = 0.01) -> tuple[float, ...]:
    """Five launches around a level."""
    return tuple(level + sd * each for each in WOBBLE)


def apart(change: float, sd: float = 0.01, sessions: int = 1) -> StoredLaunches:
    """A cell that changed by so much since a baseline of sessions without a difference."""
    return StoredLaunches(today=around(change, sd), sessions=(around(0.0, sd),) * sessions)


def judge(
    cells: Mapping[str, StoredLaunches],
    *,
    tau: Tau = MEASURED,
    base: Base = Base.CANNOT_BE_BUILT,
    effect: float = 0.05,
    metrics: int = 1,
    canary: CanaryShift | None = None,
) -> Mapping[str, StoredVerdict]:
    """The verdicts with one minimum effect for all cells."""
    return judge_stored(
        cells,
        dict.fromkeys(cells, math.log1p(effect)),
        tau=tau,
        base=base,
        metrics=metrics,
        canary=canary,
    )


def judge_one(
    cell: StoredLaunches,
    *,
    siblings: int = 26,
    tau: Tau = MEASURED,
    base: Base = Base.CANNOT_BE_BUILT,
    canary: CanaryShift | None = None,
) -> StoredVerdict:
    """The verdict on a cell beside others that did not change."""
    same = apart(0.0, sessions=len(cell.sessions))
    cells = {"cell": cell, **{f"sibling {number}": same for number in range(siblings)}}
    return judge(cells, tau=tau, base=base, canary=canary)["cell"]


def estimated(verdict: StoredVerdict) -> StoredEstimate:
    assert verdict.estimate is not None
    return verdict.estimate


def shift(mean: float) -> CanaryShift:
    return CanaryShift(mean=mean, standard_error=0.001, limit=0.015)


def test_one_cell_is_judged_by_hand() -> None:
    """Two sides of five launches with sd 1 %, days of 1 %: t of 8 degrees is in any table."""
    verdict = judge({"cell": apart(0.12)}, tau=ASSUMED)["cell"]
    estimate = estimated(verdict)
    error = math.sqrt(1e-4 * (1 / 5 + 1 / 5) + 1e-4 * 2)

    assert (estimate.mean, estimate.standard_error) == pytest.approx((0.12, error))
    assert (estimate.launch_sd, estimate.freedom) == pytest.approx((0.01, 8))
    assert (estimate.is_noisier, estimate.tau) == (False, ASSUMED)
    assert estimate.p_slower == pytest.approx(stats.t.sf(0.12 / error, 8))
    assert estimate.lower == pytest.approx(0.12 - 3.3554 * error, abs=1e-6)
    assert estimate.upper == pytest.approx(0.12 + 1.8595 * error, abs=1e-6)
    assert estimate.is_significant
    # The limit of an assumed tau, 10 %, is above 3.3554 errors; t at 10 % is 1.3968.
    assert estimate.smallest_loss == pytest.approx(1.1 * math.exp(1.3968 * error) - 1, abs=1e-5)
    assert (verdict.verdict, verdict.doubt) == (REGRESSED, None)
    assert (verdict.today, verdict.in_baseline, verdict.sessions) == (5, 5, 1)


def test_losses_are_shares() -> None:
    """A mean of ln 1.12 is a loss of 12 %, and a minimum effect of ln 1.05 one of 5 %."""
    verdict = judge({"cell": apart(math.log(1.12))})["cell"]
    estimate = estimated(verdict)

    assert (estimate.loss, verdict.minimum_loss) == pytest.approx((0.12, 0.05))
    assert estimate.least_loss == pytest.approx(math.exp(estimate.lower) - 1)
    assert estimate.most_loss == pytest.approx(math.exp(estimate.upper) - 1)


def test_unequal_sessions_have_their_own_error() -> None:
    """Three sessions of 2, 1 and 3 launches: pooled variance 1e-4 on 3 + 1 + 2 degrees."""
    r = 0.01
    cell = StoredLaunches(
        today=(0.2 - r, 0.2 + r, 0.2 - r / math.sqrt(2), 0.2 + r / math.sqrt(2)),
        sessions=((-r / math.sqrt(2), r / math.sqrt(2)), (0.0,), (-r, 0.0, r), ()),
    )
    verdict = judge({"cell": cell}, tau=ASSUMED)["cell"]
    estimate = estimated(verdict)

    assert estimate.freedom == 6
    assert estimate.launch_sd == pytest.approx(r)
    assert estimate.standard_error == pytest.approx(
        math.sqrt(1e-4 * (1 / 4 + (1 / 2 + 1 + 1 / 3) / 9) + 1e-4 * 4 / 3)
    )
    assert (verdict.today, verdict.in_baseline, verdict.sessions) == (4, 6, 3)


def test_cells_lend_each_other_their_spread() -> None:
    """27 cells alike have 27 times 8 degrees of freedom, and 8 where there are two."""
    assert estimated(judge_one(apart(0.0))).freedom == pytest.approx(216)
    assert estimated(judge_one(apart(0.0), siblings=1)).freedom == 8


def test_a_cell_that_is_noisier_than_the_others_stands_alone() -> None:
    """Its error is not made smaller by quiet siblings."""
    estimate = estimated(judge_one(apart(0.0, sd=0.05)))

    assert estimate.is_noisier
    assert (estimate.launch_sd, estimate.freedom) == pytest.approx((0.05, 8))


def test_what_did_not_change_passes() -> None:
    """With an upper bound below the minimum effect."""
    verdict = judge_one(apart(0.0), base=Base.CAN_BE_BUILT, tau=ASSUMED)

    assert (verdict.verdict, verdict.doubt) == (PASS, None)
    assert estimated(verdict).most_loss < verdict.minimum_loss
    assert not verdict.is_suspect
    assert not verdict.wants_ab


def test_a_loss_below_the_minimum_effect_passes_and_is_suspect() -> None:
    """2 % slower, which chance explains in under 5 %."""
    verdict = judge_one(apart(0.02))

    assert verdict.verdict is PASS
    assert verdict.is_suspect


def test_red_needs_an_ab_wherever_the_base_can_be_built() -> None:
    """However large the loss is."""
    verdict = judge_one(apart(0.5), base=Base.CAN_BE_BUILT)

    assert (verdict.verdict, verdict.doubt) == (INCONCLUSIVE, Doubt.NEEDS_AB)
    assert verdict.is_suspect
    assert verdict.wants_ab


@pytest.mark.parametrize(
    ("tau", "effect", "loss", "expected"),
    [
        (MEASURED, 0.03, 0.045, (INCONCLUSIVE, Doubt.SMALL_LOSS)),
        (MEASURED, 0.03, 0.055, (REGRESSED, None)),
        (MEASURED, 0.05, 0.055, (REGRESSED, None)),
        (ASSUMED, 0.05, 0.095, (INCONCLUSIVE, Doubt.ASSUMED_TAU)),
        (ASSUMED, 0.05, 0.105, (REGRESSED, None)),
    ],
)
def test_without_an_ab_only_a_large_loss_is_red(
    tau: Tau, effect: float, loss: float, expected: tuple[VerdictKind, Doubt | None]
) -> None:
    """Above 5 % where five sessions tell how days differ, and above 10 % where that is assumed."""
    same = {f"sibling {number}": apart(0.0, sd=0.005) for number in range(26)}
    cells = {"cell": apart(math.log1p(loss), sd=0.005), **same}
    verdict = judge(cells, tau=tau, effect=effect)["cell"]

    assert (verdict.verdict, verdict.doubt) == expected


def test_a_loss_within_chance_is_never_red() -> None:
    """12 % slower where launches vary by 10 %."""
    cells = {str(number): apart(0.0, sd=0.1) for number in range(26)}
    verdict = judge({"cell": apart(0.12, sd=0.1), **cells})["cell"]

    assert verdict.verdict is INCONCLUSIVE
    assert not estimated(verdict).is_significant


def test_improved_is_the_mirror_image_of_regressed() -> None:
    """The same sizes are called and not called, bounds and all."""
    for tau, change in ((MEASURED, 0.04), (MEASURED, 0.06), (ASSUMED, 0.09), (ASSUMED, 0.11)):
        slower, faster = judge_one(apart(change), tau=tau), judge_one(apart(-change), tau=tau)
        one, other = estimated(slower), estimated(faster)

        assert (slower.verdict is REGRESSED) == (faster.verdict is IMPROVED)
        assert other.p_slower == pytest.approx(1 - one.p_slower)
        if faster.verdict is IMPROVED:
            assert (other.lower, other.upper) == pytest.approx((-one.upper, -one.lower))
    assert judge_one(apart(-0.06)).verdict is IMPROVED
    assert judge_one(apart(-0.11), tau=ASSUMED).verdict is IMPROVED


def test_a_gain_that_may_not_be_called_passes() -> None:
    """It is at least no loss: with an A/B to be had, and below the limits."""
    assert judge_one(apart(-0.5), base=Base.CAN_BE_BUILT).verdict is PASS
    assert judge_one(apart(-0.09), tau=ASSUMED).verdict is PASS


@pytest.mark.parametrize("change", [0.3, -0.3])
@pytest.mark.parametrize("moved", [0.02, -0.02])
def test_a_canary_that_moved_forbids_to_call_anything(change: float, moved: float) -> None:
    """No cell is red or improved, whichever way the machine changed."""
    verdict = judge_one(apart(change), canary=shift(moved))

    assert verdict.verdict in {INCONCLUSIVE, PASS}
    assert verdict.doubt is (Doubt.CANARY_MOVED if verdict.verdict is INCONCLUSIVE else None)


def test_a_faster_canary_may_hide_a_loss() -> None:
    """So no cell passes either; a slower one makes passing harder, and what passes passes."""
    faster = judge_one(apart(0.0), canary=shift(-0.02))

    assert (faster.verdict, faster.doubt) == (INCONCLUSIVE, Doubt.CANARY_MOVED)
    assert judge_one(apart(0.0), canary=shift(0.02)).verdict is PASS


def test_a_canary_that_did_not_move_changes_nothing() -> None:
    """It is no proof that days are alike, and is never subtracted."""
    for change in (0.0, 0.04, 0.3, -0.3):
        assert judge_one(apart(change), canary=shift(0.014)) == judge_one(apart(change))


def test_a_comparison_that_misses_the_loss_wanted_says_so() -> None:
    """Where launches vary by 3 % nothing is shown, and 8.5 % would not be found."""
    cells = {str(number): apart(0.03, sd=0.03) for number in range(27)}
    verdict = judge(cells, base=Base.CAN_BE_BUILT)["0"]

    assert (verdict.verdict, verdict.doubt) == (INCONCLUSIVE, Doubt.TOO_COARSE)
    assert estimated(verdict).smallest_loss > 1.05 ** (5 / 3) - 1
    assert verdict.wants_ab


def test_a_larger_loss_wanted_may_be_found() -> None:
    """The same cells, if 20 % is what matters: inconclusive for no reason but the numbers."""
    cells = {str(number): apart(0.03, sd=0.03) for number in range(27)}
    verdict = judge_stored(
        cells,
        dict.fromkeys(cells, math.log(1.05)),
        tau=MEASURED,
        base=Base.CAN_BE_BUILT,
        wanted_effects=dict.fromkeys(cells, math.log(1.2)),
    )["0"]

    assert (verdict.verdict, verdict.doubt) == (INCONCLUSIVE, None)


def test_the_smallest_loss_is_found_nine_times_in_ten() -> None:
    """By its numbers: 4.7 to 4.9 errors for 27 cells, where that is more than the minimum."""
    estimate = estimated(judge_one(apart(0.0), base=Base.CAN_BE_BUILT, tau=ASSUMED))

    assert math.log1p(estimate.smallest_loss) / estimate.standard_error == pytest.approx(
        stats.t.isf(0.005 / 27, 216) + stats.t.isf(0.1, 216)
    )
    assert math.log1p(estimate.smallest_loss) / estimate.standard_error == pytest.approx(
        4.9, abs=0.1
    )


def test_all_cells_and_metrics_share_the_risk() -> None:
    """A cell that is significant alone is not beside a thousand without a launch, or as one of ten.

    The cell is 4.1 errors slower; 3.4, 5.9 and 4.5 would be needed.
    """
    cell = {"cell": apart(4.1 * math.sqrt(0.4e-4 + 2 * 0.005**2))}
    failed = {str(number): StoredLaunches(today=(), sessions=()) for number in range(1000)}

    assert estimated(judge(cell, effect=0.01)["cell"]).is_significant
    assert not estimated(judge({**cell, **failed}, effect=0.01)["cell"]).is_significant
    assert not estimated(judge(cell, effect=0.01, metrics=10)["cell"]).is_significant
    effects = {"cell": math.log1p(0.01)}
    one = judge_stored(cell, effects, tau=MEASURED, base=Base.CANNOT_BE_BUILT)
    assert one == judge(cell, effect=0.01)


def test_holm_steps_down() -> None:
    """What is not significant alone among 27 is, once the 20 others that are slower are set aside.

    3.5 errors have p = 2.8e-4: above 0.005 / 27 and below 0.005 / 7.
    """
    error = math.sqrt(0.4e-4 + 2 * 0.005**2)
    cells = {str(number): apart(0.0) for number in range(6)}
    cells["cell"] = apart(3.5 * error)
    alone = judge({**cells, **{f"same {number}": apart(0.0) for number in range(20)}}, effect=0.03)
    among = judge({**cells, **{f"slow {number}": apart(0.5) for number in range(20)}}, effect=0.03)

    assert alone["cell"].doubt is not Doubt.SMALL_LOSS
    assert among["cell"].doubt is Doubt.SMALL_LOSS


@pytest.mark.parametrize(
    ("today", "sessions"),
    [
        ((), ((0.0, 0.01, 0.02),)),
        ((0.5, 0.51), ((0.0, 0.01, 0.02),)),
        ((0.5, 0.51, 0.52), ((0.0, 0.01),)),
        ((0.5, 0.51, 0.52), ((0.0,), (), (0.01,))),
        ((0.5, 0.51, 0.52), ()),
    ],
)
def test_too_few_launches_are_inconclusive(
    today: tuple[float, ...], sessions: tuple[tuple[float, ...], ...]
) -> None:
    """Under 3 today, or in the baseline in all; and other cells do not borrow from it."""
    cells = {"cell": StoredLaunches(today=today, sessions=sessions)}
    verdict = judge({**cells, "other": apart(0.0)})["cell"]

    assert (verdict.verdict, verdict.doubt) == (INCONCLUSIVE, Doubt.TOO_FEW)
    assert verdict.estimate is None
    assert not verdict.is_suspect


def test_three_single_launches_of_a_baseline_are_enough() -> None:
    """Today tells how launches vary, and each session its level."""
    cell = StoredLaunches(today=around(0.0), sessions=((0.0,), (0.01,), (-0.01,)))
    estimate = estimated(judge({"cell": cell}, tau=ASSUMED)["cell"])

    assert estimate.freedom == 4
    assert estimate.standard_error == pytest.approx(
        math.sqrt(1e-4 * (1 / 5 + 3 / 9) + 1e-4 * 4 / 3)
    )


def test_launches_that_do_not_vary_tell_nothing_of_how_launches_vary() -> None:
    """Alone such a cell has no verdict; what rounding leaves between launches does not count."""
    cell = StoredLaunches(today=(0.3, 0.3 + 1e-15, 0.3), sessions=((0.1, 0.1, 0.1),))
    verdict = judge({"cell": cell})["cell"]

    assert (verdict.verdict, verdict.doubt) == (INCONCLUSIVE, Doubt.UNVARYING)
    assert verdict.estimate is None


def test_launches_that_do_not_vary_borrow_from_their_siblings() -> None:
    """Beside cells that vary, a cell that does not has a verdict."""
    verdict = judge_one(apart(0.3, sd=0.0))

    assert verdict.verdict is REGRESSED
    assert estimated(verdict).launch_sd > 0


def on_days(change: float, tau: float, order: Sequence[int]) -> StoredLaunches:
    """A cell beside five sessions whose levels differ by tau, in some order."""
    levels = [tau * WOBBLE[place] for place in order]
    return StoredLaunches(today=around(change), sessions=tuple(map(around, levels)))


def test_a_cell_whose_days_differ_more_has_a_tau_of_its_own() -> None:
    """Days of this cell are 4 % apart, those of the others 0.5 %: 6 % more is another day, no loss.

    It is far noisier between days, so the variance of its means stands alone, less a fifth of that
    of launches, with the 4 degrees of freedom of five sessions.
    """
    others = {str(number): on_days(0.0, 0.005, (number % 5, 1, 2, 3, 4)) for number in range(26)}
    verdicts = judge({"cell": on_days(0.06, 0.04, range(5)), **others})
    own = estimated(verdicts["cell"]).tau

    assert verdicts["cell"].verdict is INCONCLUSIVE
    assert own.sd == pytest.approx(math.sqrt(0.04**2 - 1e-4 / 5))
    assert (own.sessions, own.is_assumed) == (5, False)
    assert estimated(verdicts["cell"]).freedom == 4
    assert estimated(verdicts["0"]).tau == MEASURED
    assert estimated(verdicts["0"]).freedom > 100


def test_days_that_differ_as_expected_keep_the_tau_of_all_cells() -> None:
    """Half a per cent, with what launches make of it."""
    cells = {str(number): on_days(0.06, 0.0065, range(5)) for number in range(27)}

    assert {estimated(verdict).tau for verdict in judge(cells).values()} == {MEASURED}


def test_two_days_far_apart_are_not_taken_for_a_day_like_another() -> None:
    """A cell alone, 20 % slower than sessions that are 20 % apart, with one degree of freedom."""
    cell = StoredLaunches(today=around(0.3), sessions=(around(0.0), around(0.2)))
    verdict = judge({"cell": cell}, tau=replace(ASSUMED, sessions=2))["cell"]

    assert verdict.verdict is INCONCLUSIVE
    assert estimated(verdict).tau.sd == pytest.approx(math.sqrt(0.2**2 / 2 - 1e-4 / 5))
    assert estimated(verdict).freedom == 1


def test_no_cells_have_no_verdicts() -> None:
    """A run of which nothing is gated."""
    assert judge({}) == {}


def test_numbers_are_always_numbers() -> None:
    """Whatever the launches: constant, alone, far apart, tiny or large."""
    chance = np.random.default_rng(1)

    def session() -> tuple[float, ...]:
        scale = chance.choice([0.0, 1e-12, 0.01, 10.0])
        return tuple((scale * chance.standard_normal(chance.integers(0, 5))).tolist())

    for _ in range(150):
        cells = {
            str(number): StoredLaunches(
                today=session(), sessions=tuple(session() for _ in range(chance.integers(0, 7)))
            )
            for number in range(chance.integers(1, 6))
        }
        for verdict in judge(cells).values():
            found = verdict.estimate
            assert (found is None) == (verdict.doubt in {Doubt.TOO_FEW, Doubt.UNVARYING})
            if found is not None:
                numbers: Sequence[float] = (
                    found.mean, found.standard_error, found.launch_sd, found.freedom,
                    found.p_slower, found.lower, found.upper, found.tau.sd, found.loss,
                    found.least_loss, found.most_loss, found.smallest_loss,
                )  # fmt: skip
                assert all(map(math.isfinite, numbers))
                assert found.standard_error > 0


def test_the_canary_is_held_to_its_own_launches() -> None:
    """Two sides of five with sd 1 %: an error of 0.63 %, and a limit of three of them."""
    found = canary_shift(apart(0.02))
    error = 0.01 * math.sqrt(2 / 5)

    assert found is not None
    assert (found.mean, found.standard_error) == pytest.approx((0.02, error))
    assert found.limit == pytest.approx(3 * error)
    assert found.has_moved
    assert found.loss == pytest.approx(math.exp(0.02) - 1)
    before = canary_shift(apart(-0.018))
    assert before is not None
    assert not before.has_moved


def test_a_quiet_canary_may_move_by_one_and_a_half_per_cent() -> None:
    """Either way; and one that does not vary at all is held to that as well."""
    for sd in (0.0, 0.001):
        for mean, moved in ((0.0140, False), (-0.0140, False), (0.0155, True), (-0.0155, True)):
            found = canary_shift(apart(mean, sd=sd))
            assert found is not None
            assert found.limit == pytest.approx(math.log(1.015))
            assert found.has_moved is moved


def test_a_canary_with_too_few_launches_tells_nothing() -> None:
    """Under 3 today, or in the baseline."""
    few = (0.0, 0.1)

    assert canary_shift(StoredLaunches(today=few, sessions=(around(0.0),))) is None
    assert canary_shift(StoredLaunches(today=around(0.0), sessions=(few, ()))) is None
