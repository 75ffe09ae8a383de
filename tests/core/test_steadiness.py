"""suite.core.steadiness: series that change are told, and steady ones seldom accused."""

import math
import random
from collections.abc import Callable

import pytest

from suite.core.steadiness import FEWEST_STEPS, Pattern, is_judged, unsteadiness

Noise = Callable[[random.Random], float]

NOISES: dict[str, Noise] = {
    "normal": lambda generator: generator.gauss(0, 0.02),
    "uniform": lambda generator: generator.uniform(-0.05, 0.05),
    "one-sided": lambda generator: generator.expovariate(1 / 0.03),
    "one step in twenty is three times as long": lambda generator: (
        generator.gauss(0, 0.02) + (math.log(3) if generator.random() < 0.05 else 0)
    ),
}


def series(level: Callable[[int], float], noise: Noise, count: int, seed: object) -> list[float]:
    """Step times of 20 ms times a level by step, with noise of the logarithm."""
    generator = random.Random(str(seed))  # noqa: S311 - not for secrets
    return [0.02 * level(step) * math.exp(noise(generator)) for step in range(count)]


@pytest.mark.parametrize("count", [60, 350])
def test_flat_noise_is_seldom_called_unsteady(count: int) -> None:
    """Of 400 steady series with noise of four kinds, at most 2 % are accused."""
    accused = [
        (name, seed)
        for name, noise in NOISES.items()
        for seed in range(100)
        if unsteadiness(series(lambda _: 1, noise, count, (name, seed)))
    ]

    assert len(accused) <= 8


CHANGES: dict[Pattern, Callable[[float], Callable[[int], float]]] = {
    Pattern.DRIFT: lambda change: lambda step: (1 + change) ** (step / 349),
    Pattern.SHIFT: lambda change: lambda step: 1 + change * (step >= 140),
    Pattern.TWO_LEVELS: lambda change: lambda step: 1 + change * (step % 3 == 0),
}


@pytest.mark.parametrize("change", [0.05, 0.2])
@pytest.mark.parametrize("pattern", Pattern)
def test_a_change_is_told_with_its_kind_and_size(pattern: Pattern, change: float) -> None:
    """Drift, shift and two levels of 5 % in 1 % of noise are found in every one of 20 series."""
    level = CHANGES[pattern](change)
    for seed in range(20):
        noise: Noise = lambda generator: generator.gauss(0, 0.01)  # noqa: E731
        found = unsteadiness(series(level, noise, 350, seed))

        assert found is not None
        assert found.pattern is pattern
        assert found.change == pytest.approx(change, rel=0.2)
        assert found.remedy


def test_a_series_that_becomes_faster_asks_for_warm_up() -> None:
    """The reason says which way and where, and the remedy is the one that helps."""
    steps = series(lambda step: 1.1 if step < 70 else 1.0, NOISES["normal"], 350, 1)
    found = unsteadiness(steps)

    assert found is not None
    assert "faster at once, near step 71" in found.reason
    assert found.remedy.startswith("raise warmup_steps")


def test_a_change_below_two_percent_is_no_doubt() -> None:
    """A perfectly certain change that is too small to matter is left alone."""
    assert unsteadiness([0.02 if step < 100 else 0.0203 for step in range(200)]) is None


def test_equal_steps_are_steady() -> None:
    """A clock so coarse that all steps look alike is no reason for a doubt."""
    assert unsteadiness([0.02] * 100) is None


def test_few_steps_get_no_verdict() -> None:
    """Below the least count nothing is said, however the steps look."""
    steps = [0.01] * 30 + [0.02] * 29

    assert len(steps) == FEWEST_STEPS - 1
    assert not is_judged(steps)
    assert unsteadiness(steps) is None
    assert unsteadiness([*steps, 0.02]) is not None


def test_the_same_steps_get_the_same_verdict() -> None:
    """The shuffles start from a fixed seed, so a report can be made again."""
    steps = series(lambda step: 1.03 ** (step / 99), NOISES["normal"], 100, 3)

    assert unsteadiness(steps) == unsteadiness(steps)
