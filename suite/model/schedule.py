"""How long a training is: what its learning rate depends on besides the recipe."""

from dataclasses import dataclass

from suite.model.quantities import PositiveCount

# The epochs after which a schedule of steps has the rate fall to a tenth, as published.
CUT = 0.1
CUT_EPOCHS = (30, 60, 80, 90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Steps of an epoch and epochs of a training; a cosine ends with the last of them."""

    steps_per_epoch: PositiveCount
    epochs: PositiveCount
