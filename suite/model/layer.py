"""One layer of a network, as a table of its layers needs it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerFacts:
    """A layer's output for one image, its numbers, and the multiply-adds that an image costs it.

    `trainable` are parameters; `statistics` are means and variances that are moved, not trained.
    Multiply-adds are those of convolutions and matrix products.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    trainable: int
    statistics: int
    multiply_adds: int
