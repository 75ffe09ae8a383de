"""Values known for some cells, looked up for another cell by the nearest batch size."""

from bisect import bisect_left, insort
from dataclasses import replace
from typing import Generic, TypeVar

from suite.model.cell import Cell

Value = TypeVar("Value")


def without_batch_size(cell: Cell) -> Cell:
    """A key that is equal for cells that differ only in the batch size."""
    return replace(cell, batch_size=1)


class NearestBatch(Generic[Value]):
    """One value per cell; the time of a look-up hardly grows with their number."""

    def __init__(self) -> None:
        self._values: dict[Cell, Value] = {}
        self._sizes: dict[Cell, list[int]] = {}

    def learn(self, cell: Cell, value: Value) -> None:
        """Store the value of a cell, replacing an earlier one."""
        if cell not in self._values:
            insort(self._sizes.setdefault(without_batch_size(cell), []), cell.batch_size)
        self._values[cell] = value

    def nearest(self, cell: Cell) -> tuple[int, Value] | None:
        """The nearest batch size known for an otherwise equal cell, and its value."""
        if cell in self._values:
            return cell.batch_size, self._values[cell]
        sizes = self._sizes.get(without_batch_size(cell)) if self._sizes else None
        if not sizes:
            return None
        above = bisect_left(sizes, cell.batch_size)
        around = sizes[max(0, above - 1) : above + 1]
        size = min(around, key=lambda size: abs(size - cell.batch_size))
        return size, self._values[replace(cell, batch_size=size)]
