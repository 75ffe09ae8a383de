"""The numbers of a training as other programs plot them: by name, step and time."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarPoint:
    """Numbers by their names after a step, or at the beginning of a part, which has none.

    `at` is in seconds since 1970: the beginning of the part, and the seconds of its steps,
    evaluations and checkpoints since.
    """

    at: float
    step: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PartScalars:
    """A part of a training: its `start`, whose step is the first one made, and what followed."""

    start: ScalarPoint
    points: tuple[ScalarPoint, ...]
