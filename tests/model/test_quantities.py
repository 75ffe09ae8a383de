"""suite.model.quantities: which numbers a record may hold."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from suite.model import quantities


@pytest.mark.parametrize(
    ("kind", "held", "refused"),
    [
        (quantities.Count, [0, 2**53], [-1, 2**53 + 1]),
        (quantities.PositiveCount, [1, 2**53], [0, 2**53 + 1]),
        (quantities.Seconds, [0.0, 1e9], [-1e-9, 1.001e9]),
        (quantities.StepSeconds, [1e-9, 1e7], [0.0, 0.9e-9, 1.001e7]),
        (quantities.LimitSeconds, [1e-9, 1e300], [0.0, -1.0]),
        (quantities.GaugeValue, [-1e18, 1e18], [-1.001e18, 1.001e18]),
        (quantities.PositiveGaugeValue, [1e-9, 1e18], [0.0, 1.001e18]),
        (quantities.Share, [0.0, 1.0], [-0.001, 1.001]),
    ],
)
def test_a_quantity_has_the_stated_range(kind: Any, held: list[Any], refused: list[Any]) -> None:
    """The ends are in it: counts are exact as floats, steps are no faster than a clock can tell."""
    adapter = TypeAdapter(kind)

    assert [adapter.validate_python(number) for number in held] == held
    for number in refused:
        with pytest.raises(ValidationError):
            adapter.validate_python(number)
