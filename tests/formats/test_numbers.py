"""suite.formats.numbers: digits and units."""

from collections.abc import Callable

import pytest

from suite.formats.numbers import (
    duration,
    milliseconds,
    percent,
    percentile_milliseconds,
    rate,
    ratio,
    ratio_interval,
    signed_percent,
    spread,
)


@pytest.mark.parametrize(
    ("written", "value", "text"),
    [
        (milliseconds, 0.0123456, "12.35"),
        (milliseconds, 0.99994, "999.94"),
        (milliseconds, 1.0, "1000.0"),
        (milliseconds, 9.9994, "9999.4"),
        (milliseconds, 10.0, "10000"),
        (milliseconds, None, "-"),
        (rate, 1234.567, "1234.57"),
        (rate, None, "-"),
        (percent, 0.9356, "93.6%"),
        (percent, None, "-"),
        (signed_percent, -0.0523, "-5.2%"),
        (signed_percent, 0.008, "+0.8%"),
        (spread, 0.00417, "0.42"),
        (spread, 0.0, "0.00"),
        (spread, None, "-"),
        (ratio_interval, (0.98249, 1.0449), "0.982 to 1.04"),
        (ratio_interval, None, "-"),
        (ratio, 0.01234, "0.0123x"),
        (ratio, 0.0999, "0.0999x"),
        (ratio, 0.1, "0.100x"),
        (ratio, 0.999, "0.999x"),
        (ratio, 1.0, "1.00x"),
        (ratio, 9.994, "9.99x"),
        (ratio, 10.0, "10.0x"),
        (ratio, 99.94, "99.9x"),
        (ratio, 100.0, "100x"),
        (ratio, None, "-"),
        (duration, 0.4, "0 s"),
        (duration, 59.4, "59 s"),
        (duration, 60.0, "1 min 00 s"),
        (duration, 3599.0, "59 min 59 s"),
        (duration, 3600.0, "1 h 00 min"),
        (duration, 7505.0, "2 h 05 min"),
    ],
)
def test_a_number_has_as_many_digits_as_it_deserves(
    written: Callable[[float | None], str], value: float | None, text: str
) -> None:
    """Where a unit or the number of digits changes, the text is still the number."""
    assert written(value) == text


def test_a_percentile_of_too_few_samples_is_marked() -> None:
    """The mark stands before the number, and only there."""
    assert percentile_milliseconds(0.0125, (0.01, 0.02)) == "12.50"
    assert percentile_milliseconds(0.0125, None) == "~12.50"
