"""Simulated step times whose truth is known, and what the suite's statistics make of them.

    python tests/simulated_steps.py

prints how often the check of steadiness finds each pattern and accuses steady series, how often the
intervals of percentiles enclose the truth, and how often a launch is marked as unlike its siblings.
Everything is drawn from fixed seeds, so the tables come out the same each time (in a few minutes);
the tests hold a small part of them.
"""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist

import numpy as np
from builders import make_cell, make_launch
from numpy.typing import NDArray

from suite.analysis.siblings import sibling_cautions
from suite.analysis.steadiness import Pattern, unsteadiness
from suite.analysis.summary import summarize
from suite.model.cell import KernelName, Protocol
from suite.model.launch import Launch

Values = NDArray[np.floating]

STEP_SECONDS = 0.02


def generator(*names: object) -> np.random.Generator:
    """Random numbers that depend on the names alone."""
    return np.random.default_rng(zlib.crc32(repr(names).encode()))


def correlated(chance: np.random.Generator, count: int, correlation: float) -> Values:
    """Normal noise of variance 1 in which a step resembles the one before it (AR(1))."""
    first, *shocks = chance.standard_normal(count).tolist()
    share = math.sqrt(1 - correlation**2)
    values = accumulate(shocks, lambda last, new: correlation * last + share * new, initial=first)
    return np.array(list(values))


# Noise of the logarithm of step times, with a standard deviation of about 1.
NOISES: dict[str, Callable[[np.random.Generator, int], Values]] = {
    "normal": lambda chance, count: chance.standard_normal(count),
    "uniform": lambda chance, count: chance.uniform(-(3**0.5), 3**0.5, count),
    "one-sided": lambda chance, count: chance.exponential(size=count),
    # One step in twenty lies far outside: three times as long in 2 % of noise.
    "heavy-tailed": lambda chance, count: (
        chance.standard_normal(count) + 55 * (chance.random(count) < 0.05)
    ),
    "correlated 0.5": lambda chance, count: correlated(chance, count, 0.5),
    "correlated 0.7": lambda chance, count: correlated(chance, count, 0.7),
    "correlated 0.9": lambda chance, count: correlated(chance, count, 0.9),
}

