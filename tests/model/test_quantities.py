"""suite.model.quantities: which numbers a record may hold."""

from math import inf, nextafter
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from suite.model import quantities

TINIEST = 5e-324


@pytest.mark.parametrize(
    ("kind", "held", "refused"),
    [
        (quantities.Count, [0, 2**53], [-1, 2**53 + 1]),
        (quantities.PositiveCount, [1, 2**53], [0, 2**53 + 1]),
        (quantities.Seconds, [0.0, 1e9], [-TINIEST, nextafter(1e9, inf)]),
        (quantities.StepSeconds, [1e-9, 1e7], [nextafter(1e-9, 0), nextafter(1e7, inf)]),
        (quantities.LimitSeconds, [TINIEST, 1e300], [0.0, -1.0]),
        (quantities.GaugeValue, [-1e18, 1e18], [nextafter(-1e18, -inf), nextafter(1e18, inf)]),
        (quantities.PositiveGaugeValue, [TINIEST, 1e18], [0.0, nextafter(1e18, inf)]),
        (quantities.Share, [0.0, 1.0], [-TINIEST, nextafter(1.0, inf)]),
    ],
)
def test_a_quantity_has_the_stated_range(kind: Any, held: list[Any], refused: list[Any]) -> None:
    """The ends are in it: counts are exact as floats, steps are no faster than a clock can tell."""
    adapter = TypeAdapter(kind)

    assert [adapter.validate_python(number) for number in held] == held
    for number in refused:
        with pytest.raises(ValidationError):
            adapter.validate_python(number)
