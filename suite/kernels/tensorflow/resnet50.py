"""ResNet50 v1.5 as published, for any Keras 3 backend.

v1.5 differs from the paper's network (He et al., arXiv:1512.03385) in one place: where a stage
halves the image, the stride of 2 is on the bottleneck's 3x3 convolution, not on its first 1x1.
"""

import math

from keras import Input, KerasTensor, Model, initializers, layers

from suite.model.layer import LayerFacts

CLASSES = 1001
# Mean and standard deviation per RGB channel of 0..255 images, with the published code's digits.
MEAN = (123.68, 116.28, 103.53)
DEVIATION = (58.395, 57.120, 57.385)
# Blocks and bottleneck width of each stage; a block puts out 4 x its width.
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))
EXPANSION = 4


def resnet50(
    image_size: int,
    weight_init: str = "fan_out",
    normalization: type[layers.Layer] = layers.BatchNormalization,
    pooling: type[layers.Layer] = layers.MaxPooling2D,
    *,
    normalize: bool = True,
    channels_first: bool = False,
) -> Model:
    """The network: float32 images [batch, size, size, 3] of 0..255 -> float32 logits [batch, 1001].

    `weight_init` is `fan_out` (the published default) or `fan_in` (the published recipes).
    `normalize` subtracts mean and divides by deviation; False is for images already normalised.
    `normalization` and `pooling` are Keras's or a backend's own. With `channels_first` images are
    transposed once, as published, and all later layers compute [batch, channels, height, width].
    The global Keras dtype policy decides the arithmetic; the normalised image and the logits are
    float32.
    """
    network = _Layers(weight_init, normalization, channels_first=channels_first)
    images = Input((image_size, image_size, 3), dtype="float32", name="images")
    x = _normalized(images) if normalize else images
    if channels_first:
        x = layers.Permute((3, 1, 2), name="to_channels_first")(x)
    x = network.convolution(x, 64, 7, strides=2, name="stem")
    x = pooling(3, strides=2, padding="same", data_format=network.data_format, name="stem_pool")(x)
    for stage, (blocks, width) in enumerate(STAGES, start=1):
        for block in range(blocks):
            strides = 2 if stage > 1 and block == 0 else 1
            x = network.bottleneck(
                x, width, strides, f"stage{stage}_block{block + 1}", project=block == 0
            )
    x = layers.GlobalAveragePooling2D(data_format=network.data_format, name="pool")(x)
    logits = layers.Dense(CLASSES, kernel_initializer=network.initializer(), name="logits")(x)
    logits = layers.Activation("linear", dtype="float32", name="logits_float32")(logits)
    return Model(images, logits, name="resnet50_v1_5")


def _normalized(images: KerasTensor) -> KerasTensor:
    """Subtract the mean and divide by the deviation, in float32 whatever the policy."""
    variance = [deviation**2 for deviation in DEVIATION]
    layer = layers.Normalization(mean=MEAN, variance=variance, dtype="float32", name="normalize")
    return layer(images)


class _Layers:
    """The repeated parts of the network, sharing initialiser, batch normalisation and layout."""

    def __init__(
        self, weight_init: str, normalization: type[layers.Layer], *, channels_first: bool
    ) -> None:
        self._weight_init = weight_init
        self._normalization = normalization
        self._channel_axis = 1 if channels_first else -1
        self.data_format = "channels_first" if channels_first else "channels_last"

    def initializer(self) -> initializers.Initializer:
        """Variance scaling by 2 from a truncated normal (He et al., arXiv:1502.01852)."""
        return initializers.VarianceScaling(2.0, self._weight_init, "truncated_normal")

    def convolution(
        self,
        x: KerasTensor,
        filters: int,
        size: int,
        *,
        strides: int = 1,
        name: str,
        relu: bool = True,
    ) -> KerasTensor:
        """Convolution without bias, batch normalisation, and usually a ReLU."""
        x = layers.Conv2D(
            filters,
            size,
            strides=strides,
            padding="same",
            data_format=self.data_format,
            use_bias=False,
            kernel_initializer=self.initializer(),
            name=f"{name}_conv",
        )(x)
        x = self._normalization(
            axis=self._channel_axis, momentum=0.9, epsilon=1e-5, name=f"{name}_bn"
        )(x)
        return layers.ReLU(name=f"{name}_relu")(x) if relu else x

    def bottleneck(
        self, x: KerasTensor, width: int, strides: int, name: str, *, project: bool
    ) -> KerasTensor:
        """1x1, 3x3 (which carries the stride) and 1x1 convolutions around a shortcut."""
        wide = EXPANSION * width
        shortcut = x
        if project:
            shortcut = self.convolution(
                x, wide, 1, strides=strides, name=f"{name}_shortcut", relu=False
            )
        x = self.convolution(x, width, 1, name=f"{name}_1")
        x = self.convolution(x, width, 3, strides=strides, name=f"{name}_2")
        x = self.convolution(x, wide, 1, name=f"{name}_3", relu=False)
        x = layers.Add(name=f"{name}_add")([x, shortcut])
        return layers.ReLU(name=f"{name}_out")(x)


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
