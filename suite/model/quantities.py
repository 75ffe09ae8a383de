"""Number types with their ranges, declared once; suite.store enforces them in records."""

from typing import Annotated

from annotated_types import Ge, Gt, Le

# Up to here a float represents every whole number, so counts are exact in arithmetic with times.
_LARGEST_COUNT = 2**53

Count = Annotated[int, Ge(0), Le(_LARGEST_COUNT)]
PositiveCount = Annotated[int, Ge(1), Le(_LARGEST_COUNT)]

# Thirty years, so that no sum of times overflows.
Seconds = Annotated[float, Ge(0), Le(1e9)]

# One step. No clock here resolves less than a nanosecond, and a function call takes dozens of
# them; 116 days are far beyond any deadline.
StepSeconds = Annotated[float, Ge(1e-9), Le(1e7)]

# A cap or a deadline, as long as a matrix likes.
LimitSeconds = Annotated[float, Gt(0)]

# A value of an instrument: a temperature may be negative, and an exabyte is 1e18.
GaugeValue = Annotated[float, Ge(-1e18), Le(1e18)]
PositiveGaugeValue = Annotated[float, Gt(0), Le(1e18)]

Share = Annotated[float, Ge(0), Le(1)]
