"""suite.analysis.ab_verdicts: whether cells became slower or faster from A to B."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from builders import make_cell

from suite.analysis.ab_look import Pairs
from suite.analysis.ab_verdicts import judge_pairs, minimum_effect
from suite.analysis.moderation import moderate
from suite.model.ab import (
    AB_SEQUENTIAL,
    GATE,
    PairEstimate,
    PairVerdict,
    Setting,
    VerdictKind,
    fixed,
)

PASS, REGRESSED = VerdictKind.PASS, VerdictKind.REGRESSED
IMPROVED, INCONCLUSIVE = VerdictKind.IMPROVED, VerdictKind.INCONCLUSIVE
# Five pairs with mean 0 and standard deviation 1.
WOBBLE = [value / math.sqrt(2.5) for value in (-1, 2, 0, -2, 1)]


def around(*levels: float, sd: float = 0.01) -> list[float]:
    """Five pairs around each level in turn."""
    return [level + sd * each for level in levels for each in WOBBLE]


def judge(
    pairs: Mapping[str, Pairs], setting: Setting = GATE, effect: float = 0.03
) -> Mapping[str, PairVerdict]:
    """The verdicts with one minimum effect for all cells."""
    return judge_pairs(pairs, dict.fromkeys(pairs, math.log1p(effect)), setting)


def with_siblings(
    pairs: Pairs, rounds: int = 10, siblings: int = 26, sd: float = 0.01
) -> dict[str, Pairs]:
    """A cell beside others that did not change."""
    unchanged = around(*[0.0] * (rounds // 5), sd=sd)
    return {"cell": pairs, **{f"sibling {number}": unchanged for number in range(siblings)}}


def estimated(verdict: PairVerdict) -> PairEstimate:
    assert verdict.estimate is not None
    return verdict.estimate


def test_the_worked_example() -> None:
    """Three cells of five pairs, every number as worked out by hand."""
    rows = {
        "slower": [5.1, 4.2, 5.9, 4.6, 5.2],
        "same": [0.3, -0.8, 0.9, -0.2, 0.5],
        "noisy": [2.4, -1.9, 3.8, 0.6, -3.1],
    }
    verdicts = judge({cell: [each / 100 for each in row] for cell, row in rows.items()}, fixed(5))
    estimates = [estimated(verdict) for verdict in verdicts.values()]

    assert [each.verdict for each in verdicts.values()] == [REGRESSED, PASS, PASS]
    assert [each.mean for each in estimates] == pytest.approx([0.05, 0.0014, 0.0036])
    assert [each.mean / each.standard_error for each in estimates] == pytest.approx(
        [15.8125, 0.4372, 0.3254], abs=1e-3
    )
    assert [each.freedom for each in estimates] == pytest.approx([5.5995] * 3, abs=1e-3)
    assert [each.p_slower for each in estimates] == pytest.approx(
        [3.673e-6, 0.3392, 0.3784], rel=1e-3
    )
    assert [100 * each.upper for each in estimates] == pytest.approx(
        [5.6224, 0.7704, 2.5378], abs=1e-3
    )


def test_one_cell_is_judged_by_its_own_pairs() -> None:
    """Mean, standard error and bounds by hand; t of 4 degrees of freedom is in any table."""
    verdict = judge({"cell": around(0.05)}, fixed(5))["cell"]
    estimate = estimated(verdict)
    error = 0.01 / math.sqrt(5)

    assert (estimate.mean, estimate.standard_error) == pytest.approx((0.05, error))
    assert (estimate.freedom, estimate.is_noisier) == (4, False)
    assert estimate.lower == pytest.approx(0.05 - 4.6041 * error, abs=1e-5)
    assert estimate.upper == pytest.approx(0.05 + 2.1318 * error, abs=1e-5)
    assert (verdict.verdict, verdict.look, verdict.pairs) == (REGRESSED, 5, 5)


def test_losses_are_shares() -> None:
    """A mean of ln 1.1 is a loss of 10 %, and a minimum effect of ln 1.03 one of 3 %."""
    verdict = judge({"cell": around(math.log(1.1))}, fixed(5))["cell"]
    estimate = estimated(verdict)

    assert estimate.loss == pytest.approx(0.1)
    assert verdict.minimum_loss == pytest.approx(0.03)
    assert estimate.found_loss == pytest.approx(1.03 ** (5 / 3) - 1)
    assert estimate.lower is not None
    assert estimate.least_loss == pytest.approx(math.exp(estimate.lower) - 1)
    assert estimate.most_loss == pytest.approx(math.exp(estimate.upper) - 1)


@pytest.mark.parametrize("siblings", [0, 1])
def test_one_or_two_cells_borrow_nothing(siblings: int) -> None:
    """Each has its own variance, however much the other one varies."""
    pairs = with_siblings(around(0.0, sd=0.01), rounds=5, siblings=siblings, sd=0.3)
    estimate = estimated(judge(pairs, fixed(5))["cell"])

    assert estimate.standard_error == pytest.approx(0.01 / math.sqrt(5))
    assert estimate.freedom == 4


def test_every_cell_of_the_run_counts_in_the_family() -> None:
    """What is red alone is not red beside a thousand cells, though those have no pairs at all."""
    alone = {"cell": around(0.05)}
    crowd = {f"failed {number}": [None] * 5 for number in range(1000)}

    assert judge(alone, fixed(5))["cell"].verdict is REGRESSED
    assert judge({**alone, **crowd}, fixed(5))["cell"].verdict is INCONCLUSIVE


def test_a_loss_below_the_minimum_effect_passes_and_is_told() -> None:
    """1.2 % slower beyond doubt is no regression where 3 % is the minimum."""
    verdict = judge(with_siblings(around(0.012, 0.012, sd=0.002), sd=0.002))["cell"]

    assert verdict.verdict is PASS
    assert verdict.look == 5
    assert estimated(verdict).is_significant
    assert verdict.is_suspect


def test_significant_means_beyond_the_chances_of_all_looks_and_cells() -> None:
    """0.0027 is enough for a cell alone at one look, not at two; 0.0005 not among 60 cells."""
    alone = {"cell": around(0.0245)}
    one, two = estimated(judge(alone, fixed(5))["cell"]), estimated(judge(alone)["cell"])
    among = estimated(judge(with_siblings(around(0.015), rounds=5, siblings=59))["cell"])

    assert one.p_slower == two.p_slower == pytest.approx(0.0027, abs=1e-4)
    assert (one.is_significant, two.is_significant) == (True, False)
    assert among.p_slower == pytest.approx(0.0005, abs=1e-4)
    assert not among.is_significant


def test_an_estimate_below_the_minimum_effect_is_never_red() -> None:
    """2.9 % slower beyond doubt: not by more than 3 %, and not safely by less."""
    verdict = judge(with_siblings(around(0.0290, 0.0290)))["cell"]

    assert verdict.verdict is INCONCLUSIVE
    assert estimated(verdict).is_significant
    assert estimated(verdict).is_near_minimum


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (0.05, 0.0135, INCONCLUSIVE),
        (0.05, 0.0155, REGRESSED),
        (-0.05, -0.0135, PASS),
        (-0.05, -0.0155, IMPROVED),
    ],
)
def test_a_change_needs_to_be_seen_again(
    first: float, second: float, expected: VerdictKind
) -> None:
    """By half the minimum effect (1.48 %) at least, in the rounds after the first look alone."""
    verdict = judge(with_siblings(around(first, second), sd=0.02))["cell"]

    assert abs(estimated(verdict).mean) > math.log(1.03)
    assert estimated(verdict).is_significant
    assert verdict.verdict is expected


def test_red_needs_pairs_after_the_first_look() -> None:
    """If all of them failed, nothing has been seen again."""
    first = around(0.10, sd=0.001)

    assert judge(with_siblings([*first, *[None] * 5]))["cell"].verdict is INCONCLUSIVE
    assert judge(with_siblings([*first, *[None] * 4, 0.1]))["cell"].verdict is REGRESSED


@pytest.mark.parametrize("change", [0.2, -0.2])
def test_a_look_without_alpha_decides_no_change(change: float) -> None:
    """It stays open for the next look, a gain as well as a loss, and has no strict bound."""
    verdict = judge(with_siblings(around(change), rounds=5))["cell"]

    assert (verdict.verdict, verdict.is_decided) == (INCONCLUSIVE, False)
    assert estimated(verdict).lower is None
    assert estimated(verdict).least_loss is None


def test_improved_is_the_mirror_image_of_regressed() -> None:
    """With every sign changed the same cells are called the other way, bounds and all.

    No cell passes at the first look, whose variance the others would borrow in one of the two runs.
    """
    chance = np.random.default_rng(3)
    pairs = {
        f"cell {number}": (0.06 * (-1) ** number + 0.03 * chance.standard_normal(10)).tolist()
        for number in range(14)
    }
    verdicts = judge(pairs)
    mirrored = judge({cell: [-each for each in row] for cell, row in pairs.items()})

    for one, other in ((REGRESSED, IMPROVED), (IMPROVED, REGRESSED)):
        called = {cell for cell, verdict in verdicts.items() if verdict.verdict is one}
        assert 3 < len(called) < 8
        assert called == {cell for cell, verdict in mirrored.items() if verdict.verdict is other}
        for cell in called:
            estimate, mirror = estimated(verdicts[cell]), estimated(mirrored[cell])
            assert estimate.lower is not None
            assert mirror.lower is not None
            assert (mirror.lower, mirror.upper) == pytest.approx((-estimate.upper, -estimate.lower))
            assert mirror.p_slower == pytest.approx(1 - estimate.p_slower)


def test_a_gain_that_is_not_beyond_doubt_passes_at_a_look_that_could_tell() -> None:
    """4 % faster in noise: at the last look it is at least not slower."""
    verdict = judge(with_siblings(around(-0.04, -0.04, sd=0.06), sd=0.06))["cell"]

    assert estimated(verdict).mean < -math.log(1.03)
    assert (verdict.verdict, verdict.look) == (PASS, 10)


def test_a_round_without_a_pair_is_left_out() -> None:
    """Four pairs of five: their mean, and 3 degrees of freedom."""
    verdict = judge({"cell": [0.05, 0.04, None, 0.06, 0.05]}, fixed(5))["cell"]
    estimate = estimated(verdict)

    assert (verdict.pairs, verdict.look) == (4, 5)
    assert estimate.mean == pytest.approx(0.05)
    assert estimate.freedom == 3
    assert estimate.standard_error == pytest.approx(math.sqrt(0.0002 / 3 / 4))


@pytest.mark.parametrize("found", [0, 1, 2])
def test_under_three_pairs_is_inconclusive(found: int) -> None:
    """However large the change looks; and other cells do not borrow from it."""
    few = [*[0.3] * found, *[None] * (10 - found)]
    verdicts = judge(with_siblings(few, siblings=3))

    assert verdicts["cell"] == PairVerdict(
        verdict=INCONCLUSIVE,
        look=10,
        pairs=found,
        is_decided=True,
        is_out_of_reach=False,
        minimum_effect=math.log1p(0.03),
        estimate=None,
    )
    assert estimated(verdicts["sibling 0"]).freedom == pytest.approx(12)


def test_pairs_that_do_not_vary_tell_nothing_of_how_launches_vary() -> None:
    """A cell alone that is 10 % slower to the last digit has no interval, and no verdict.

    What rounding leaves between them does not count.
    """
    same = [0.1, 0.1 + 1e-16, 0.1 - 1e-16, 0.1 + 1e-15, 0.1]
    verdict = judge({"cell": same}, fixed(5))["cell"]

    assert (verdict.verdict, verdict.estimate) == (INCONCLUSIVE, None)


def test_pairs_that_do_not_vary_borrow_from_their_siblings() -> None:
    """Beside cells that vary, a cell that does not has a standard error and a verdict."""
    verdict = judge(with_siblings([0.1] * 10))["cell"]

    assert estimated(verdict).standard_error > 0
    assert verdict.verdict is REGRESSED


def test_a_cell_that_is_noisier_than_the_others_is_judged_by_its_own_spread() -> None:
    """It is said, and its error is not made smaller by quiet siblings."""
    estimate = estimated(judge(with_siblings(around(0.06, 0.06, sd=0.05)), fixed(10))["cell"])

    assert estimate.is_noisier
    assert estimate.freedom == 9
    assert estimate.standard_error == pytest.approx(0.05 * math.sqrt(8 / 9 / 10))


def test_a_decided_cell_keeps_its_verdict_and_its_variance() -> None:
    """The next look moderates by what it had when it was decided, and later pairs do not count."""
    pairs = with_siblings(around(0.05, 0.05), rounds=5, siblings=3, sd=0.012)
    verdicts = judge(pairs)
    moderation = moderate([*[0.012**2] * 3, 0.01**2 * 8 / 9], [4, 4, 4, 9])

    assert [verdicts[f"sibling {number}"].look for number in range(3)] == [5, 5, 5]
    estimate = estimated(verdicts["cell"])
    assert estimate.standard_error == pytest.approx(math.sqrt(moderation.cells[-1].variance / 10))
    assert estimate.freedom == pytest.approx(moderation.cells[-1].freedom)

    wild: dict[str, Pairs] = {cell: [*row[:5], *[9.0, -9.0] * 5] for cell, row in pairs.items()}
    wild["cell"] = pairs["cell"]
    assert judge(wild) == verdicts


def test_a_look_is_judged_when_every_open_cell_has_its_rounds() -> None:
    """A run that stops in between says what its last complete look said."""
    whole = with_siblings(around(0.05, 0.05))
    cut = with_siblings(around(0.05, 0.05)[:9])

    assert judge(cut)["cell"] == judge({**whole, "cell": whole["cell"][:5]})["cell"]
    assert judge(cut)["cell"].look == 5
    assert judge(whole)["cell"].look == 10


def test_before_the_first_look_nothing_is_said() -> None:
    """Twelve rounds of twenty are no look of a run with a fixed number."""
    verdict = judge({"cell": [0.2, 0.21] * 6}, fixed(20))["cell"]

    assert (verdict.verdict, verdict.look, verdict.estimate) == (INCONCLUSIVE, 0, None)
    assert not verdict.is_decided


def test_no_cells_have_no_verdicts() -> None:
    """A run of which every cell was skipped."""
    assert judge({}) == {}


def test_a_cell_whose_noise_hides_any_change_ends_early() -> None:
    """After the first look, if even twice the rounds would not decide it."""
    verdict = judge({"cell": around(0.0, sd=0.5)}, AB_SEQUENTIAL)["cell"]

    assert (verdict.verdict, verdict.look) == (INCONCLUSIVE, 5)
    assert verdict.is_decided
    assert verdict.is_out_of_reach
    assert estimated(verdict).pairs_to_find > 40
    assert estimated(verdict).pairs_to_pass > 40


def test_the_last_look_decides_that_nothing_is_shown() -> None:
    """An inconclusive cell is not measured any further, which has nothing to do with its noise."""
    verdict = judge(with_siblings(around(0.029, 0.029)))["cell"]

    assert (verdict.verdict, verdict.is_decided) == (INCONCLUSIVE, True)
    assert not verdict.is_out_of_reach


def test_each_cell_has_a_minimum_effect_of_its_own() -> None:
    """4 % is a regression where 3 % is the minimum, and passes where 5 % is."""
    rows = {"large batch": around(0.04, sd=0.002), "small batch": around(0.04, sd=0.002)}
    effects = {"large batch": math.log(1.03), "small batch": math.log(1.05)}
    verdicts = judge_pairs(rows, effects, fixed(5))

    assert [each.verdict for each in verdicts.values()] == [REGRESSED, PASS]
    assert [each.minimum_effect for each in verdicts.values()] == list(effects.values())


@pytest.mark.parametrize(("batch", "effect"), [(1, 0.05), (8, 0.05), (9, 0.03), (256, 0.03)])
def test_the_minimum_effect_of_a_cell(batch: int, effect: float) -> None:
    """5 % up to a batch size of 8, 3 % above."""
    cell = make_cell(batch_size=batch)

    assert math.expm1(minimum_effect(cell)) == pytest.approx(effect)


def kinds(verdicts: Mapping[str, PairVerdict], cells: Sequence[str]) -> list[VerdictKind]:
    return [verdicts[cell].verdict for cell in cells]


def test_the_order_of_cells_does_not_matter() -> None:
    """A run in another order says the same of each cell."""
    chance = np.random.default_rng(4)
    pairs = {
        f"cell {number}": (0.01 * (number % 5) + 0.02 * chance.standard_normal(20)).tolist()
        for number in range(15)
    }
    cells = sorted(pairs)

    forward = judge(pairs, AB_SEQUENTIAL)
    backward = judge(dict(reversed(pairs.items())), AB_SEQUENTIAL)
    assert kinds(forward, cells) == kinds(backward, cells)
    assert set(kinds(forward, cells)) >= {PASS, REGRESSED}
