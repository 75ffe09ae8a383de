"""What hints are concluded from: the cells of a run that have a number, and evidence in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from suite.model.cell import Cell, KernelName
from suite.model.launch import CautionKind, Status
from suite.model.report import LaunchRow
from suite.model.run import CellResult
from suite.model.summary import Summary

# Cautions that name nothing that slowed a cell. A number with any other proves nothing about its
# conditions.
_HARMLESS = {
    CautionKind.QUICK,
    CautionKind.TRUNCATED,
    CautionKind.OTHER_DEVICE,
    CautionKind.WIDENED,
}
# Of one kind of evidence; more is counted.
_MOST_SAID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredCell:
    """A cell of a real kernel that has a number, with those of its launches that are ok.

    `median_steps` has the median step of each of them in seconds.
    """

    result: CellResult
    summary: Summary
    launches: tuple[LaunchRow, ...]
    median_steps: tuple[float, ...]

    @property
    def id(self) -> str:
        """The id of the cell."""
        return self.result.cell.id

    @property
    def cell(self) -> Cell:
        """Its conditions."""
        return self.result.cell

    @property
    def is_doubted(self) -> bool:
        """Whether something besides its conditions may have slowed it."""
        return not {caution.kind for caution in self.result.cautions} <= _HARMLESS


def measured_cells(
    cells: Mapping[str, CellResult], launches: Iterable[LaunchRow]
) -> tuple[MeasuredCell, ...]:
    """The cells that have a number; that of a simulated kernel means nothing and is left out."""
    ok: dict[str, list[LaunchRow]] = {}
    for row in launches:
        if row.record.status is Status.OK:
            ok.setdefault(row.cell_id, []).append(row)
    return tuple(
        MeasuredCell(
            result=result,
            summary=result.summary,
            launches=tuple(ok[cell_id]),
            median_steps=tuple(median(row.record.step_seconds) for row in ok[cell_id]),
        )
        for cell_id, result in cells.items()
        if result.summary is not None and result.cell.kernel is not KernelName.SIMULATED
    )


def counted(evidence: Sequence[str]) -> str:
    """The first few pieces of evidence, and how many more there are."""
    more = len(evidence) - _MOST_SAID
    return "; ".join([*evidence[:_MOST_SAID], *([f"and {more} more"] if more > 0 else [])])
