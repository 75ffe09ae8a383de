"""suite.model.bounds: a number that a user sets lies in its range, both ends included."""

import re

import pytest

from suite.model.bounds import Bounds

BOUNDS = Bounds(2, 40)


@pytest.mark.parametrize(("text", "number"), [("2", 2), ("40", 40), ("0007", 7)])
def test_both_ends_of_the_range_are_in_it(text: str, number: int) -> None:
    """The lowest and the highest value are allowed, as a whole number and as a decimal one."""
    assert BOUNDS.whole(text) == BOUNDS.decimal(text) == number
    assert number in BOUNDS


@pytest.mark.parametrize("text", ["1", "41", "", "-3", "+3", "3.0", "1_0", "²", " 3", "9" * 20])
def test_what_is_no_whole_number_in_the_range_is_refused(text: str) -> None:
    """The error says what it is and what would be right."""
    words = f"^{re.escape(repr(text))} is not a whole number from 2 to 40$"
    with pytest.raises(ValueError, match=words):
        BOUNDS.whole(text)


@pytest.mark.parametrize(
    ("text", "number"), [("2.5", 2.5), ("3.", 3), ("4e0", 4), ("200e-1", 20), (".3E+2", 30)]
)
def test_a_decimal_number_may_have_an_exponent(text: str, number: float) -> None:
    """As everybody writes numbers."""
    assert BOUNDS.decimal(text) == number


@pytest.mark.parametrize(
    "text",
    ["1.999", "40.001", "nan", "inf", "1e400", "-2.5", "", ".", "e1", "2,5", "0x3", "3" * 41],
)
def test_what_is_no_decimal_number_in_the_range_is_refused(text: str) -> None:
    """Neither is what only Python would read, nor what is not a number by name."""
    with pytest.raises(ValueError, match="is not a number from 2 to 40$"):
        BOUNDS.decimal(text)


def test_a_flood_of_digits_is_shown_in_part() -> None:
    """The message stays one line."""
    with pytest.raises(ValueError, match="is not a whole number") as caught:
        BOUNDS.whole("9" * 5000)

    assert len(str(caught.value)) < 100
