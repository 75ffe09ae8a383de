"""The suite's promises about itself."""

import pytest

from suite.model.check import Check


@pytest.mark.parametrize(
    ("values", "at_least", "met"),
    [
        ((0.5, 1.0, 1.4), True, True),
        ((0.9, 0.99, 9.0), True, False),
        ((0.5, 1.0, 1.4), False, True),
        ((0.9, 1.01, 1.02), False, False),
    ],
)
def test_the_median_is_held_against_the_target(
    values: tuple[float, ...], *, at_least: bool, met: bool
) -> None:
    """One lucky or unlucky turn neither keeps nor breaks a promise."""
    check = Check(name="c", values=values, unit="x", target=1.0, at_least=at_least, note="")

    assert check.met is met


def test_without_a_target_there_is_no_verdict() -> None:
    """A number that only informs is neither met nor missed."""
    check = Check(name="c", values=(0.5,), unit="x", note="")

    assert check.met is None
