"""The network against an implementation of its own in NumPy, and its table of layers."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.slow

Array = NDArray[np.float64]
MEAN = np.array([123.68, 116.28, 103.53])
DEVIATION = np.array([58.395, 57.120, 57.385])


def same_padding(length: int, size: int, stride: int) -> tuple[int, int]:
    """The smaller half of TensorFlow's SAME padding comes first."""
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


def windows(image: Array, size: int, stride: int, fill: float) -> Array:
    """[height, width, channels] -> [rows, columns, channels, size, size]."""
    padding = [same_padding(length, size, stride) for length in image.shape[:2]]
    padded = np.pad(image, [*padding, (0, 0)], constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    return views[::stride, ::stride]


class NumpyNetwork:
    """ResNet50 v1.5 on one image, in float64, with the weights of a Keras model."""

    def __init__(self, model: Any) -> None:
        self.weights = {
            layer.name: [np.asarray(w, np.float64) for w in layer.get_weights()]
            for layer in model.layers
        }

    def convolution(self, x: Array, name: str, stride: int = 1) -> Array:
        (kernel,) = self.weights[f"{name}_conv"]
        x = np.einsum("ijcab,abcd->ijd", windows(x, len(kernel), stride, 0.0), kernel)
        gamma, beta, mean, variance = self.weights[f"{name}_bn"]
        return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta

    def block(self, x: Array, name: str, stride: int, *, project: bool) -> Array:
        shortcut = self.convolution(x, f"{name}_shortcut", stride) if project else x
        x = np.maximum(self.convolution(x, f"{name}_1"), 0)
        x = np.maximum(self.convolution(x, f"{name}_2", stride), 0)
        return np.maximum(self.convolution(x, f"{name}_3") + shortcut, 0)

    def logits(self, image: Array) -> Array:
        x = np.maximum(self.convolution((image - MEAN) / DEVIATION, "stem", 2), 0)
        x = windows(x, 3, 2, -np.inf).max(axis=(3, 4))
        for stage, blocks in enumerate((3, 4, 6, 3), start=1):
            for block in range(1, blocks + 1):
                stride = 2 if stage > 1 and block == 1 else 1
                x = self.block(x, f"stage{stage}_block{block}", stride, project=block == 1)
        kernel, bias = self.weights["logits"]
        pooled: Array = x.mean(axis=(0, 1))
        return pooled @ kernel + bias


def randomize(model: Any, generator: np.random.Generator) -> None:
    """Make every weight count: batch statistics, gammas, betas and biases among them."""
    draws: dict[str, Callable[[tuple[int, ...]], Array]] = {
        "gamma": lambda shape: generator.uniform(0.5, 1.5, shape),
        "beta": lambda shape: generator.normal(0.0, 0.2, shape),
        "moving_mean": lambda shape: generator.normal(0.0, 0.2, shape),
        "moving_variance": lambda shape: generator.uniform(0.5, 1.5, shape),
        "bias": lambda shape: generator.normal(0.0, 0.2, shape),
    }
    for variable in model.variables:
        if variable.name in draws:
            variable.assign(draws[variable.name](tuple(variable.shape)))


@pytest.mark.parametrize("fused", [False, True], ids=["keras", "fused"])
def test_network_agrees_with_numpy(*, fused: bool) -> None:
    """Logits of a random network are those of an independent implementation, to 1e-4."""
    from keras import layers

    from suite.kernels.tensorflow.layers import FusedBatchNormalization
    from suite.kernels.tensorflow.resnet50 import resnet50

    generator = np.random.default_rng(0)
    normalization = FusedBatchNormalization if fused else layers.BatchNormalization
    model = resnet50(64, "fan_in", normalization)
    randomize(model, generator)
    image = generator.uniform(0, 255, (64, 64, 3))
    ours = np.asarray(model(image[np.newaxis].astype(np.float32), training=False))[0]
    theirs = NumpyNetwork(model).logits(image)

    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()
    assert np.abs(theirs).max() > 0.1


@pytest.mark.parametrize("xla", [False, True], ids=["plain", "xla"])
def test_both_layouts_compute_the_same(*, xla: bool) -> None:
    """With equal weights the logits of NCHW are those of NHWC, to 1e-4; so are the weights' names.

    NHWC pools with Keras's own layer, which NCHW cannot use.
    """
    import tensorflow as tf

    from suite.kernels.tensorflow.layers import FusedBatchNormalization, MaxPooling
    from suite.kernels.tensorflow.resnet50 import resnet50

    generator = np.random.default_rng(0)
    last = resnet50(64, normalization=FusedBatchNormalization)
    first = resnet50(
        64, normalization=FusedBatchNormalization, pooling=MaxPooling, channels_first=True
    )
    randomize(last, generator)
    first.set_weights(last.get_weights())
    images = tf.constant(generator.uniform(0, 255, (2, 64, 64, 3)), tf.float32)
    theirs, ours = (
        tf.function(lambda x, m=model: m(x, training=False), jit_compile=xla)(images).numpy()
        for model in (last, first)
    )

    assert first.get_layer("stem_pool").output.shape[1:] == (64, 16, 16)
    assert first.get_layer("stage4_block1_out").output.shape[1:] == (2048, 2, 2)
    assert [v.path for v in first.variables] == [v.path for v in last.variables]
    assert np.abs(ours - theirs).max() < 1e-4 * np.abs(theirs).max()
    assert np.abs(theirs).max() > 0.1


def test_layer_table() -> None:
    """Shapes, strides and parameter counts of the published network; 25.56 M for 1000 classes."""
    from keras import layers

    from suite.kernels.tensorflow.resnet50 import resnet50

    model = resnet50(224)
    outputs = {
        name: tuple(model.get_layer(name).output.shape[1:])
        for name in ("stem_relu", "stem_pool", *(f"stage{s}_block1_out" for s in range(1, 5)))
    }
    strided = {
        layer.name
        for layer in model.layers
        if isinstance(layer, layers.Conv2D) and layer.strides != (1, 1)
    }
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_variables)

    assert outputs == {
        "stem_relu": (112, 112, 64),
        "stem_pool": (56, 56, 64),
        "stage1_block1_out": (56, 56, 256),
        "stage2_block1_out": (28, 28, 512),
        "stage3_block1_out": (14, 14, 1024),
        "stage4_block1_out": (7, 7, 2048),
    }
    assert strided == {
        "stem_conv",
        *(f"stage{s}_block1_{part}_conv" for s in (2, 3, 4) for part in ("2", "shortcut")),
    }
    normalizations = [n for n in model.layers if isinstance(n, layers.BatchNormalization)]

    assert {(n.momentum, n.epsilon, n.scale, n.center) for n in normalizations} == {
        (0.9, 1e-5, True, True)
    }
    assert len(convolutions) == len(normalizations) == 53
    assert not any(layer.use_bias for layer in convolutions)
    assert len(model.trainable_variables) == 161
    # The well-known 25,557,032 parameters, and one class more: 2048 weights and a bias.
    assert parameters == 25_557_032 + 2049


