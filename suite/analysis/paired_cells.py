"""Cells set beside others that differ in one condition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from suite.analysis.evidence import MeasuredCell
from suite.analysis.intervals import launches_differ
from suite.analysis.nearest_batch import without_batch_size
from suite.analysis.siblings import LEAST_DIFFERENCE
from suite.model.cell import Cell


@dataclass(frozen=True, slots=True)
class Pair:
    """A cell and its base, the one that it is set beside."""

    cell: MeasuredCell
    base: MeasuredCell

    @property
    def ratio(self) -> float:
        """Images/s of the cell over those of its base: above 1 the cell is faster."""
        return self.cell.summary.images_per_second / self.base.summary.images_per_second

    @property
    def is_slower(self) -> bool:
        """Whether the cell is slower than its base, beyond what steps and launches vary by.

        It is by a tenth or more, in every launch, and by more than the steps explain. Where
        launches vary by 3 % (standard deviation), one launch each of two equal cells gives this
        answer in fewer than 1 % of pairs.
        """
        return (
            self.ratio <= 1 - LEAST_DIFFERENCE
            and min(self.cell.median_steps) > max(self.base.median_steps)
            and launches_differ([_steps(self.cell), _steps(self.base)])
        )

    @property
    def is_faster(self) -> bool:
        """The same the other way round."""
        return Pair(self.base, self.cell).is_slower


def pairs(
    cells: Sequence[MeasuredCell], base_of: Callable[[Cell], Cell | None]
) -> tuple[Pair, ...]:
    """Each cell that has a base, where it was measured and neither has a doubt."""
    sound = {each.cell: each for each in cells if not each.is_doubted}
    bases = ((each, base_of(cell)) for cell, each in sound.items())
    return tuple(Pair(each, sound[base]) for each, base in bases if base in sound)


def doublings(cells: Sequence[MeasuredCell]) -> tuple[Pair, ...]:
    """Each cell as the base of the smallest batch that is twice its own or more."""
    alike: dict[Cell, list[MeasuredCell]] = {}
    for each in cells:
        if not each.is_doubted:
            alike.setdefault(without_batch_size(each.cell), []).append(each)
    found = []
    for group in alike.values():
        group.sort(key=lambda each: each.cell.batch_size)
        for base in group:
            larger = (each for each in group if each.cell.batch_size >= 2 * base.cell.batch_size)
            found += [Pair(cell, base) for cell in (next(larger, None),) if cell is not None]
    return tuple(found)


def first_faster(pair: Pair, others: Sequence[Pair]) -> Pair | None:
    """The pair of the smallest larger batch, else alike, whose cell is faster than its base."""
    larger = (
        other
        for other in others
        if without_batch_size(other.cell.cell) == without_batch_size(pair.cell.cell)
        and other.cell.cell.batch_size > pair.cell.cell.batch_size
        and other.is_faster
    )
    return min(larger, key=lambda other: other.cell.cell.batch_size, default=None)


def _steps(measured: MeasuredCell) -> list[float]:
    return list(chain.from_iterable(row.record.step_seconds for row in measured.launches))
