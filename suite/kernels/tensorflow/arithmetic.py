"""The precision in which the device computes convolutions, measured with a small one."""

import re

import numpy as np
import tensorflow as tf

# Mantissa bits, after the leading one, that the inputs of a convolution keep. 16 are enough for
# float32: the fast algorithms of cuDNN and oneDNN round its last few bits differently.
FLOAT32_BITS = 16
_CHANNELS = 64

# A convolution in XLA's final program: as such, as a matrix product, or as a library call. The
# type is that of its result, the first one where a library call also returns its scratch memory.
_XLA_CONVOLUTION = re.compile(
    r"= \(?(\w+)\[[^=]*? (?:convolution\(|dot\(|custom-call\([^\n]*conv)", re.IGNORECASE
)
_XLA_TYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}


def float32_bits(*, xla: bool) -> int:
    """Mantissa bits that a float32 convolution keeps: 16 or more count as 16; TF32 keeps 10.

    Image i holds 1 + 2^-i everywhere and the kernel is the identity, so the
    output shows how the inputs were rounded.
    """
    steps = 2.0 ** -np.arange(1, FLOAT32_BITS + 1)
    images = np.broadcast_to((1 + steps)[:, None, None, None], (FLOAT32_BITS, 8, 8, _CHANNELS))
    outputs = tf.function(_convolve, jit_compile=xla, autograph=False)(
        tf.constant(images, tf.float32), _identity(tf.float32)
    )
    kept = np.abs(outputs[:, 4, 4, 0].numpy() - 1 - steps) < steps / 2
    return FLOAT32_BITS if kept.all() else int(np.argmin(kept))


def xla_compute_type(compute_type: str) -> str:
    """The type in which XLA computes a convolution of this type here.

    XLA widens bfloat16 to float32 on CPUs, where its code generator has no such convolution.
    `unknown` if its program cannot be parsed.
    """
    kind = tf.as_dtype(compute_type)
    images = tf.ones((1, 8, 8, _CHANNELS), kind)
    compiled = tf.function(_convolve, jit_compile=True, autograph=False)
    program = compiled.experimental_get_compiler_ir(images, _identity(kind))(stage="optimized_hlo")
    found = _XLA_CONVOLUTION.search(program)
    return _XLA_TYPES.get(found[1], "unknown") if found else "unknown"


def _convolve(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(images, kernel, strides=1, padding="SAME")


def _identity(kind: tf.DType) -> tf.Tensor:
    """A 3x3 kernel whose output is its input."""
    kernel = np.zeros((3, 3, _CHANNELS, _CHANNELS), np.float32)
    kernel[1, 1] = np.eye(_CHANNELS)
    return tf.constant(kernel, kind)
