"""Where the parts of a plot go: ticks at round numbers, labels that do not overlap."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


def round_numbers(lowest: float, highest: float) -> list[float]:
    """Round numbers between two positive ones: 1-2-5 in each decade, closer if these are few."""
    decades = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    found: list[float] = []
    for digits in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        found = [
            number
            for decade in decades
            for digit in digits
            if lowest <= (number := float(f"{digit}e{decade}")) <= highest
        ]
        if len(found) > 3:
            break
    return found


def spread(wanted: Sequence[float], gap: float, lowest: float, highest: float) -> list[float]:
    """Places at least `gap` apart between two limits, in the order wanted and close to it.

    Places that would be too close form a group around the mean of their wishes. There has to be
    room for all of them between the limits.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    groups: list[list[int]] = []

    def first_of(group: Sequence[int]) -> float:
        length = gap * (len(group) - 1)
        first = sum(wanted[index] for index in group) / len(group) - length / 2
        return max(lowest, min(first, highest - length))

    for index in order:
        groups.append([index])
        while len(groups) > 1 and (
            first_of(groups[-1]) < first_of(groups[-2]) + gap * len(groups[-2])
        ):
            groups[-2:] = [groups[-2] + groups[-1]]
    places = {
        index: first_of(group) + gap * place
        for group in groups
        for place, index in enumerate(group)
    }
    return [places[index] for index in range(len(wanted))]


def even_numbers(lowest: float, highest: float, most: int = 5) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten, between two numbers: at most so many."""
    rough = (highest - lowest) / most
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * decade for digit in (1, 2, 2.5, 5, 10) if digit * decade >= rough)
    first, last = math.ceil(lowest / step - 1e-9), math.floor(highest / step + 1e-9)
    return [float(f"{place * step:.6g}") for place in range(first, last + 1)]


def thinned(places: Sequence[float], widths: Sequence[float], gap: float) -> list[int]:
    """Which labels centred at ascending places to write: the last, and what fits before.

    They are so wide, and at least a gap apart.
    """
    kept: list[int] = []
    free = math.inf
    for index in reversed(range(len(places))):
        if places[index] + widths[index] / 2 <= free:
            kept.append(index)
            free = places[index] - widths[index] / 2 - gap
    return kept[::-1]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its sides parallel to the axes; y grows upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def common_area(self, other: "Box") -> float:
        """How much of the other this one covers."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    def is_within(self, other: "Box") -> bool:
        """Whether no part of it is outside the other."""
        return (
            self.left >= other.left
            and self.bottom >= other.bottom
            and self.right <= other.right
            and self.top <= other.top
        )

    @property
    def area(self) -> float:
        """Its area."""
        return (self.right - self.left) * (self.top - self.bottom)


def around(x: float, y: float, width: float, height: float, gap: float) -> list[Box]:
    """Where a label may stand beside a point, the best place first.

    Below, above, right, left, so that one of its ends is below or above, and further away.
    """
    below, above, level = -gap - height, gap, -height / 2
    shifts = [
        (-width / 2, below),
        (-width / 2, above),
        (gap, level),
        (-gap - width, level),
        (0.0, below),
        (-width, below),
        (0.0, above),
        (-width, above),
        (-width / 2, below - height),
        (-width / 2, above + height),
    ]
    return [Box(x + dx, y + dy, x + dx + width, y + dy + height) for dx, dy in shifts]


def clearest(places: Sequence[Box], obstacles: Sequence[Box], inside: Box) -> Box:
    """The place that covers the least of the obstacles and stays within the limits most."""
    return min(places, key=lambda place: _covered(place, obstacles, inside))


def _covered(place: Box, obstacles: Sequence[Box], inside: Box) -> float:
    outside = place.area - place.common_area(inside)
    # What is cut off cannot be read at all; what is covered, mostly.
    return 4 * outside + sum(place.common_area(obstacle) for obstacle in obstacles)
