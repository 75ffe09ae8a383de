"""What a run comes to beside a stored baseline: a verdict on each cell, and the numbers behind it.

The launches of the baseline ran on other days, so days (sessions) may differ as well as launches.
Times are compared as natural logarithms of today's over the baseline's: above 0, today is slower. A
loss is a rise in time as a share, 0.05 for 5 %.
"""

from dataclasses import dataclass
from enum import Enum

from suite.model.ab import SUSPECT, VerdictKind, as_loss


class Metric(str, Enum):
    """A number of a launch that is compared with a baseline; `words` are how people read it."""

    words: str

    def __new__(cls, value: str, words: str) -> "Metric":
        """A member whose value is its name in files."""
        metric = str.__new__(cls, value)
        metric._value_ = value
        metric.words = words
        return metric

    THROUGHPUT = ("throughput", "throughput")
    LATENCY_P50 = ("latency_p50", "p50 latency")
    LATENCY_P99 = ("latency_p99", "p99 latency")

    @property
    def is_advisory(self) -> bool:
        """Whether it never decides: slow steps are so rare that launches differ widely in p99."""
        return self is Metric.LATENCY_P99


class Base(str, Enum):
    """Whether the code of the baseline can be built and measured beside today's.

    Where it can, a stored baseline only passes and screens: an A/B decides what is slower.
    """

    CAN_BE_BUILT = "can be built"
    CANNOT_BE_BUILT = "cannot be built"


class Doubt(str, Enum):
    """Why a comparison with a stored baseline leaves a cell open; `reason` says it to people."""

    reason: str

    def __new__(cls, value: str, reason: str) -> "Doubt":
        """A member whose value is its name in files."""
        doubt = str.__new__(cls, value)
        doubt._value_ = value
        doubt.reason = reason
        return doubt

    TOO_FEW = ("too_few", "fewer than 3 launches today or in the baseline")
    UNVARYING = ("unvarying", "launches do not vary at all, so how far they differ is unknown")
    CANARY_MOVED = ("canary_moved", "the canary moved, so the machine itself may have changed")
    NEEDS_AB = (
        "needs_ab",
        "slower than the baseline; an A/B tells whether that is the code or the day",
    )
    ASSUMED_TAU = (
        "assumed_tau",
        "slower than the baseline, by less than the 10 % it takes while few days were measured",
    )
    SMALL_LOSS = (
        "small_loss",
        "slower than the baseline, by less than the 5 % that it takes across days",
    )
    FEW_ROUNDS = (
        "few_rounds",
        "slower than the baseline; its A/B has not ended its first 5 rounds, so it decides nothing",
    )
    DISTURBED = ("disturbed", "slower than the baseline, but something else slowed the machine")
    TOO_COARSE = (
        "too_coarse",
        "launches and days differ too much, or too few days were measured, to find the loss wanted",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tau:
    """By how much the level of a cell differs between sessions: their standard deviation.

    It is that of logarithms, and rests on so many `sessions` of the baseline. `is_assumed` says
    that those are too few to tell.
    """

    sd: float
    sessions: int
    is_assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLaunches:
    """The launches of a cell today, and in each session of the baseline that has any.

    A launch is one number, the logarithm of a time (of 1 / throughput, or a percentile of step
    times) in the same unit throughout; larger is slower.
    """

    today: tuple[float, ...]
    sessions: tuple[tuple[float, ...], ...]

    @property
    def in_baseline(self) -> int:
        """The launches of all its sessions."""
        return sum(map(len, self.sessions))


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryShift:
    """By how much the canary, a cell that no change of the code touches, differs from the baseline.

    `mean` is that of ln(today / baseline) and `standard_error` that by its launches alone. It has
    moved if the mean is beyond `limit`, both in logarithms.
    """

    mean: float
    standard_error: float
    limit: float

    @property
    def has_moved(self) -> bool:
        """Whether the machine itself seems to have become slower or faster."""
        return abs(self.mean) > self.limit

    @property
    def loss(self) -> float:
        """The loss of the canary; negative for a gain."""
        return as_loss(self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEstimate:
    """How today compares with the baseline in a cell.

    `mean` is that of ln(today / baseline), each session of the baseline counting once.
    `standard_error` holds how far launches and sessions differ, and rests on `freedom` degrees of
    freedom. `launch_sd` is the standard deviation of launches within a session, in logarithms,
    moderated by the other cells; `is_noisier` says that this cell varies by more than they do and
    stands alone. `tau` is that of all cells, or a larger one of this cell if its sessions show it.
    `p_slower` is the chance of such a mean, or a larger one, if nothing changed.

    `lower` and `upper` are one-sided bounds of the true mean. `lower` holds for all cells at once
    (its risk is alpha over their number), `upper` for this cell (beta); for IMPROVED they are
    mirrored. `smallest_loss`, a share, is the one that this comparison would find in nine of ten
    cases: call where the base cannot be built, and see by its numbers where it can.
    `is_significant` says that the cell is slower or faster beyond chance, be it by less than the
    minimum effect.
    """

    mean: float
    standard_error: float
    launch_sd: float
    freedom: float
    is_noisier: bool
    tau: Tau
    p_slower: float
    lower: float
    upper: float
    smallest_loss: float
    is_significant: bool

    @property
    def loss(self) -> float:
        """The estimated loss; negative for a gain."""
        return as_loss(self.mean)

    @property
    def least_loss(self) -> float:
        """The loss at the lower bound."""
        return as_loss(self.lower)

    @property
    def most_loss(self) -> float:
        """The loss at the upper bound."""
        return as_loss(self.upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """The verdict on a metric of a cell beside a stored baseline.

    `today` and `in_baseline` count the launches, and `sessions` those sessions of the baseline that
    have any. `minimum_effect` is in logarithms. `doubt` says why the cell is inconclusive; None
    where it is not, and where the numbers alone show neither a loss nor that there is none.
    `estimate` is None without enough launches, where they do not vary, and for NOT_COMPARABLE.
    """

    verdict: VerdictKind
    today: int
    in_baseline: int
    sessions: int
    minimum_effect: float
    doubt: Doubt | None
    estimate: StoredEstimate | None

    @property
    def minimum_loss(self) -> float:
        """The loss at the minimum effect."""
        return as_loss(self.minimum_effect)

    @property
    def is_suspect(self) -> bool:
        """Whether a cell that is not regressed may be slower: chance explains it in under 5 %."""
        return (
            self.verdict is not VerdictKind.REGRESSED
            and self.estimate is not None
            and self.estimate.p_slower < SUSPECT
        )

    @property
    def wants_ab(self) -> bool:
        """Whether an A/B could decide what this comparison left open."""
        return self.verdict is VerdictKind.INCONCLUSIVE
