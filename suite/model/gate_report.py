"""What a gate says of a run beside a stored baseline, and what would decide what is open."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from suite.model.ab import PairVerdict, VerdictKind
from suite.model.comparability import Difference
from suite.model.gate import CanaryShift, Doubt, Metric, StoredLaunches, StoredVerdict, Tau
from suite.model.launch import Caution
from suite.model.rules import GateRules
from suite.model.run import CellResult

# History of gate.json, newest first.
#     1  first version
GATE_VERSION = 1


class BaseKind(str, Enum):
    """Whether the other side of an A/B, the code or software of the baseline, can be had.

    GIVEN and FOUND can be measured right away: the user named it, or the records do. NAMED can be
    measured once the user has installed what its side names. ABSENT cannot: then a stored
    baseline alone decides, and only on losses that days do not explain.
    """

    GIVEN = "given"
    FOUND = "found"
    NAMED = "named"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseSide:
    """Side a of the A/B that tells the code from the day: its words for `--a`, and why that one."""

    kind: BaseKind
    differs: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineTitle:
    """Which baseline: its file or directory, its sessions, and the commit of the newest one.

    `days` are those on which its sessions began: what is compared are days.
    """

    name: str
    sessions: int
    days: int
    first_started_at: str
    last_started_at: str
    commit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCell:
    """A metric of a cell beside the baseline.

    `launches` are the logarithms of seconds per step that were compared, the mean or a percentile
    of each launch; their sessions are the days of the baseline. `images` is the number of images
    in a step. `stored` is the verdict by the baseline alone and `confirmed` that of fresh pairs,
    None without; `verdict` is the one that counts, and `doubt` why it is inconclusive, as far as
    one thing explains it. `cautions` are those of today's launches.
    """

    cell_id: str
    metric: Metric
    is_gated: bool
    images: int
    launches: StoredLaunches
    stored: StoredVerdict
    confirmed: PairVerdict | None
    verdict: VerdictKind
    doubt: Doubt | None
    cautions: tuple[Caution, ...]

    @property
    def today_seconds(self) -> float | None:
        """The geometric mean of today's launches; None without any."""
        return _geometric_mean(self.launches.today)

    @property
    def baseline_seconds(self) -> float | None:
        """The geometric mean of the baseline's days, each counting once; None without any."""
        means = [math.fsum(each) / len(each) for each in self.launches.sessions if each]
        return _geometric_mean(means)


def _geometric_mean(logarithms: Sequence[float]) -> float | None:
    return math.exp(math.fsum(logarithms) / len(logarithms)) if logarithms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostCell:
    """A cell of the baseline that failed today or lacks launches, or of which a record is damaged.

    `result` is None if it was not measured, and `damage` says what is wrong with the record.
    """

    cell_id: str
    result: CellResult | None
    damage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The cell that no change of the code touches, and how it moved; None if it cannot be told."""

    cell_id: str
    shift: CanaryShift | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """A run beside a stored baseline.

    `differences` are what both recorded otherwise of their conditions, and `forbidding` those
    because of which nothing is compared: then every cell is not comparable. `tau` is by how much
    days differ; None where nothing was compared. `family` is how many cells are judged at once,
    those without a launch today included. `lost` are cells of the baseline that failed or are
    missing today, and `new` the ids of those launched today of which it has no number.

    `confirm_command` are the words after `bench.py` of the A/B that would decide what is
    inconclusive, empty for none, and `confirmed_by` is the directory of the A/B whose pairs were
    asked; None without.
    """

    matrix: str
    device: str
    run: str
    baseline: BaselineTitle
    rules: GateRules
    differences: tuple[Difference, ...]
    forbidding: tuple[Difference, ...]
    tau: Tau | None
    family: int
    canary: Canary | None
    base: BaseSide
    cells: tuple[GateCell, ...]
    lost: tuple[LostCell, ...]
    new: tuple[str, ...]
    confirm_command: tuple[str, ...]
    confirmed_by: str | None
    gate_version: int = GATE_VERSION

    @property
    def gated(self) -> tuple[GateCell, ...]:
        """The cells and metrics that decide."""
        return tuple(cell for cell in self.cells if cell.is_gated)

    def count(self, kind: VerdictKind) -> int:
        """How many gated cells and metrics have a verdict of this kind."""
        return sum(cell.verdict is kind for cell in self.gated)

    @property
    def open_cells(self) -> tuple[str, ...]:
        """The ids of the cells of which a gated metric is inconclusive."""
        found = (c.cell_id for c in self.gated if c.verdict is VerdictKind.INCONCLUSIVE)
        return tuple(dict.fromkeys(found))
