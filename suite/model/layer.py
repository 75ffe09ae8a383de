"""One layer of a network, as listed by `bench.py layers`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """A layer's output shape for one image, its parameters, and its multiply-adds per image.

    `trainable` counts parameters; `statistics` counts moving means and variances.
    Multiply-adds are those of convolutions and matrix products.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    trainable: int
    statistics: int
    multiply_adds: int
