"""tests/gate_rates.py: the error rates that the guide states, on a few simulated runs."""

from pathlib import Path

import numpy as np
import pytest
from gate_rates import (
    AB,
    CELLS,
    EFFECTS,
    MEAN,
    OTHERS,
    OURS,
    PREVIOUS,
    RANKS,
    SHAPES,
    STEP_RANKS,
    Rule,
    Shape,
    improved,
    mean_rounds,
    rates,
    simulate,
    simulated,
    table,
    verdicts,
)

from suite.model.ab import AB_SEQUENTIAL, GATE, Setting, VerdictKind

GUIDE = Path(__file__).parents[2] / "docs" / "ab.md"
RUNS = 40


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.title)
@pytest.mark.parametrize("shape", SHAPES)
def test_runs_in_which_nothing_changed_raise_no_alarm(rule: Rule, shape: str) -> None:
    """Less than 1 % of runs, so at most one of forty, whatever the noise: two would be 6 in 100."""
    assert rates(rule, shape, RUNS, 1).alarms <= 1 / RUNS


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.title)
@pytest.mark.parametrize("shape", ["quiet, sd 0.5 %", "quiet, sd 1 %", "ramp of 6 %"])
def test_a_loss_of_5_percent_is_found(rule: Rule, shape: str) -> None:
    """In 99 % of runs or more where launches vary by 1 % at most."""
    assert rates(rule, shape, 1, RUNS).found >= 1 - 1 / RUNS


@pytest.mark.parametrize("shape", SHAPES)
def test_runs_in_which_nothing_changed_are_not_called_improved(shape: str) -> None:
    """As seldom as they raise an alarm."""
    assert improved(shape, RUNS) <= 1 / RUNS


@pytest.mark.parametrize(("shape", "cells"), [("one cell, sd 2 %", 1), ("nine cells, sd 2 %", 9)])
def test_a_small_matrix_has_the_largest_batches(shape: str, cells: int) -> None:
    """So its last cell is the one that loses something, as in the whole matrix."""
    x = next(simulated(AB, shape, 1))

    assert x.shape == (cells, AB.rounds, 2)
    assert len(verdicts(x, AB_SEQUENTIAL)) == cells
    assert {verdict.minimum_effect for verdict in verdicts(x, GATE)} == {EFFECTS["26"]}


def test_noise_hides_a_loss_and_raises_no_alarm() -> None:
    """At 5 % of noise a loss of 5 % is mostly inconclusive."""
    assert rates(AB, "very noisy, sd 5 %", 1, RUNS).found < 0.5


@pytest.mark.parametrize("setting", [AB_SEQUENTIAL, GATE])
@pytest.mark.parametrize("shape", ["quiet, sd 1 %", "noisy, sd 2 %", "heavier tails (t3)"])
def test_a_loss_of_the_minimum_effect_seldom_passes(shape: str, setting: Setting) -> None:
    """In 5 % of cells at most, over all looks; of 540 cells, 7 % would be two deviations more."""
    passed = []
    for x in simulated(AB, shape, 20):
        x[:, :, 1] += np.array(list(EFFECTS.values()))[:, None]
        passed += [each.verdict is VerdictKind.PASS for each in verdicts(x, setting)]

    assert 0 < np.mean(passed) < 0.07


def test_what_did_not_change_is_decided_at_the_first_look() -> None:
    """Cells that did not change take five rounds where launches vary by 1 %, more at 2 %."""
    assert mean_rounds("quiet, sd 1 %", 10) == pytest.approx(5.0, abs=0.2)
    assert 6 < mean_rounds("noisy, sd 2 %", 10) < 9


def test_other_rules_cry_wolf() -> None:
    """As the guide says: every run for tests of steps, half of them for launches."""
    assert rates(STEP_RANKS, "quiet, sd 1 %", 10, 1).alarms == 1
    assert rates(RANKS, "quiet, sd 1 %", RUNS, 1).alarms > 0.25
    assert rates(PREVIOUS, "noisy, sd 2 %", RUNS, 1).alarms > 0.5


def test_a_fixed_threshold_finds_every_other_loss_of_its_size() -> None:
    """5 % against a limit of 5 % is a coin flip."""
    assert 0.2 < rates(MEAN, "quiet, sd 1 %", 1, RUNS).found < 0.8


def test_simulated_launches_have_the_noise_they_claim() -> None:
    """Its standard deviation, by cell or for all, and with heavy tails as well."""
    chance = np.random.default_rng(1)
    for name, sd in (("quiet, sd 1 %", 0.01), ("heavy tails (t5)", 0.01)):
        x = simulate(SHAPES[name], 500, chance, in_pairs=True)
        assert x.shape == (len(CELLS), 500, 2)
        assert x.std() == pytest.approx(sd, rel=0.1)
    x = simulate(SHAPES["sd 5 % at batch 1, 0.5 % from 16 on"], 500, chance, in_pairs=True)
    assert x[0].std() == pytest.approx(0.05, rel=0.1)
    assert x[-1].std() == pytest.approx(0.005, rel=0.1)


def test_a_ramp_meets_both_sides_of_a_pair_and_the_second_half_of_a_run() -> None:
    """It cancels in pairs, and leaves half of it between A and B where A comes first."""
    still = Shape(sd=0.0, drift=0.06)
    chance = np.random.default_rng(1)
    in_pairs = simulate(still, 10, chance, in_pairs=True)
    in_turn = simulate(still, 10, chance, in_pairs=False)

    assert (in_pairs[:, :, 1] - in_pairs[:, :, 0]).mean() == pytest.approx(0, abs=1e-4)
    assert (in_turn[:, :, 1] - in_turn[:, :, 0]).mean() == pytest.approx(0.03, abs=1e-4)


def test_neighbours_come_and_go() -> None:
    """A step lasts for some part of a run, bursts for a fifth, and two groups are in some cells."""
    chance = np.random.default_rng(1)
    step = simulate(Shape(sd=0.0, step=0.05), 20, chance, in_pairs=True)
    burst = simulate(Shape(sd=0.0, burst=0.05), 200, chance, in_pairs=True)
    mixed = simulate(Shape(sd=0.0, mixed=0.3, share=0.25), 200, chance, in_pairs=True)

    assert set(np.unique(step)) == {0.0, 0.05}
    assert (burst > 0).mean() == pytest.approx(0.2, abs=0.03)
    hit = np.any(mixed > 0, axis=(1, 2))
    assert np.count_nonzero(hit) == 7
    assert hit[-7:].all()
    assert (mixed[hit] > 0).mean() == pytest.approx(0.3, abs=0.03)


def test_the_table_has_every_shape_and_rule() -> None:
    """A line for each kind of noise with the columns of its head, and so has that of the guide."""
    lines = list(table(1))

    assert len(lines) == 2 + len(SHAPES)
    assert {line.count("|") for line in lines} == {len(OURS) + len(OTHERS) + 4}
    guide = GUIDE.read_text().splitlines()
    start = guide.index(lines[0])
    for shown, line in zip(guide[start : start + len(lines)], lines, strict=True):
        assert shown.split(" | ")[0] == line.split(" | ")[0]


def test_the_same_runs_are_simulated_each_time() -> None:
    """And each rule sees those of its own kind: a loss is added to what raised no alarm."""
    first, second = (list(simulated(AB, "heavy tails (t5)", 2)) for _ in range(2))

    assert np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])
