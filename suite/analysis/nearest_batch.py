"""What is known of some cells, found for another by the nearest batch size."""

from bisect import bisect_left, insort
from dataclasses import replace
from typing import Generic, TypeVar

from suite.model.cell import Cell

Value = TypeVar("Value")


def without_batch_size(cell: Cell) -> Cell:
    """What cells that differ in nothing but the batch size have in common, as a key."""
    return replace(cell, batch_size=1)


class NearestBatch(Generic[Value]):
    """One value for each cell; a look-up takes no longer however many are known."""

    def __init__(self) -> None:
        self._values: dict[Cell, Value] = {}
        self._sizes: dict[Cell, list[int]] = {}

    def learn(self, cell: Cell, value: Value) -> None:
        """Know this of a cell, in place of what was known of it before."""
        if cell not in self._values:
            insort(self._sizes.setdefault(without_batch_size(cell), []), cell.batch_size)
        self._values[cell] = value

    def nearest(self, cell: Cell) -> tuple[int, Value] | None:
        """The batch size nearest to the cell's, of its condition, and what is known of that."""
        if cell in self._values:
            return cell.batch_size, self._values[cell]
        sizes = self._sizes.get(without_batch_size(cell)) if self._sizes else None
        if not sizes:
            return None
        above = bisect_left(sizes, cell.batch_size)
        around = sizes[max(0, above - 1) : above + 1]
        size = min(around, key=lambda size: abs(size - cell.batch_size))
        return size, self._values[replace(cell, batch_size=size)]
