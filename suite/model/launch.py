"""One launch: a process that executed (or could not execute) one cell, and what it measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from suite.model.cell import Cell, Protocol
from suite.model.facts import Facts
from suite.model.quantities import Count, Seconds, StepSeconds
from suite.model.telemetry import Telemetry

# Names of the phases that run steps, as progress reports them.
WARM_UP = "warm-up"
MEASURING = "measuring"


class Status(str, Enum):
    """How a launch ended. Anything but OK carries a reason."""

    OK = "ok"
    SKIPPED = "skipped"
    OUT_OF_MEMORY = "out_of_memory"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    INVALID = "invalid"
    INTERRUPTED = "interrupted"

    @property
    def is_failure(self) -> bool:
        """Whether something went wrong; a skipped or interrupted launch did not fail."""
        return self not in {Status.OK, Status.SKIPPED, Status.INTERRUPTED}

    @property
    def words(self) -> str:
        """As people read it: `out of memory`."""
        return self.value.replace("_", " ")


# Statuses for which the last lines that a process printed may name the cause.
FAILURES = frozenset({Status.OUT_OF_MEMORY, Status.TIMED_OUT, Status.CRASHED})


class StartedBy(str, Enum):
    """How a launch was started: as a program, by a fork server, or as ranks by a launcher."""

    PROCESS = "process"
    FORK = "fork"
    MPIRUN = "mpirun"
    HOROVODRUN = "horovodrun"
    SRUN = "srun"


class CautionKind(str, Enum):
    """A reason to doubt a number: its name, the letter that marks it, its legend and its remedy."""

    letter: str
    legend: str
    remedy: str

    def __new__(cls, value: str, letter: str, legend: str, remedy: str) -> "CautionKind":
        """A member whose value is its name in files."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.letter = letter
        kind.legend = legend
        kind.remedy = remedy
        return kind

    def caution(self, seen: str, remedy: str = "") -> "Caution":
        """A caution that says what was seen and what to do: the usual remedy, or a closer one."""
        return Caution(self, f"{seen}; {remedy or self.remedy}")

    QUICK = (
        "quick",
        "q",
        "quick protocol: a first look; run without --quick for real numbers",
        "run without --quick for a number",
    )
    TRUNCATED = (
        "truncated",
        "t",
        "truncated: the time cap ended it early, with n samples",
        "raise max_seconds for all of them",
    )
    OTHER_DEVICE = (
        "other_device",
        "d",
        "not the device the matrix is for",
        "use --require-device",
    )
    SIMULATED = (
        "simulated",
        "s",
        "simulated kernel: the number means nothing",
        "run a matrix of the real one",
    )
    INPUT_BOUND = (
        "input_bound",
        "i",
        "bound by its input: steps waited for images, see the record",
        (
            "give it more CPU cores, faster storage or, if cores idle, more decode_threads, or"
            " measure the network alone with data: synthetic"
        ),
    )
    WIDENED = (
        "widened",
        "w",
        "XLA computed bfloat16 in float32 on this CPU: not the speed of AMP",
        "run without XLA for the speed of bfloat16",
    )
    UNSTEADY = (
        "unsteady",
        "u",
        "unsteady: the steps changed over time or had two levels",
        "look for heat, a power limit or other load",
    )
    THROTTLED = (
        "throttled",
        "h",
        "throttled: heat or the power supply slowed the GPU",
        "check its cooling and power supply",
    )
    FOREIGN_PROCESS = (
        "foreign_process",
        "o",
        "others: a foreign process was on the GPU",
        "end them, or choose a free GPU",
    )
    CONTENDED = (
        "contended",
        "b",
        "busy: foreign processes used over a tenth of the CPU meanwhile",
        "end them and measure again",
    )
    CHANGED = (
        "changed",
        "c",
        "measured after the run was resumed under changed conditions",
        "start a new run",
    )
    STOLEN = (
        "stolen",
        "v",
        "stolen: a hypervisor gave over 2 % of the CPUs' time to others",
        "measure when they are quiet, or on a machine of your own",
    )
    UNLIKE_SIBLINGS = (
        "unlike_siblings",
        "l",
        "launches disagree: one with its siblings, or all with each other",
        "find out what else the machine did meanwhile, and measure again",
    )
    MIXED_DEVICES = (
        "mixed_devices",
        "m",
        "mixed: the ranks ran on GPUs of different types",
        "use equal ones",
    )


