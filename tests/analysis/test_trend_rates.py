"""tests/trend_rates.py: the error rates that the guide states, on a few simulated histories."""

from pathlib import Path

import numpy as np
import pytest
from trend_rates import LENGTHS, SHAPES, alarms, found, simulated, table

GUIDE = Path(__file__).parents[2] / "docs" / "comparing.md"
HISTORIES = 200
INDEPENDENT = ["runs vary by 1 %", "heavy tails (t5)", "heavier tails (t3)"]


@pytest.mark.parametrize("count", LENGTHS)
@pytest.mark.parametrize("shape", INDEPENDENT)
def test_independent_runs_of_one_level_seldom_show_a_change_point(shape: str, count: int) -> None:
    """In about 1 % of histories: more than 3 % of two hundred would be three deviations above."""
    assert alarms(shape, count, HISTORIES) <= 0.03


@pytest.mark.parametrize("count", LENGTHS)
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if "drift" in shape])
def test_a_drift_is_seldom_taken_for_a_change_point(shape: str, count: int) -> None:
    """In a tenth of histories, however fast it is: 17 % would be three deviations above."""
    assert alarms(shape, count, HISTORIES) <= 0.17


def test_runs_that_resemble_the_last_show_false_ones() -> None:
    """As the guide says: a machine that stays off its level for some runs looks like a change."""
    assert alarms("each run half like the last", 40, HISTORIES) > 0.1


@pytest.mark.parametrize("count", LENGTHS)
@pytest.mark.parametrize("shape", INDEPENDENT)
def test_a_loss_of_5_percent_is_found(shape: str, count: int) -> None:
    """In nine of ten histories of ten runs, and in nearly all that are longer."""
    assert found(shape, count, HISTORIES) >= (0.8 if count == LENGTHS[0] else 0.95)


def test_the_table_has_every_shape_and_length() -> None:
    """A line for each kind of noise with the columns of its head, and so has that of the guide."""
    lines = list(table(1))

    assert len(lines) == 2 + len(SHAPES)
    assert {line.count("|") for line in lines} == {len(LENGTHS) + 2}
    guide = GUIDE.read_text().splitlines()
    start = guide.index(lines[0])
    for shown, line in zip(guide[start : start + len(lines)], lines, strict=True):
        assert shown.split(" | ")[0] == line.split(" | ")[0]


@pytest.mark.parametrize("shape", [*INDEPENDENT, "each run half like the last"])
def test_simulated_runs_have_the_noise_they_claim(shape: str) -> None:
    """A standard deviation of 1 %, and the same histories each time."""
    values = np.concatenate(list(simulated(shape, 40, 200)))

    assert values.std() == pytest.approx(0.01, rel=0.1)
    assert np.array_equal(values, np.concatenate(list(simulated(shape, 40, 200))))
