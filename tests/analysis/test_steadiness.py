"""suite.analysis.steadiness: patterns are found, and steady series seldom accused."""

import math
import random
import re
from collections import Counter
from statistics import pvariance

import pytest
from simulated_steps import NAMES, accused, found, steps

from suite.analysis.steadiness import (
    FEWEST_STEPS,
    FOUND,
    FOUND_NOISE,
    FOUND_START_STEPS,
    FOUND_STEPS,
    Pattern,
    _best_split,
    is_judged,
    unsteadiness,
)

# The series that stand for what reports say is found: of a start, the one of 10 steps.
PROMISED = {
    "first 10 of 350 slow": Pattern.START,
    "drift": Pattern.DRIFT,
    "shift at 40 %": Pattern.SHIFT,
    "episode of 15 %": Pattern.EPISODE,
    "wave, 3 periods": Pattern.WAVE,
    "wave, 10 periods": Pattern.WAVE,
    "wave, 40 periods": Pattern.WAVE,
    "two levels, half each": Pattern.TWO_LEVELS,
    "two levels, 1 in 5": Pattern.TWO_LEVELS,
}


@pytest.mark.parametrize("count", [60, 350])
@pytest.mark.parametrize("noise", ["normal", "uniform", "one-sided", "heavy-tailed"])
def test_steady_series_are_seldom_called_unsteady(noise: str, count: int) -> None:
    """Whatever the shape of independent noise: of 100 series at most 1 % are accused."""
    assert accused(noise, 0.02, count, 100) <= 1


@pytest.mark.parametrize(("count", "most"), [(60, 4), (350, 2)])
def test_noise_that_lasts_over_steps_is_seldom_taken_for_a_pattern(count: int, most: int) -> None:
    """Steps of which each resembles the one before (correlation 0.7): 1 %, of few steps 2 %."""
    assert accused("correlated 0.7", 0.02, count, 200) <= most


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("level", PROMISED)
def test_what_reports_say_is_found_is_found(level: str, times: int) -> None:
    """Nine of ten of each pattern and size, in the stated noise; twice the size in twice of it."""
    size = FOUND[PROMISED[level]]
    verdicts = found(level, times * size, "normal", times * FOUND_NOISE, FOUND_STEPS, 30)

    assert len(verdicts) >= 27


def test_every_pattern_has_a_promised_size() -> None:
    """The report states a size for each, and the test above holds it."""
    assert set(FOUND) == set(PROMISED.values()) == set(Pattern)
    assert FOUND[Pattern.DRIFT] == FOUND[Pattern.SHIFT]
    start = steps("first 10 of 350 slow", 99, "normal", 0.01, FOUND_STEPS, 1)
    assert sum(seconds > 1 for seconds in start) == FOUND_START_STEPS


@pytest.mark.parametrize("size", [0.05, 0.2])
@pytest.mark.parametrize("level", PROMISED)
def test_a_pattern_is_told_with_its_name_and_size(level: str, size: float) -> None:
    """In 1 % of noise, 350 steps, it is the right one that is named, with a remedy."""
    names: Counter[Pattern] = Counter()
    for seed in range(15):
        verdict = unsteadiness(steps(level, size, "normal", 0.01, 350, seed))

        assert verdict is not None
        assert verdict.change == pytest.approx(size, rel=0.3)
        assert verdict.remedy
        names[verdict.pattern] += 1

    assert names[NAMES[level]] >= 14


def test_a_slow_start_asks_for_warm_up_of_its_length() -> None:
    """The reason says how many steps it lasted, and the remedy is the one that helps."""
    verdict = unsteadiness(steps("first 5 % slow", 0.2, "normal", 0.01, 350, 1))

    assert verdict is not None
    assert verdict.reason.startswith("the first 18 steps were ")
    assert verdict.remedy == "raise warmup_steps by 18 or more"


def test_a_series_that_becomes_faster_asks_for_warm_up() -> None:
    """A shift says which way and where."""
    verdict = unsteadiness([0.022 + step % 3 * 1e-4 for step in range(70)] + [0.02] * 280)

    assert verdict is not None
    assert "faster at once, near step 71" in verdict.reason
    assert verdict.remedy.startswith("raise warmup_steps")


def test_an_episode_and_a_wave_say_when_and_how_long() -> None:
    """A stretch in the middle is told by its steps, a wave by its period."""
    episode = unsteadiness(steps("episode of 15 %", 0.1, "normal", 0.01, 400, 1))
    wave = unsteadiness(steps("wave, 10 periods", 0.05, "normal", 0.01, 350, 1))

    assert episode is not None
    first, end = map(int, re.findall(r"about steps (\d+) to (\d+)", episode.reason)[0])
    assert abs(first - 201) + abs(end - 260) <= 10
    assert wave is not None
    assert "to either side, with a period of 35 steps" in wave.reason


def test_a_long_series_is_judged_like_a_short_one() -> None:
    """20,000 steps are averaged in groups, and steps and periods are still told in steps."""
    shift = unsteadiness(steps("shift at 40 %", 0.05, "normal", 0.02, 20_000, 1))
    wave = unsteadiness(steps("wave, 10 periods", 0.05, "normal", 0.02, 20_000, 1))

    assert shift is not None
    assert "near step 8001" in shift.reason
    assert wave is not None
    assert "with a period of 2000 steps" in wave.reason


def test_a_change_below_one_percent_is_no_doubt() -> None:
    """A perfectly certain change that is too small to matter is left alone."""
    assert unsteadiness([0.02 if step < 100 else 0.0202 for step in range(200)]) is None


def test_equal_steps_are_steady() -> None:
    """A clock so coarse that all steps look alike is no reason for a doubt."""
    assert unsteadiness([0.02] * 100) is None


def test_a_single_slow_step_is_a_tail() -> None:
    """However slow, and also where it is the first."""
    noisy = steps("", 0, "normal", 0.02, 350, 1)

    assert unsteadiness([5.0, *noisy]) is None
    assert unsteadiness([*noisy[:100], 5.0, *noisy[100:]]) is None


def test_few_steps_get_no_verdict() -> None:
    """Below the least count nothing is said, however the steps look."""
    few = [0.01] * 30 + [0.02] * 29

    assert len(few) == FEWEST_STEPS - 1
    assert not is_judged(few)
    assert unsteadiness(few) is None
    assert unsteadiness([*few, 0.02]) is not None


def test_the_same_steps_get_the_same_verdict() -> None:
    """Nothing is drawn at random, so a report can be made again; nor does the unit matter."""
    drift = steps("drift", 0.05, "normal", 0.02, 100, 3)
    verdict = unsteadiness(drift)

    assert verdict == unsteadiness(drift)
    assert verdict is not None
    slower = unsteadiness([10 * seconds for seconds in drift])
    assert slower is not None
    assert math.isclose(slower.change, verdict.change)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_two_levels_are_split_where_the_least_variance_is_left(share: float) -> None:
    """By trying every split that leaves enough steps on both sides."""
    generator = random.Random(5)  # noqa: S311 - not for secrets
    for _ in range(10):
        values = sorted(generator.gauss(generator.random() < share, 0.3) for _ in range(60))
        left = {
            size: size * pvariance(values[:size]) + (60 - size) * pvariance(values[size:])
            for size in range(10, 51)
        }
        assert _best_split(values, 10) == min(left, key=lambda size: left[size])
