"""What an A/B run shows: its two sides, what differs between them, and a verdict on each cell."""

from dataclasses import dataclass

from suite.model.ab import LaunchGroups, MatrixShift, PairVerdict, Setting, VerdictKind
from suite.model.comparability import Difference
from suite.model.run import CellResult

# History of ab.json, newest first.
#     1  first version
AB_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AbCell:
    """A cell on both sides, and the verdict on B beside A.

    `a` and `b` pool the launches of a side; None where it has none yet. They may be different
    conditions. `ratios` are B / A of the mean step time in each round, None for a round in which a
    launch failed. `given_up` says why no more of it is measured; empty unless a side is skipped or
    failed repeatedly. `groups` are those into which launches fall; None where they are one.
    """

    cell_id: str
    other_id: str
    a: CellResult | None
    b: CellResult | None
    ratios: tuple[float | None, ...]
    verdict: PairVerdict
    given_up: str
    groups: LaunchGroups | None

    @property
    def is_open(self) -> bool:
        """Whether another round of it may still decide something."""
        return not (self.verdict.is_decided or self.given_up)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbReport:
    """Two sides, `a` and `b` in the words that said what differs, measured in turn on a device.

    `differences` are what both recorded otherwise of device, software and what really ran.
    `shift` is that of all cells together; None before the first look.
    """

    matrix: str
    device: str
    a: str
    b: str
    setting: Setting
    differences: tuple[Difference, ...]
    cells: tuple[AbCell, ...]
    shift: MatrixShift | None
    ab_version: int = AB_VERSION

    def count(self, kind: VerdictKind) -> int:
        """How many cells have a verdict of this kind, of those that were not given up."""
        return sum(cell.verdict.verdict is kind for cell in self.cells if not cell.given_up)
