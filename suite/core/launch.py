"""One launch: a process that executed (or could not execute) one cell, and what it measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from suite.core.cell import Cell, Protocol
from suite.core.summary import Summary, summarize
from suite.core.telemetry import Telemetry


class Status(str, Enum):
    """How a launch ended. Anything but OK carries a reason."""

    OK = "ok"
    SKIPPED = "skipped"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    INVALID = "invalid"
    INTERRUPTED = "interrupted"


class CautionKind(str, Enum):
    """A doubt attached to a number."""

    QUICK = "quick"
    TRUNCATED = "truncated"
    OTHER_DEVICE = "other_device"
    SIMULATED = "simulated"
    INPUT_BOUND = "input_bound"
    WIDENED = "widened"
    UNSTEADY = "unsteady"
    THROTTLED = "throttled"
    FOREIGN_PROCESS = "foreign_process"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Caution:
    """A doubt in words, with its remedy."""

    kind: CautionKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """The record of one launch; what a file under `cells/` holds.

    `device` is the label of the device that really ran. `startup_seconds` maps phases (import,
    build, compile) to seconds. `warmup_seconds` and `step_seconds` hold every step in order.
    `conditions` says what really ran (compute type, compiler, thread counts, versions).
    `telemetry` says what the machine did meanwhile, None where it was not recorded.
    `wall_seconds` is the life of the process as the parent saw it, and
    `overhead_seconds` the part of it spent outside startup, warm-up and measuring.
    """

    cell: Cell
    protocol: Protocol
    launch: int
    status: Status
    reason: str = ""
    device: str = ""
    started_at: str = ""
    startup_seconds: Mapping[str, float] = field(default_factory=dict)
    warmup_seconds: tuple[float, ...] = ()
    step_seconds: tuple[float, ...] = ()
    conditions: Mapping[str, object] = field(default_factory=dict)
    telemetry: Telemetry | None = None
    wall_seconds: float = 0.0
    cautions: tuple[Caution, ...] = ()

    @property
    def overhead_seconds(self) -> float:
        """Seconds of the process outside startup, warm-up and measuring; 0 when it never ran."""
        known = sum(self.startup_seconds.values())
        return max(
            0.0, self.wall_seconds - known - sum(self.warmup_seconds) - sum(self.step_seconds)
        )

    @property
    def summary(self) -> Summary | None:
        """Statistics of this launch's measured steps."""
        return summarize(self.step_seconds, self.cell.global_batch_size)
