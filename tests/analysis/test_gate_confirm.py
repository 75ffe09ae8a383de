"""suite.analysis.gate_confirm: cells that a stored baseline left open, measured again in pairs."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from suite.analysis.ab_look import Pairs
from suite.analysis.ab_verdicts import judge_pairs
from suite.analysis.gate_confirm import confirm_stored
from suite.analysis.moderation import moderate
from suite.model.ab import PairEstimate, PairVerdict, VerdictKind, fixed
from suite.model.gate import StoredLaunches

# Five numbers with mean 0 and standard deviation 1.
WOBBLE = [value / math.sqrt(2.5) for value in (-1, 2, 0, -2, 1)]


def around(level: float, sd: float) -> tuple[float, ...]:
    """Five launches or pairs around a level."""
    return tuple(level + sd * each for each in WOBBLE)


def stored(sd: float = 0.01, sessions: int = 1) -> StoredLaunches:
    """A cell whose launches vary by so much, on each day."""
    return StoredLaunches(today=around(0.5, sd), sessions=(around(0.0, sd),) * sessions)


def confirm(
    pairs: Mapping[str, Pairs], cells: Mapping[str, StoredLaunches], metrics: int = 1
) -> Mapping[str, PairVerdict]:
    """The verdicts with a minimum effect of 3 % for all cells."""
    return confirm_stored(pairs, cells, dict.fromkeys(cells, math.log(1.03)), metrics)


def estimated(verdict: PairVerdict) -> PairEstimate:
    assert verdict.estimate is not None
    return verdict.estimate


def test_one_cell_is_confirmed_by_hand() -> None:
    """Twice 1e-4 on 8 degrees of freedom and 2.25e-4 on 4 make 2.0833e-4 on 12."""
    verdict = confirm({"cell": around(0.05, 0.015)}, {"cell": stored()})["cell"]
    estimate = estimated(verdict)
    error = math.sqrt((8 * 2e-4 + 4 * 2.25e-4) / 12 / 5)

    assert (estimate.mean, estimate.standard_error) == pytest.approx((0.05, error))
    assert estimate.freedom == 12
    assert estimate.p_slower == pytest.approx(stats.t.sf(0.05 / error, 12))
    assert estimate.lower == pytest.approx(0.05 - stats.t.isf(0.005, 12) * error)
    assert estimate.upper == pytest.approx(0.05 + stats.t.isf(0.05, 12) * error)
    assert verdict.verdict is VerdictKind.REGRESSED
    assert (verdict.look, verdict.pairs, verdict.is_decided) == (5, 5, True)


def test_what_differs_between_days_does_not_count() -> None:
    """Today is 50 % slower than the baseline, and the pairs show no loss."""
    verdict = confirm({"cell": around(0.0, 0.01)}, {"cell": stored()})["cell"]

    assert verdict.verdict is VerdictKind.PASS


def test_a_gain_is_confirmed_as_well() -> None:
    """5 % faster in pairs, though it looked slow beside the baseline."""
    verdict = confirm({"cell": around(-0.05, 0.01)}, {"cell": stored()})["cell"]

    assert verdict.verdict is VerdictKind.IMPROVED


def test_cells_that_were_not_measured_again_lend_their_spread() -> None:
    """Twice the variance of their launches, with the degrees of freedom of all their days."""
    cells = {"cell": stored(0.01), "quiet": stored(0.008), "other": stored(0.012, sessions=5)}
    estimate = estimated(confirm({"cell": around(0.05, 0.015)}, cells)["cell"])
    moderated = moderate(
        [(8 * 2e-4 + 4 * 2.25e-4) / 12, 2 * 0.008**2, 2 * 0.012**2], [12, 8, 24]
    ).cells[0]

    assert estimate.standard_error == pytest.approx(math.sqrt(moderated.variance / 5))
    assert estimate.freedom == pytest.approx(moderated.freedom)


def test_pairs_of_a_noisy_hour_are_judged_by_themselves() -> None:
    """Ten times as noisy as the launches beside the baseline: their variance and 4 degrees."""
    estimate = estimated(confirm({"cell": around(0.05, 0.1)}, {"cell": stored()})["cell"])

    assert estimate.standard_error == pytest.approx(0.1 / math.sqrt(5))
    assert estimate.freedom == 4


def test_quiet_pairs_are_not_taken_at_their_word() -> None:
    """Five that happen to agree keep the spread of the launches."""
    estimate = estimated(confirm({"cell": around(0.05, 0.001)}, {"cell": stored()})["cell"])

    assert estimate.standard_error == pytest.approx(math.sqrt((8 * 2e-4 + 4 * 1e-6) / 12 / 5))


def test_without_launches_beside_the_baseline_pairs_stand_alone() -> None:
    """As in an A/B of this cell."""
    pairs = {"cell": around(0.05, 0.01)}
    verdicts = confirm(pairs, {"cell": StoredLaunches(today=(0.1,), sessions=((0.0,),))})

    assert verdicts == judge_pairs(pairs, {"cell": math.log(1.03)}, fixed(5))


def test_the_family_is_all_gated_cells() -> None:
    """Not the suspects alone, which were chosen for looking slow."""
    pairs = {"cell": around(0.035, 0.01)}
    failed = {str(number): StoredLaunches(today=(), sessions=()) for number in range(1000)}

    assert confirm(pairs, {"cell": stored()})["cell"].verdict is VerdictKind.REGRESSED
    among = confirm(pairs, {"cell": stored(), **failed})
    assert list(among) == ["cell"]
    assert among["cell"].verdict is VerdictKind.INCONCLUSIVE


def test_gated_metrics_share_alpha() -> None:
    """Each has its own half, in bounds as in verdicts."""
    one, half = (
        estimated(confirm({"cell": around(0.05, 0.01)}, {"cell": stored()}, metrics)["cell"])
        for metrics in (1, 2)
    )

    assert half.lower is not None
    reach = stats.t.isf(0.0025, 12) * half.standard_error
    assert half.mean - half.lower == pytest.approx(reach)
    assert half.upper == one.upper
    cells = {"cell": stored()}
    effects = {"cell": math.log(1.03)}
    assert confirm_stored({"cell": around(0.05, 0.01)}, cells, effects)["cell"].estimate == one


def test_a_failed_round_has_no_pair() -> None:
    """Four pairs of five are used; with two the cell is inconclusive and has no estimate."""
    cells = {"four": stored(), "two": stored()}
    four = [*around(0.05, 0.01)[:4], None]
    verdicts = confirm({"four": four, "two": [0.3, None, None, None, 0.3]}, cells)

    assert verdicts["four"].pairs == 4
    assert estimated(verdicts["four"]).freedom == 8 + 3
    assert (verdicts["two"].verdict, verdicts["two"].pairs) == (VerdictKind.INCONCLUSIVE, 2)
    assert verdicts["two"].estimate is None


def test_nothing_varies_nothing_is_said() -> None:
    """Alone, a cell of which neither launches nor pairs vary has no verdict."""
    verdict = confirm({"cell": [0.1] * 5}, {"cell": stored(sd=0.0)})["cell"]

    assert (verdict.verdict, verdict.estimate) == (VerdictKind.INCONCLUSIVE, None)


@pytest.mark.parametrize("pairs", [{}, {"cell": []}, {"cell": [0.1, 0.2]}])
def test_too_few_rounds_decide_nothing(pairs: Mapping[str, Pairs]) -> None:
    """None at all, or fewer than three."""
    verdicts = confirm(pairs, {"cell": stored()})

    assert list(verdicts) == list(pairs)
    assert all(each.verdict is VerdictKind.INCONCLUSIVE for each in verdicts.values())


def test_one_cell_finds_more_with_the_spread_of_earlier_launches() -> None:
    """A loss of 5 % where launches vary by 2 %: found in four of five cases, not in two of five.

    Twenty-one launches beside the baseline lend 19 degrees of freedom to five pairs.
    """
    chance = np.random.default_rng(1)
    effects = {"cell": math.log(1.03)}
    lent, alone = [], []
    for _ in range(500):
        today, before = (0.02 * chance.standard_normal(count) for count in (5, 16))
        cells = {"cell": StoredLaunches(today=tuple(today), sessions=(tuple(before),))}
        sides = 0.02 * chance.standard_normal((2, 5))
        pairs = {"cell": (sides[1] - sides[0] + math.log(1.05)).tolist()}
        lent.append(confirm(pairs, cells)["cell"].verdict is VerdictKind.REGRESSED)
        alone.append(judge_pairs(pairs, effects, fixed(5))["cell"].verdict is VerdictKind.REGRESSED)

    assert np.mean(lent) == pytest.approx(0.80, abs=0.06)
    assert np.mean(alone) == pytest.approx(0.41, abs=0.07)
