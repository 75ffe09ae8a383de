"""How often A/B runs are wrong, and how often they find a loss: simulated launches, real verdicts.

    python tests/gate_rates.py [--table stored] [--runs 1000]

Each simulated run measures a matrix of 27 cells, three at each batch size from 1 to 256, in noise
of a known shape, and is judged by `suite.analysis.ab_verdicts`. A false alarm is a run in which
nothing changed and a cell is called slower; a loss of 5 % in one cell of batch size 256 is found if
that cell is. Other rules stand beside ours: those of tools that are often used to gate changes.
Logarithms of the time of a launch are simulated; x[cell, round, side] has those of a run. The
table of verdicts beside a stored baseline is that of `stored_rates`.
"""

import argparse
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from builders import make_cell
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from suite.analysis.ab_verdicts import judge_pairs, minimum_effect
from suite.model.ab import AB_SEQUENTIAL, GATE, PairVerdict, Setting, VerdictKind
from suite.model.cell import Cell

Values = NDArray[np.floating]

CELLS = [make_cell(batch_size=2**power) for power in range(9) for _ in range(3)]
NAMES = [str(place) for place in range(len(CELLS))]
EFFECTS = {name: minimum_effect(cell) for name, cell in zip(NAMES, CELLS, strict=True)}
# The last cell loses something; it is among those with two groups where a quarter has them.
SLOWER = -1
LOSS = 0.05
# What other rules are given: twice as much as ours takes for a cell that passes.
LAUNCHES = 10
STEPS = 50
STEP_SD = 0.01


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The noise of launches: its standard deviation, its tails, and what disturbs the machine.

    `sd` may be a function of the cell. With `tails` t has so many degrees of freedom, scaled to
    `sd`. A launch is `apart` slower with a probability of `mixed`, in `share` of the cells.
    `drift` is a ramp over the run, `step` a neighbour that is there for some part of it, and
    `burst` one that comes and goes: a fifth of the time, for three launches on average. The matrix
    has the last so many `cells`.
    """

    sd: float | Callable[[Cell], float] = 0.01
    tails: int | None = None
    mixed: float = 0.0
    apart: float = 0.05
    share: float = 1.0
    drift: float = 0.0
    step: float = 0.0
    burst: float = 0.0
    cells: int = len(CELLS)


def sd_by_batch(cell: Cell) -> float:
    """Small batches vary more: 5 % at batch size 1, 0.5 % from 16 on."""
    return {1: 0.05, 2: 0.03, 4: 0.02, 8: 0.01}.get(cell.batch_size, 0.005)


SHAPES = {
    "quiet, sd 0.5 %": Shape(sd=0.005),
    "quiet, sd 1 %": Shape(),
    "noisy, sd 2 %": Shape(sd=0.02),
    "very noisy, sd 5 %": Shape(sd=0.05),
    "sd 5 % at batch 1, 0.5 % from 16 on": Shape(sd=sd_by_batch),
    "heavy tails (t5)": Shape(tails=5),
    "heavier tails (t3)": Shape(tails=3),
    "two groups 5 % apart, all cells": Shape(sd=0.005, mixed=0.3),
    "two groups 5 % apart, a quarter": Shape(sd=0.005, mixed=0.3, share=0.25),
    "ramp of 4 %": Shape(drift=0.04),
    "ramp of 6 %": Shape(drift=0.06),
    "a step of 5 %": Shape(step=0.05),
    "bursts of 5 %": Shape(burst=0.05),
    "one cell, sd 1 %": Shape(cells=1),
    "one cell, sd 2 %": Shape(sd=0.02, cells=1),
    "three cells, sd 2 %": Shape(sd=0.02, cells=3),
    "nine cells, sd 2 %": Shape(sd=0.02, cells=9),
}


def simulate(shape: Shape, rounds: int, chance: np.random.Generator, *, in_pairs: bool) -> Values:
    """A run in which nothing changed: rounds of A and B next to each other, or all A before all B.

    Pairs begin with A and B in turns, over rounds and cells.
    """
    size = (len(CELLS), rounds, 2)
    if shape.tails is None:
        noise = chance.standard_normal(size)
    else:
        noise = chance.standard_t(shape.tails, size) * math.sqrt((shape.tails - 2) / shape.tails)
    sds = [shape.sd if isinstance(shape.sd, float) else shape.sd(cell) for cell in CELLS]
    x = np.array(sds)[:, None, None] * noise
    mixed = chance.random(size) < shape.mixed
    mixed[: round((1 - shape.share) * len(CELLS))] = False
    x += shape.apart * mixed

    cell, turn, side = np.indices(size)
    if in_pairs:
        time = 2 * (turn * len(CELLS) + cell) + (side + turn + cell) % 2
    else:
        time = side * rounds * len(CELLS) + turn * len(CELLS) + cell
    return np.asarray(x + _machine(shape, x.size, chance)[time])[-shape.cells :]


def _machine(shape: Shape, launches: int, chance: np.random.Generator) -> Values:
    """What the machine adds to each launch, in order of time."""
    time = np.arange(launches)
    # For a tenth of the run at least; it may be over before the neighbour leaves.
    begin = chance.integers(launches)
    end = begin + chance.integers(launches // 10, launches)
    level = shape.drift * time / launches + shape.step * ((time >= begin) & (time < end))
    if shape.burst:
        busy = chance.random() < 0.2
        for place, draw in enumerate(chance.random(launches)):
            busy = draw > 1 / 3 if busy else draw < 1 / 12
            level[place] += shape.burst * busy
    return np.asarray(level)


def verdicts(x: Values, setting: Setting) -> list[PairVerdict]:
    """The verdict on each cell of a run in pairs."""
    pairs = dict(zip(NAMES[-len(x) :], (x[:, :, 1] - x[:, :, 0]).tolist(), strict=True))
    return list(judge_pairs(pairs, EFFECTS, setting).values())


def called(
    setting: Setting, kind: VerdictKind = VerdictKind.REGRESSED
) -> Callable[[Values], list[bool]]:
    """Which cells have this verdict of ours."""
    return lambda x: [each.verdict is kind for each in verdicts(x, setting)]


def mean_above(x: Values) -> list[bool]:
    """Which cells are slower by more than 5 % on average."""
    ratios = np.exp(x[:, :, 1]).mean(axis=1) / np.exp(x[:, :, 0]).mean(axis=1)
    return list(ratios > 1.05)


def ranks_of_launches(x: Values) -> list[bool]:
    """Which cells are slower by Mann-Whitney's test of their launches at the usual 5 %."""
    test = mannwhitneyu(x[:, :, 1], x[:, :, 0], axis=1)
    return list((test.pvalue < 0.05) & (np.median(x[:, :, 1] - x[:, :, 0], axis=1) > 0))


