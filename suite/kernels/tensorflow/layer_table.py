"""The layers of the network as it is built, counted from its own variables."""

import math

from keras import layers

from suite.kernels.tensorflow.resnet50 import resnet50
from suite.model.layer import LayerFacts


def layer_table(image_size: int) -> tuple[LayerFacts, ...]:
    """Every layer of the network that has parameters or pools, in order, at this image size."""
    return tuple(
        _facts(layer)
        for layer in resnet50(image_size).layers
        if layer.trainable_variables or "pool" in layer.name
    )


def _facts(layer: layers.Layer) -> LayerFacts:
    output = tuple(layer.output.shape[1:])
    trainable = sum(math.prod(variable.shape) for variable in layer.trainable_variables)
    return LayerFacts(
        name=layer.name,
        kind=type(layer).__name__,
        output=output,
        trainable=trainable,
        statistics=sum(math.prod(variable.shape) for variable in layer.non_trainable_variables),
        multiply_adds=_multiply_adds(layer, output),
    )


def _multiply_adds(layer: layers.Layer, output: tuple[int, ...]) -> int:
    """One per weight of the kernel and output position."""
    if not isinstance(layer, layers.Conv2D | layers.Dense):
        return 0
    weights: tuple[int, ...] = tuple(layer.kernel.shape)
    return math.prod(weights) * math.prod(output[:-1])
