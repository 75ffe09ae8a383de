"""suite.analysis.siblings: a launch unlike the others of its cell is told, healthy ones are not."""

from dataclasses import replace

import pytest
from simulated_steps import doubted_siblings, siblings

from suite.analysis.results import cell_results
from suite.analysis.siblings import FEWEST_SIBLINGS, sibling_cautions
from suite.model.launch import CautionKind, Status


def test_a_launch_slower_in_every_step_is_told_by_its_number() -> None:
    """One of 48 launches that is 30 % slower, with nothing in its own steps, is named."""
    levels = [1.3 if number == 17 else 1 + number % 5 * 0.005 for number in range(48)]
    (caution,) = sibling_cautions(siblings(levels, 0.01))

    assert caution.kind is CautionKind.UNLIKE_SIBLINGS
    assert caution.text.startswith("launch 17 is 28% slower than its 47 siblings")
    assert "measure again" in caution.text


def test_a_launch_that_is_faster_is_unlike_too() -> None:
    """The odd one may be the one that something sped up."""
    (caution,) = sibling_cautions(siblings([1, 0.99, 0.8, 1.01], 0.01))

    assert caution.text.startswith("launch 2 is 20% faster than its 3 siblings")


def test_two_slow_of_four_accuse_nobody() -> None:
    """Without a majority nobody knows the usual ones: that is said once, and no launch is named."""
    (caution,) = sibling_cautions(siblings([1, 1.3, 1.01, 1.31], 0.01))

    assert caution.kind is CautionKind.UNLIKE_SIBLINGS
    assert caution.text.startswith("the 4 launches disagree: no more than 2 have median steps")


def test_two_slow_of_five_are_both_told() -> None:
    """A majority of three is enough."""
    cautions = sibling_cautions(siblings([1, 1.3, 1.01, 1.6, 0.99], 0.01))

    assert [caution.text[:8] for caution in cautions] == ["launch 1", "launch 3"]


def test_fewer_than_three_good_launches_say_nothing() -> None:
    """Of two nobody can say which is odd, and a launch that failed is none."""
    three = siblings([1, 1.3, 1], 0.01)
    failed = replace(three[2], status=Status.CRASHED)

    assert len(three) == FEWEST_SIBLINGS
    assert sibling_cautions(three)
    assert not sibling_cautions(three[:2])
    assert not sibling_cautions([*three[:2], failed])


def test_a_difference_within_the_steps_or_below_a_tenth_is_usual() -> None:
    """Steps that vary by 40 % explain a launch 15 % slower; 8 % is nothing to tell."""
    assert not sibling_cautions(siblings([1, 1, 1, 1.15], 0.4))
    assert not sibling_cautions(siblings([1, 1, 1, 1.08], 0.001))


@pytest.mark.parametrize("launches", [3, 5, 16])
def test_healthy_launches_are_seldom_told(launches: int) -> None:
    """Of 200 cells whose launches differ by 3 % (standard deviation) at most 1 % are doubted."""
    assert doubted_siblings(0.03, launches, 0.0, 200) <= 0.01


def test_a_cell_has_the_doubt_and_no_record_does() -> None:
    """It is derived where all launches of a cell are known, beside their own cautions."""
    launches = siblings([1, 1, 1, 1.5], 0.01)
    (result,) = cell_results(launches)

    assert [caution.kind for caution in result.cautions] == [CautionKind.UNLIKE_SIBLINGS]
    assert not any(launch.cautions for launch in launches)


def test_the_launches_of_another_cell_are_no_siblings() -> None:
    """A larger batch may take longer."""
    launches = siblings([1, 1.0, 1.0, 3.0], 0.01)
    other = replace(launches[3], cell=replace(launches[3].cell, batch_size=2))

    assert not any(result.cautions for result in cell_results([*launches[:3], other]))
