"""Evaluating a trained network: what a worker is told, what it found, and the report of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from suite.model.cell import Cell
from suite.model.facts import Facts
from suite.model.launch import Status
from suite.model.quantities import Count, PositiveCount, Seconds
from suite.model.trained_network import TrainedNetwork
from suite.model.training_course import Accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationWork:
    """What a worker is told of an evaluation: the directory that its result goes into.

    The network is that of the options' `weights`.
    """

    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBatch:
    """What a network says of the images of a batch.

    `predicted` is the likeliest class of each, in their order, -1 where the logits are not finite.
    `top1` and `top5` count hits, and `cross_entropy` is a sum.
    """

    predicted: tuple[int, ...]
    top1: int
    top5: int
    cross_entropy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """Every image of the validation split, classified once.

    `predicted` is the likeliest class of each in the order of the records, -1 where the logits are
    not finite; `cross_entropy` is then None, else the mean over the images.
    """

    predicted: tuple[int, ...]
    top1: Count
    top5: Count
    cross_entropy: float | None
    seconds: Seconds

    @property
    def images(self) -> int:
        """How many there are."""
        return len(self.predicted)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult:
    """What a worker leaves: what it classified or, as one line, why it could not begin."""

    classified: Classified | None = None
    refused: str = ""

    @property
    def contradiction(self) -> str | None:
        """Which parts cannot both be true, field first; None for a sound result."""
        found = self.classified
        if (found is None) != bool(self.refused):
            return "classified: has to be there exactly where nothing was refused"
        if found is None:
            return None
        if not found.predicted:
            return "classified.predicted: no image"
        if not found.top1 <= found.top5 <= found.images:
            return f"classified.top1: {found.top1} of {found.images}, but top5 is {found.top5}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How many of `images` get another likeliest class from a variant than in FP32.

    `low` and `high` enclose the share with 95 % confidence (Wilson). `tolerance` is the largest
    share that rounding explains; it is kept as long as `low` is not above it, so that an image or
    two of a small split prove nothing.
    """

    images: PositiveCount
    different: Count
    low: float
    high: float
    tolerance: float

    @property
    def share(self) -> float:
        """The part of the images that get another class."""
        return self.different / self.images

    @property
    def is_kept(self) -> bool:
        """Whether the tolerance is."""
        return self.low <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedVariant:
    """The network evaluated by one cell; `reason` says why not, where `accuracy` is None.

    `name` is what it has of its own among variants. `seconds` are those of all batches, the waits
    for images included. `agreement` is None where nothing is compared.
    """

    cell: Cell
    name: str
    status: Status
    reason: str = ""
    accuracy: Accuracy | None = None
    seconds: float = 0.0
    agreement: Agreement | None = None
    conditions: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """A trained network on a validation split; what evaluation.json holds.

    `split_is_same` says whether the training had the same validation split, as far as the number
    and the bytes of its shards tell; None where that is not known. `published_top1`
    is the share published for the training, None where no number can stand beside this one, and
    `published_within` whether it is within the interval. `agrees` is None where no variants were
    compared.
    """

    network: TrainedNetwork
    device: str
    started_at: str
    machine: Mapping[str, object]
    environment: Mapping[str, object]
    data: Mapping[str, str | None]
    variants: tuple[EvaluatedVariant, ...]
    split_is_same: bool | None
    published_top1: float | None
    published_within: bool | None
    agrees: bool | None
    command: tuple[str, ...] = ()
