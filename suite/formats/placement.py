"""Where the parts of a plot go: ticks at round numbers, labels that do not overlap."""

import math
from collections.abc import Sequence


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