@pytest.mark.parametrize("weight_init", ["fan_in", "fan_out"])
def test_weights_start_as_published(weight_init: str) -> None:
    """Kernels have variance 2 / fan, every gamma is one, biases and betas are zero."""
    from suite.kernels.tensorflow.resnet50 import resnet50

    model = resnet50(32, weight_init)
    kernel = np.asarray(model.get_layer("stage2_block1_2_conv").kernel)
    dense = np.asarray(model.get_layer("logits").kernel)
    fans = {"fan_in": (9 * 128, 2048), "fan_out": (9 * 128, 1001)}[weight_init]
    gammas = [np.asarray(v) for v in model.variables if v.name == "gamma"]
    zeros = [np.asarray(v) for v in model.variables if v.name in ("beta", "bias")]

    np.testing.assert_allclose([kernel.var(), dense.var()], [2 / fan for fan in fans], rtol=0.03)
    assert (len(gammas), len(zeros)) == (53, 54)
    assert all((gamma == 1).all() for gamma in gammas)
    assert all((zero == 0).all() for zero in zeros)


def test_network_names_no_backend() -> None:
    """The network is written in Keras alone."""
    source = Path(__file__).parents[2] / "suite" / "kernels" / "tensorflow" / "resnet50.py"
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert imported == {"keras", "math", "suite.model.layer"}