def ranks_of_steps(x: Values) -> list[bool]:
    """The same of all their steps, of which each launch has fifty."""
    chance = np.random.default_rng(zlib.crc32(x.tobytes()))
    steps = x[..., None] + STEP_SD * chance.standard_normal((*x.shape, STEPS))
    return ranks_of_launches(steps.swapaxes(2, 3).reshape(len(x), -1, 2))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What calls cells slower, from so many rounds, measured in pairs or A before B."""

    title: str
    slower: Callable[[Values], list[bool]]
    rounds: int
    in_pairs: bool


AB = Rule(title="A/B", slower=called(AB_SEQUENTIAL), rounds=20, in_pairs=True)
OURS = (AB, Rule(title="5 + 5 rounds", slower=called(GATE), rounds=10, in_pairs=True))
MEAN_IN_PAIRS = Rule(title="mean, pairs", slower=mean_above, rounds=LAUNCHES, in_pairs=True)
MEAN = Rule(title="mean", slower=mean_above, rounds=LAUNCHES, in_pairs=False)
PREVIOUS = Rule(title="previous", slower=mean_above, rounds=1, in_pairs=False)
RANKS = Rule(title="launches", slower=ranks_of_launches, rounds=LAUNCHES, in_pairs=True)
STEP_RANKS = Rule(title="steps", slower=ranks_of_steps, rounds=LAUNCHES, in_pairs=True)
OTHERS = (MEAN_IN_PAIRS, MEAN, PREVIOUS, RANKS, STEP_RANKS)


@dataclass(frozen=True)
class Rates:
    """The share of runs with a false alarm, and of those in which the loss was found."""

    alarms: float
    found: float


def rates(rule: Rule, shape: str, runs: int, runs_with_loss: int) -> Rates:
    """How a rule fares in so many runs without a change, and in so many with a loss in one cell."""
    alarms = sum(any(rule.slower(x)) for x in simulated(rule, shape, runs))
    found = 0
    for x in simulated(rule, shape, runs_with_loss):
        x[SLOWER, :, 1] += math.log1p(LOSS)
        found += rule.slower(x)[SLOWER]
    return Rates(alarms / runs, found / runs_with_loss)


def mean_rounds(shape: str, runs: int) -> float:
    """After how many rounds `ab` has decided on a cell that did not change, on average."""
    looks = [
        verdict.look for x in simulated(AB, shape, runs) for verdict in verdicts(x, AB_SEQUENTIAL)
    ]
    return float(np.mean(looks))


def improved(shape: str, runs: int) -> float:
    """In which share of runs without a change `ab` calls a cell faster."""
    faster = called(AB_SEQUENTIAL, VerdictKind.IMPROVED)
    return float(np.mean([any(faster(x)) for x in simulated(AB, shape, runs)]))


def simulated(rule: Rule, shape: str, runs: int) -> Iterator[Values]:
    """So many runs as a rule measures them; the same ones each time."""
    chance = np.random.default_rng(zlib.crc32(f"{shape} {rule.rounds} {rule.in_pairs}".encode()))
    for _ in range(runs):
        yield simulate(SHAPES[shape], rule.rounds, chance, in_pairs=rule.in_pairs)


def table(runs: int) -> Iterator[str]:
    """A Markdown table, a line at a time: false alarms / losses found, in % of runs."""
    titles = ["noise of launches", *(rule.title for rule in OURS), "improved", "rounds"]
    yield row([*titles, *(rule.title for rule in OTHERS)])
    yield row([":--", *["--:"] * (len(OURS) + 2 + len(OTHERS))])
    fewer = max(runs // 4, 1)
    for shape in SHAPES:
        ours = [_percent(rates(rule, shape, runs, fewer), 1) for rule in OURS]
        others = [_percent(rates(rule, shape, fewer, fewer), 0) for rule in OTHERS]
        faster = f"{100 * improved(shape, runs):.1f}"
        yield row([shape, *ours, faster, f"{mean_rounds(shape, fewer):.1f}", *others])


def _percent(given: Rates, digits: int) -> str:
    return f"{100 * given.alarms:.{digits}f} / {100 * given.found:.0f}"


def row(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table asked for."""
    # It takes the cells and their names from this module.
    from stored_rates import stored_table

    tables = {"ab": table, "stored": stored_table}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="runs of each kind of noise")
    parser.add_argument("--table", choices=tables, default="ab", help="which one (default: ab)")
    arguments = parser.parse_args()
    for line in tables[arguments.table](arguments.runs):
        print(line, flush=True)


if __name__ == "__main__":
    main()
