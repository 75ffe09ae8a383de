"""How often a history shows a change point that is none, and how often one is found.

    python tests/trend_rates.py [--histories 1000]

Each simulated history is one cell over 10, 20 or 40 runs, in noise of a known shape, and is
searched by `suite.analysis.change_points`. A false alarm is a history of one level, or of
a drift, that shows one. A loss of 5 % in the last five runs is found if one is shown there, or one
run beside it.
Logarithms of the throughput of a run are simulated.
"""

import argparse
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from suite.analysis.change_points import change_points
from suite.model.history import ChangePoint

Values = NDArray[np.floating]
Chance = np.random.Generator

LENGTHS = (10, 20, 40)
SD = 0.01
LOSS = 0.05
SLOWER_RUNS = 5
# What a run shares with the one before it, of its distance from the level.
_KEPT = 0.5


def _normal(count: int, chance: Chance) -> Values:
    return SD * chance.standard_normal(count)


def _tails(freedom: int) -> Callable[[int, Chance], Values]:
    scale = SD * math.sqrt((freedom - 2) / freedom)
    return lambda count, chance: scale * chance.standard_t(freedom, count)


def _ramp(height: float) -> Callable[[int, Chance], Values]:
    return lambda count, chance: _normal(count, chance) + np.linspace(0, height, count)


def _groups(count: int, chance: Chance) -> Values:
    return 0.5 * _normal(count, chance) - 0.05 * (chance.random(count) < 0.3)


def _alike(count: int, chance: Chance) -> Values:
    """Each run keeps half of what the one before was off by."""
    fresh = math.sqrt(1 - _KEPT**2) * _normal(count, chance)
    values = _normal(count, chance)
    for place in range(1, count):
        values[place] = _KEPT * values[place - 1] + fresh[place]
    return values


SHAPES: Mapping[str, Callable[[int, Chance], Values]] = {
    "runs vary by 1 %": _normal,
    "heavy tails (t5)": _tails(5),
    "heavier tails (t3)": _tails(3),
    "two groups 5 % apart": _groups,
    "a drift of 2 %": _ramp(0.02),
    "a drift of 4 %": _ramp(0.04),
    "a drift of 8 %": _ramp(0.08),
    "each run half like the last": _alike,
}


def simulated(shape: str, count: int, histories: int) -> Iterator[Values]:
    """So many histories of `count` runs, without a change; the same ones each time."""
    chance = np.random.default_rng(zlib.crc32(f"{shape} {count}".encode()))
    for _ in range(histories):
        yield SHAPES[shape](count, chance)


def shown(logarithms: Values) -> tuple[ChangePoint, ...]:
    """What a history shows."""
    return change_points(np.exp(logarithms).tolist())


def alarms(shape: str, count: int, histories: int) -> float:
    """The share of histories without a change that show one."""
    return float(np.mean([bool(shown(x)) for x in simulated(shape, count, histories)]))


def found(shape: str, count: int, histories: int) -> float:
    """The share of histories with a loss in the last runs that show it."""
    place = count - SLOWER_RUNS
    hits = []
    for x in simulated(shape, count, histories):
        x[place:] += math.log(1 - LOSS)
        hits.append(any(abs(each.place - place) <= 1 and each.ratio < 1 for each in shown(x)))
    return float(np.mean(hits))


def table(histories: int) -> Iterator[str]:
    """A Markdown table, a line at a time: false alarms / losses found, in % of histories."""
    yield _row(["between runs", *(f"{count} runs" for count in LENGTHS)])
    yield _row([":--", *["--:"] * len(LENGTHS)])
    for shape in SHAPES:
        rates = (
            f"{100 * alarms(shape, count, histories):.1f}"
            f" / {100 * found(shape, count, histories):.0f}"
            for count in LENGTHS
        )
        yield _row([shape, *rates])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--histories", type=int, default=1000, help="of each kind and length")
    for line in table(parser.parse_args().histories):
        print(line, flush=True)
