"""Numbers with the range that each must lie in, declared once; suite.store holds records to it."""

from typing import Annotated

from annotated_types import Ge, Gt, Le

# Up to here a float holds every whole number, so a count survives any arithmetic with times.
_LARGEST_COUNT = 2**53

Count = Annotated[int, Ge(0), Le(_LARGEST_COUNT)]
PositiveCount = Annotated[int, Ge(1), Le(_LARGEST_COUNT)]

# Thirty years, so that no sum of times overflows.
Seconds = Annotated[float, Ge(0), Le(1e9)]

# One step. No clock here tells less than a nanosecond apart, and calling a function takes dozens of
# them; 116 days are far beyond any deadline.
StepSeconds = Annotated[float, Ge(1e-9), Le(1e7)]

# A cap or a deadline, which may be as long as a matrix likes.
LimitSeconds = Annotated[float, Gt(0)]

# What an instrument shows: a temperature may be negative, and an exabyte is 1e18.
Reading = Annotated[float, Ge(-1e18), Le(1e18)]
PositiveReading = Annotated[float, Gt(0), Le(1e18)]

Share = Annotated[float, Ge(0), Le(1)]
