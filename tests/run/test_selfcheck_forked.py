"""suite.run.selfcheck.forked: forked launches beside programs."""

from random import Random
from statistics import fmean

import pytest

from suite.model.cell import Cell, KernelName, Mode, Precision
from suite.run.selfcheck.forked import chance_factor, forked_launches, relative_spread

CELL = Cell(
    mode=Mode.INFERENCE,
    precision=Precision.FP32,
    xla=False,
    batch_size=1,
    kernel=KernelName.SIMULATED,
)


def test_both_kinds_of_launch_are_made_and_compared() -> None:
    """The overhead, the step and the spread of forked launches, each beside that of programs."""
    overhead, step, spread = forked_launches(CELL, launches=3, steps=4, on_gpu=False)

    assert len(overhead.values) == len(step.values) == 3
    assert "started by fork; the first" in overhead.note
    assert "as a program" in overhead.note
    # Both sleep the same seconds.
    assert step.median == pytest.approx(1, rel=0.5)
    assert len(spread.values) == 1
    assert "3 launches vary by" in spread.note


def test_the_interval_of_a_spread_covers_the_truth() -> None:
    """Of many pairs of sets with the same spread, 95 in 100 intervals contain a ratio of 1."""
    random = Random(1)  # noqa: S311 - not for secrets

    def medians() -> list[float]:
        return [random.gauss(1.0, 0.02) for _ in range(8)]

    factor = chance_factor(8)
    ratios = [relative_spread(medians()) / relative_spread(medians()) for _ in range(1000)]

    assert 0.93 <= fmean(1 / factor <= ratio <= factor for ratio in ratios) <= 0.97