# The level of each step as a factor, for a size of change.
LEVELS: dict[str, Callable[[Values, float], Values]] = {
    "first 2 % slow": lambda at, size: 1 + size * (at < 0.02),
    "first 10 of 350 slow": lambda at, size: 1 + size * (at < 0.0285),
    "first 5 % slow": lambda at, size: 1 + size * (at < 0.05),
    "start that decays in 3 %": lambda at, size: 1 + size * np.exp(-at / 0.03),
    "drift": lambda at, size: (1 + size) ** at,
    "shift at 40 %": lambda at, size: 1 + size * (at >= 0.4),
    "episode of 15 %": lambda at, size: 1 + size * ((at >= 0.5) & (at < 0.65)),
    "wave, 3 periods": lambda at, size: 1 + size * np.sin(2 * np.pi * 3 * at),
    "wave, 10 periods": lambda at, size: 1 + size * np.sin(2 * np.pi * 10 * at),
    "wave, 40 periods": lambda at, size: 1 + size * np.sin(2 * np.pi * 40 * at),
    "two levels, half each": lambda at, size: 1 + size * (generator("mixed").random(len(at)) < 0.5),
    "two levels, 1 in 5": lambda at, size: 1 + size * (generator("mixed").random(len(at)) < 0.2),
    "two levels, 30 steps each": lambda at, size: 1 + size * (np.arange(len(at)) // 30 % 2),
}
NAMES: dict[str, Pattern] = {
    "first 2 % slow": Pattern.START,
    "first 10 of 350 slow": Pattern.START,
    "first 5 % slow": Pattern.START,
    "start that decays in 3 %": Pattern.START,
    "drift": Pattern.DRIFT,
    "shift at 40 %": Pattern.SHIFT,
    "episode of 15 %": Pattern.EPISODE,
    "wave, 3 periods": Pattern.WAVE,
    "wave, 10 periods": Pattern.WAVE,
    "wave, 40 periods": Pattern.WAVE,
    "two levels, half each": Pattern.TWO_LEVELS,
    "two levels, 1 in 5": Pattern.TWO_LEVELS,
    "two levels, 30 steps each": Pattern.WAVE,
}


def steps(level: str, size: float, noise: str, scale: float, count: int, seed: int) -> list[float]:
    """One series: step times with a pattern of a size, in noise of a standard deviation."""
    chance = generator(noise, count, seed)
    at = np.arange(count) / count
    factors = LEVELS[level](at, size) if level else np.ones(count)
    times: list[float] = (
        STEP_SECONDS * factors * np.exp(scale * NOISES[noise](chance, count))
    ).tolist()
    return times


def found(level: str, size: float, noise: str, scale: float, count: int, series: int) -> list[str]:
    """The names of the patterns that are found in so many series, for each that has one."""
    verdicts = (
        unsteadiness(steps(level, size, noise, scale, count, seed)) for seed in range(series)
    )
    return [verdict.pattern.value for verdict in verdicts if verdict is not None]


def accused(noise: str, scale: float, count: int, series: int) -> int:
    """How many steady series are called unsteady."""
    return len(found("", 0.0, noise, scale, count, series))


@dataclass(frozen=True)
class Coverage:
    """The share of series that have an interval, and the share of those that enclose the truth."""

    given: float
    enclosing: float


def coverage(
    fraction: float, correlation: float, count: int, series: int, launches: int = 1
) -> Coverage:
    """How intervals of p50, p90 or p99 fare over series of normal noise with a known percentile.

    Every launch has `count` steps at the same level.
    """
    truth = STEP_SECONDS * math.exp(0.02 * NormalDist().inv_cdf(fraction))
    intervals = []
    for seed in range(series):
        chance = generator(correlation, count, launches, seed)
        noise = [correlated(chance, count, correlation) for _ in range(launches)]
        times = (STEP_SECONDS * np.exp(0.02 * np.concatenate(noise))).tolist()
        summary = summarize(times, 1, launch_lengths=[count] * launches)
        intervals.append(getattr(summary, f"p{fraction * 100:.0f}_interval_seconds"))
    given = [interval for interval in intervals if interval is not None]
    enclosing = sum(lower <= truth <= upper for lower, upper in given)
    return Coverage(len(given) / series, enclosing / len(given) if given else math.nan)


_CELL = make_cell(batch_size=1, kernel=KernelName.SIMULATED)


def siblings(levels: Sequence[float], noise: float, *names: object) -> list[Launch]:
    """Launches of 50 steps at these levels, in so much noise."""
    chance = generator("siblings", *names)
    return [
        make_launch(
            cell=_CELL,
            protocol=Protocol(warmup_steps=0, measured_steps=50),
            launch=number,
            step_seconds=tuple(
                (STEP_SECONDS * level * np.exp(noise * chance.standard_normal(50))).tolist()
            ),
        )
        for number, level in enumerate(levels)
    ]


def doubted_siblings(spread: float, launches: int, slower: float, cells: int) -> float:
    """The share of cells with a doubt about launches; the last launch is slower by a factor.

    Levels differ by `spread` (standard deviation), steps by 1 %.
    """
    doubted = 0
    for seed in range(cells):
        chance = generator("levels", spread, launches, seed)
        levels = np.exp(spread * chance.standard_normal(launches))
        levels[-1] *= 1 + slower
        doubted += bool(sibling_cautions(siblings(levels.tolist(), 0.01, seed)))
    return doubted / cells


def _print_coverage(series: int = 500) -> None:
    print(f"\n95 % intervals that enclose the truth (and series that have one), of {series} each")
    print(_row(["", "p50", "", "p90", "", "p99"]))
    for launches, count in ((1, 60), (1, 350), (1, 2000), (3, 350), (40, 60)):
        for correlation in (0.0, 0.5, 0.9):
            cells = [f"{launches} x {count} steps, correlation {correlation:g}"]
            for fraction in (0.5, 0.9, 0.99):
                told = coverage(fraction, correlation, count, series, launches)
                cells += [f"{told.enclosing:.1%}" if told.given else "-", f"({told.given:.0%})"]
            print(_row(cells), flush=True)


def _print_siblings(cells: int = 500) -> None:
    print(f"\nCells with a doubt about their launches, of {cells}; the last is slower by")
    slower = (0.0, 0.1, 0.2, 0.3)
    print(_row(["launches, and how they differ", *(f"{size:.0%}" for size in slower)]))
    for launches in (3, 4, 5, 8, 16):
        for spread in (0.005, 0.01, 0.02, 0.03):
            shares = (doubted_siblings(spread, launches, size, cells) for size in slower)
            name = f"{launches}, by {spread:.1%}"
            print(_row([name, *(f"{share:.1%}" for share in shares)]), flush=True)


def _row(cells: Sequence[str]) -> str:
    return f"{cells[0]:34}" + "".join(f"{cell:>10}" for cell in cells[1:])


def _print_false_alarms(series: int = 1000) -> None:
    print(f"\nSteady series that are called unsteady, of {series} each, noise of 2 %")
    counts = (60, 100, 350, 2000)
    print(_row(["noise", *(f" {count} steps" for count in counts)]))
    for noise in NOISES:
        shares = (accused(noise, 0.02, count, series) / series for count in counts)
        print(_row([noise, *(f"{share:.1%}" for share in shares)]), flush=True)


def _print_detection(series: int = 100) -> None:
    sizes = (0.02, 0.03, 0.05, 0.1)
    for count in (100, 350, 2000):
        for noise, scale in (
            ("normal", 0.01),
            ("normal", 0.02),
            ("one-sided", 0.02),
            ("correlated 0.7", 0.02),
        ):
            print(f"\nFound, of {series} series of {count} steps in {scale:.0%} of {noise} noise")
            print(_row(["pattern", *(f"{size:.0%}" for size in sizes)]))
            for level in LEVELS:
                shares = (
                    len(found(level, size, noise, scale, count, series)) / series for size in sizes
                )
                print(_row([level, *(f"{share:.0%}" for share in shares)]), flush=True)


if __name__ == "__main__":
    _print_false_alarms()
    _print_coverage()
    _print_siblings()
    _print_detection()
