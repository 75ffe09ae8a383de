"""suite.analysis.ab_power: how many pairs decide, and what loss is found."""

import math
from statistics import NormalDist

import pytest

from suite.analysis.ab_power import Power
from suite.analysis.moderation import ModeratedVariance
from suite.model.ab import AB_SEQUENTIAL, GATE, Setting

# With so many degrees of freedom Student's t is normal.
MANY = 1e9


def make_power(
    launch_sd: float,
    effect: float = 0.03,
    setting: Setting = GATE,
    freedom: float = MANY,
    pairs: int = 5,
) -> Power:
    """What pairs of launches of a standard deviation tell of a cell among 27."""
    return Power(
        spread=ModeratedVariance(variance=2 * launch_sd**2, freedom=freedom),
        pairs=pairs,
        minimum_effect=math.log1p(effect),
        cells=27,
        setting=setting,
    )


@pytest.mark.parametrize(
    ("launch_sd", "effect", "loss", "find", "passes"),
    [
        (0.02, 0.03, 0.05, 8, 10),
        (0.05, 0.03, 0.05, 50, 61),
        (0.05, 0.05, 0.10, 13, 23),
    ],
)
def test_the_pairs_needed(
    launch_sd: float, effect: float, loss: float, find: int, passes: int
) -> None:
    """As simulated and tabled for a gate of 27 cells."""
    power = make_power(launch_sd, effect)

    assert power.pairs_to_find(math.log1p(loss)) == find
    assert power.pairs_to_pass() == passes


def test_no_fewer_than_five_pairs_are_promised_to_do() -> None:
    """However little launches vary: three would do by the formula at 1 %."""
    power = make_power(0.01)

    assert power.pairs_to_find(math.log(1.05)) == 5
    assert power.pairs_to_pass() == 5


def test_few_degrees_of_freedom_take_more_pairs() -> None:
    """A variance of few launches might be larger than it looks; each further pair tells more of it.

    With 4 degrees of freedom t would ask for 54 pairs. After 14 there are 13, and t asks for 12.6;
    after 13 there are 12, and it asks for 13.1.
    """
    many, few = make_power(0.02), make_power(0.02, freedom=4)

    assert many.pairs_to_find(math.log(1.05)) == 8
    assert few.pairs_to_find(math.log(1.05)) == 14
    assert few.pairs_to_pass() > many.pairs_to_pass()


def test_a_loss_close_to_the_minimum_effect_takes_many_pairs() -> None:
    """To be above the minimum nine times in ten is then harder than to be beyond chance."""
    distance = math.log(1.035) - math.log(1.03)
    needed = (NormalDist().inv_cdf(0.9) * 0.02 * math.sqrt(2) / distance) ** 2

    assert make_power(0.02).pairs_to_find(math.log(1.035)) == math.ceil(needed)


def test_the_loss_that_is_found_is_well_above_the_minimum_effect() -> None:
    """5 % for a minimum effect of 3 %, which itself is found every other time at best."""
    assert math.expm1(make_power(0.01).effect_to_find) == pytest.approx(0.0505, abs=1e-4)


def test_the_smallest_loss_found() -> None:
    """By the minimum effect where launches vary little, and by the level of the test elsewhere."""
    quiet, noisy = make_power(0.001), make_power(0.05, pairs=10)
    z_90, z_red = NormalDist().inv_cdf(0.9), NormalDist().inv_cdf(1 - 0.005 / 27)

    error = 0.001 * math.sqrt(2 / 5)
    assert quiet.smallest_loss() == pytest.approx(1.03 * math.exp(z_90 * error) - 1)
    error = 0.05 * math.sqrt(2 / 10)
    assert noisy.smallest_loss() == pytest.approx(math.exp((z_red + z_90) * error) - 1)


def test_the_last_look_of_the_setting_counts() -> None:
    """It spends less of the risks in a run of four looks, which takes more pairs."""
    one, four = make_power(0.05, setting=GATE), make_power(0.05, setting=AB_SEQUENTIAL)

    assert four.pairs_to_find(math.log(1.05)) > one.pairs_to_find(math.log(1.05))
    assert four.pairs_to_pass() > one.pairs_to_pass()


def test_a_cell_is_out_of_reach_beyond_twice_the_rounds() -> None:
    """No change in 20 rounds: 41 pairs would be too many, 40 are worth to go on."""
    within = next(
        sd
        for sd in range(100, 1, -1)
        if make_power(sd / 1000, setting=AB_SEQUENTIAL).pairs_to_pass() <= 40
    )  # fmt: skip

    assert not make_power(within / 1000, setting=AB_SEQUENTIAL).is_out_of_reach(0.0)
    beyond = make_power(0.06, setting=AB_SEQUENTIAL)
    assert beyond.pairs_to_pass() > 40
    assert beyond.pairs_to_find(beyond.effect_to_find) > 40
    assert beyond.is_out_of_reach(0.0)


@pytest.mark.parametrize("mean", [0.2, -0.2])
def test_a_large_change_in_noise_stays_within_reach(mean: float) -> None:
    """What takes too many pairs to tell of an unchanged cell may be plain in one that changed."""
    noisy = make_power(0.06, setting=AB_SEQUENTIAL)

    assert not noisy.is_out_of_reach(mean)
