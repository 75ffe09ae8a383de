"""Training to an accuracy: what is trained, and what each step and evaluation of it came to."""

from dataclasses import dataclass, field

from suite.model.bounds import Bounds
from suite.model.cell import Cell
from suite.model.quantities import Count, PositiveCount, Seconds
from suite.model.reading import Reading
from suite.model.recipe import Recipe

# Four times the longest published training.
EPOCHS = Bounds(1, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A network to train, from its first weights to its last epoch; what a file of recipes/ says.

    `cell` has the conditions of a step, which reads records. The last images of an epoch that fill
    no global batch are left out of it, others in each epoch. `published_top1` is the share that the
    page has for this recipe, None for recipes that it does not have. With equal `seed`, records and
    software a CPU trains to the same bits, unless XLA compiles the step.
    """

    name: str
    purpose: str
    cell: Cell
    epochs: PositiveCount
    recipe: Recipe
    reading: Reading = field(default_factory=Reading)
    seed: Count = 0
    published_top1: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedStep:
    """A training step of all ranks together, the `step`-th from 1.

    `loss` is that of the batch before the update, weight decay included; `cross_entropy` is its
    part without. `learning_rate` is the one applied. `loss_scale` is None where there is none, and
    `is_skipped` says that the scaled gradients were not finite, so that nothing was updated.
    `wait_seconds` are those in which the step waited for its images.
    """

    step: PositiveCount
    loss: float
    cross_entropy: float
    learning_rate: float
    seconds: Seconds
    wait_seconds: Seconds
    loss_scale: float | None = None
    is_skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The network on the validation split: every image exactly once, over all ranks.

    `top1` and `top5` count the images whose class is the likeliest, or among the five likeliest.
    `cross_entropy` is the mean over images, without smoothing and weight decay; it is infinite if
    the network's output for some image is not finite, which counts as wrong.
    """

    images: PositiveCount
    top1: Count
    top5: Count
    cross_entropy: float
    seconds: Seconds

    @property
    def contradiction(self) -> str | None:
        """Which of the counts cannot be true, field first; None for a sound evaluation."""
        if self.top5 > self.images:
            return f"top5: {self.top5} of {self.images} images"
        return f"top1: {self.top1}, but top5 is {self.top5}" if self.top1 > self.top5 else None

    @property
    def top1_share(self) -> float:
        """The accuracy, between 0 and 1."""
        return self.top1 / self.images

    @property
    def top5_share(self) -> float:
        """The share of images whose class is among the five likeliest."""
        return self.top5 / self.images
