"""Which cells need not be tried, because the same cell with a smaller batch ran out of memory."""

from collections.abc import Iterable

from suite.analysis.nearest_batch import without_batch_size
from suite.model.cell import Cell
from suite.model.launch import Launch, Status


class MemoryCeiling:
    """The smallest batch that ran out of memory, for cells alike in all but the batch size.

    Only a launch whose status is out_of_memory counts: a crash may have any cause.
    """

    def __init__(self, launches: Iterable[Launch] = ()) -> None:
        self._smallest: dict[Cell, Cell] = {}
        for launch in launches:
            self.learn(launch)

    def learn(self, launch: Launch) -> None:
        """Record how a launch ended."""
        cell = launch.cell
        known = self._smallest.get(without_batch_size(cell))
        if launch.status is Status.OUT_OF_MEMORY and (
            known is None or cell.batch_size < known.batch_size
        ):
            self._smallest[without_batch_size(cell)] = cell

    def skip_reason(self, cell: Cell) -> str | None:
        """Why a cell is not expected to fit in memory, naming the cell that proved it; or None.

        A cell that ran out of memory itself is not launched again either.
        """
        proof = self._smallest.get(without_batch_size(cell))
        if proof is None or cell.batch_size < proof.batch_size:
            return None
        return f"{proof.id} ran out of memory; --no-prune runs it all the same"
