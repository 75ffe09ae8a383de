"""suite.model.ab: settings of A/B runs, and losses as shares."""

import math

import pytest

from suite.model.ab import AB_SEQUENTIAL, GATE, Setting, as_loss, fixed


@pytest.mark.parametrize("setting", [AB_SEQUENTIAL, GATE, fixed(7)])
def test_looks_spend_each_risk_once(setting: Setting) -> None:
    """Whatever the looks, an unchanged run is called in 0.5 % of cases, a loss passes in 5 %."""
    assert sum(setting.alpha_shares) * setting.alpha == pytest.approx(0.005)
    assert sum(setting.beta_shares) * setting.beta == pytest.approx(0.05)


def test_the_looks_of_each_setting() -> None:
    """Every five rounds up to twenty, five and five more, or one look at the end."""
    assert AB_SEQUENTIAL.looks == (5, 10, 15, 20)
    assert GATE.looks == (5, 10)
    assert fixed(7).looks == (7,)


@pytest.mark.parametrize("looks", [(), (2,), (10, 5), (5, 5)])
def test_looks_rise_from_three(looks: tuple[int, ...]) -> None:
    """Two pairs do not tell how far launches differ."""
    shares = (1 / len(looks),) * len(looks) if looks else ()

    with pytest.raises(ValueError, match="rise, from 3 on"):
        Setting(looks=looks, alpha_shares=shares, beta_shares=shares)


@pytest.mark.parametrize(
    ("alpha_shares", "beta_shares"),
    [((1,), (0.5, 0.5)), ((0.5, 0.6), (0.5, 0.5)), ((0, 1), (0.5, 0.4)), ((-1, 2), (0.5, 0.5))],
)
def test_shares_fit_the_looks(
    alpha_shares: tuple[float, ...], beta_shares: tuple[float, ...]
) -> None:
    """More than the whole would make the run wrong more often than it says."""
    with pytest.raises(ValueError, match="shares add up to 1"):
        Setting(looks=(5, 10), alpha_shares=alpha_shares, beta_shares=beta_shares)


@pytest.mark.parametrize(
    ("alpha_shares", "beta_shares"), [((1, 0), (0.5, 0.5)), ((0, 1), (0, 1)), ((0, 1), (1, 0))]
)
def test_every_look_can_let_cells_pass_and_the_last_can_call_them(
    alpha_shares: tuple[float, ...], beta_shares: tuple[float, ...]
) -> None:
    """Otherwise a look would have no bound to show."""
    with pytest.raises(ValueError, match="every look needs a share of beta"):
        Setting(looks=(5, 10), alpha_shares=alpha_shares, beta_shares=beta_shares)


def test_a_logarithm_is_told_as_a_loss() -> None:
    """Ln 1.05 is 5 %, and the same the other way round is a gain."""
    assert as_loss(math.log(1.05)) == pytest.approx(0.05)
    assert as_loss(-math.log(1.25)) == pytest.approx(-0.2)


def test_no_loss_is_too_large_for_a_number() -> None:
    """Launches that differ by hundreds of orders of magnitude have bounds that files can hold."""
    assert as_loss(1000.0) == as_loss(2000.0) > 1e308
    assert math.isfinite(as_loss(math.inf))
    assert as_loss(-1000.0) == -1
