"""What a trained network says of an image."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedClass:
    """A class by its label in the records, from 1, and its probability."""

    label: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The likeliest classes of an image, the first the likeliest; none where there is a problem."""

    image: str
    classes: tuple[PredictedClass, ...] = ()
    problem: str = ""