@dataclass(frozen=True, slots=True)
class Caution:
    """A reason to doubt a number in words, with its remedy; see `CautionKind.caution`."""

    kind: CautionKind
    text: str

    @property
    def seen(self) -> str:
        """What was seen, without the usual remedy."""
        return self.text.removesuffix(f"; {self.kind.remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRecord:
    """What one rank of a launch on several GPUs measured; `device` is the label of its own.

    `all_reduce_seconds` are all-reduces of a step's gradients alone, made after the measured
    steps: what a step would wait for them if they did not overlap with its computation.
    """

    rank: Count
    host: str
    device: str = ""
    startup_seconds: Mapping[str, Seconds] = field(default_factory=dict)
    warmup_seconds: tuple[StepSeconds, ...] = ()
    step_seconds: tuple[StepSeconds, ...] = ()
    all_reduce_seconds: tuple[StepSeconds, ...] = ()
    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """The record of one launch; what a file under `cells/` holds.

    `device` is the label of the device that really ran. `startup_seconds` maps phases (import,
    build, compile) to seconds. `warmup_seconds` and `step_seconds` hold every step in order.
    `conditions` are the facts of what really ran, under the name that records have for them.
    `telemetry` says what the machine did meanwhile, None if it was not recorded.
    `wall_seconds` is the lifetime of the process as the parent saw it.

    `started_by` is None for a launch that the runner did not start; `fork_refused` says why it was
    started as a program although forking was wanted. The import time of a forked launch is that of
    its fork, plus the start of the server if the launch had to wait for it. `runner_cpu_seconds` is
    the CPU time of the runner itself during warm-up and measuring.

    `output_tail` holds the last lines printed by a failed launch, and is empty for others.

    A launch on several GPUs has `ranks`, one record each in order. Its own step times are those of
    the slowest rank in each step; a rank's own record has its `all_reduce_seconds`.
    """

    cell: Cell
    protocol: Protocol
    launch: Count
    status: Status
    reason: str = ""
    device: str = ""
    started_at: str = ""
    startup_seconds: Mapping[str, Seconds] = field(default_factory=dict)
    warmup_seconds: tuple[StepSeconds, ...] = ()
    step_seconds: tuple[StepSeconds, ...] = ()
    conditions: Facts = field(default_factory=Facts)
    telemetry: Telemetry | None = None
    wall_seconds: Seconds = 0.0
    started_by: StartedBy | None = None
    fork_refused: str = ""
    runner_cpu_seconds: Seconds = 0.0
    cautions: tuple[Caution, ...] = ()
    all_reduce_seconds: tuple[StepSeconds, ...] = ()
    ranks: tuple[RankRecord, ...] = ()
    output_tail: str = ""

    @property
    def contradiction(self) -> str | None:
        """Which parts of the record cannot both be true, field first; None for a sound one.

        A launch that ended early has fewer steps than its protocol, never more. Ranks take every
        step together, so in a launch that is ok all have equally many.
        """
        is_ok = self.status is Status.OK
        numbers = [rank.rank for rank in self.ranks]
        if numbers != sorted(set(numbers)) or max(numbers, default=0) >= self.cell.gpus:
            return f"ranks: not in order, each once, of the {self.cell.gpus} that the cell has"
        if is_ok and self.ranks and len(self.ranks) < self.cell.gpus:
            return f"ranks: {len(self.ranks)} of {self.cell.gpus}, but the status is ok"
        if is_ok and not self.step_seconds:
            return "step_seconds: none, but the status is ok"
        return (
            self._miscounted("warmup_seconds", self.protocol.warmup_steps)
            or self._miscounted("step_seconds", self.protocol.measured_steps)
            or self._misplaced_reading()
        )

    def _miscounted(self, name: str, limit: int) -> str | None:
        own = len(getattr(self, name))
        if own > limit:
            return f"{name}: {own} of them, but the protocol has {limit}"
        for index, rank in enumerate(self.ranks):
            count = len(getattr(rank, name))
            if count > limit:
                return f"ranks[{index}].{name}: {count} of them, but the protocol has {limit}"
            if self.status is Status.OK and count != own:
                return f"ranks[{index}].{name}: {count} of them, but the launch has {own}"
        return None

    def _misplaced_reading(self) -> str | None:
        """Readings come in the order of their steps, of which the protocol has so many."""
        recorded = {"telemetry": self.telemetry}
        recorded |= {f"ranks[{i}].telemetry": rank.telemetry for i, rank in enumerate(self.ranks)}
        for place, telemetry in recorded.items():
            steps = [point.step for point in telemetry.series] if telemetry is not None else []
            limit = self.protocol.measured_steps
            if steps != sorted(set(steps)) or max(steps, default=0) > limit:
                return f"{place}.series: its steps do not ascend to at most {limit}, the protocol's"
        return None

    @property
    def overhead_seconds(self) -> float:
        """Seconds of the process outside build, compile, warm-up and measuring.

        The import is overhead: no number depends on it. 0 for a launch that never ran.
        """
        startup = sum(s for phase, s in self.startup_seconds.items() if phase != "import")
        return max(0.0, self.wall_seconds - startup - self.loop_seconds)

    @property
    def loop_seconds(self) -> float:
        """Seconds of warm-up and measuring together."""
        return sum(self.warmup_seconds) + sum(self.step_seconds)

    @property
    def published_seconds(self) -> tuple[float, ...]:
        """The samples of the published estimator: with several ranks, those of rank 0."""
        return self.ranks[0].step_seconds if self.ranks else self.step_seconds
