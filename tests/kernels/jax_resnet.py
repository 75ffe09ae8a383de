"""ResNet50 v1.5 and its published training step a second time: in plain JAX, in float64.

Written from the published description of network, loss and optimiser, and sharing nothing with the
suite's own but the names of parameters. Those are `<layer>/<parameter>`, as in `stem_conv/kernel`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Arrays = Mapping[str, Any]

MEAN = (123.68, 116.28, 103.53)
DEVIATION = (58.395, 57.120, 57.385)
BLOCKS = (3, 4, 6, 3)
CLASSES = 1001
DECAY, EPSILON = 0.9, 1e-5
# Learned by batch normalisation, and so not decayed.
NOT_DECAYED = ("gamma", "beta")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """A step's loss, that without weight decay, its gradients, and all that it leaves changed."""

    loss: float
    cross_entropy: float
    gradients: Arrays
    parameters: Arrays
    momenta: Arrays
    statistics: Arrays


def one_step(
    parameters: Arrays,
    momenta: Arrays,
    statistics: Arrays,
    images: Any,
    labels: Any,
    *,
    rate: float,
    momentum: float,
    weight_decay: float,
    smoothing: float,
) -> StepResult:
    """Images [batch, size, size, 3] of 0..255 and labels within 0..1000, at a learning rate."""
    config: Any = jax.config
    config.update("jax_enable_x64", True)
    parameters, momenta, statistics = (
        {name: jnp.asarray(np.asarray(a, np.float64)) for name, a in arrays.items()}
        for arrays in (parameters, momenta, statistics)
    )
    images = jnp.asarray(np.asarray(images, np.float64))
    right = jax.nn.one_hot(np.asarray(labels), CLASSES, dtype=jnp.float64)
    targets = right * (1 - smoothing) + smoothing / CLASSES

    def loss_of(weights: Arrays) -> tuple[Any, tuple[Any, Arrays]]:
        logits, moved = _network(weights, statistics, images)
        cross_entropy = -(targets * jax.nn.log_softmax(logits)).sum(axis=1).mean()
        squares = [(w**2).sum() for name, w in weights.items() if not name.endswith(NOT_DECAYED)]
        return cross_entropy + weight_decay * 0.5 * sum(squares), (cross_entropy, moved)

    (loss, (cross_entropy, moved)), gradients = jax.jit(jax.value_and_grad(loss_of, has_aux=True))(
        parameters
    )
    velocity = {name: momentum * momenta[name] + gradients[name] for name in parameters}
    return StepResult(
        loss=float(loss),
        cross_entropy=float(cross_entropy),
        gradients=gradients,
        parameters={name: parameters[name] - rate * velocity[name] for name in parameters},
        momenta=velocity,
        statistics=moved,
    )


def _network(weights: Arrays, statistics: Arrays, images: Any) -> tuple[Any, Arrays]:
    """Logits, and the statistics after this batch."""
    moved: dict[str, Any] = {}

    def convolution(x: Any, name: str, strides: int = 1, *, relu: bool = True) -> Any:
        x = lax.conv_general_dilated(
            x,
            weights[f"{name}_conv/kernel"],
            (strides, strides),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
        count = x.size / x.shape[-1]
        seen = {"moving_mean": mean, "moving_variance": variance * count / (count - 1)}
        for kind, value in seen.items():
            before = statistics[f"{name}_bn/{kind}"]
            moved[f"{name}_bn/{kind}"] = DECAY * before + (1 - DECAY) * value
        x = (x - mean) / jnp.sqrt(variance + EPSILON)
        x = x * weights[f"{name}_bn/gamma"] + weights[f"{name}_bn/beta"]
        return jnp.maximum(x, 0) if relu else x

    x = (images - np.array(MEAN)) / np.array(DEVIATION)
    x = convolution(x, "stem", 2)
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
    for stage, blocks in enumerate(BLOCKS, start=1):
        for block in range(1, blocks + 1):
            name, strides = f"stage{stage}_block{block}", 2 if stage > 1 and block == 1 else 1
            shortcut = x
            if block == 1:
                shortcut = convolution(x, f"{name}_shortcut", strides, relu=False)
            y = convolution(x, f"{name}_1")
            y = convolution(y, f"{name}_2", strides)
            y = convolution(y, f"{name}_3", relu=False)
            x = jnp.maximum(y + shortcut, 0)
    pooled = x.mean(axis=(1, 2))
    return pooled @ weights["logits/kernel"] + weights["logits/bias"], moved
