"""Applying fp32, tf32 and amp on the device of this process, before the network is built."""

import keras
import tensorflow as tf

from suite.kernels.interface import InvalidLaunchError
from suite.model.cell import Precision

# Compute type of convolutions under AMP: tensor cores use float16, CPUs have bfloat16 units.
AMP_ON_GPU = "float16"
AMP_ON_CPU = "bfloat16"


def compute_type(precision: Precision, *, on_gpu: bool) -> str:
    """The TensorFlow type in which convolutions must run for a precision."""
    if precision is Precision.AMP:
        return AMP_ON_GPU if on_gpu else AMP_ON_CPU
    return "float32"


def apply_precision(precision: Precision, *, on_gpu: bool) -> None:
    """Set Keras's dtype policy and TensorFlow's TF32 switch for the whole process.

    Raises:
        InvalidLaunchError: TF32 on a device without it.
    """
    if precision is Precision.TF32 and not _has_tf32():
        raise InvalidLaunchError("TF32 needs a GPU of compute capability 8.0 or newer")
    # AMP leaves TF32 on for what stays in float32, as in the published runs.
    tf.config.experimental.enable_tensor_float_32_execution(precision is not Precision.FP32)
    kind = compute_type(precision, on_gpu=on_gpu)
    keras.config.set_dtype_policy("float32" if kind == "float32" else f"mixed_{kind}")


def _has_tf32() -> bool:
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return False
    capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
    return capability is not None and capability >= (8, 0)
