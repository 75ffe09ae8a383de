"""TensorFlow's threads, oneDNN state and build in this process."""

import os
from collections.abc import Mapping

import keras
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port

from suite.kernels.interface import InvalidLaunchError
from suite.model.cell import Precision


def software_conditions() -> Mapping[str, object]:
    """JSON-ready facts; `onednn` says whether its kernels are switched on outside XLA."""
    build = tf.sysconfig.get_build_info()
    threading = tf.config.threading
    return {
        "intra_op_threads": _threads(
            threading.get_intra_op_parallelism_threads(), "TF_NUM_INTRAOP_THREADS"
        ),
        "inter_op_threads": _threads(
            threading.get_inter_op_parallelism_threads(), "TF_NUM_INTEROP_THREADS"
        ),
        "onednn": bool(_pywrap_util_port.IsMklEnabled()),
        "tf32_allowed": tf.config.experimental.tensor_float_32_execution_enabled(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "build_cuda": build.get("cuda_version"),
        "build_cudnn": build.get("cudnn_version"),
    }


def check_tf32_switch(precision: Precision) -> None:
    """Check that TensorFlow's own switch for TF32 matches the precision.

    Raises:
        InvalidLaunchError: it does not.
    """
    allowed = tf.config.experimental.tensor_float_32_execution_enabled()
    if precision is Precision.FP32 and allowed:
        raise InvalidLaunchError("fp32 is declared, but TensorFlow's switch for TF32 is on")
    if precision is Precision.TF32 and not allowed:
        raise InvalidLaunchError("tf32 is declared, but TensorFlow's switch for it is off")


def _threads(configured: int, variable: str) -> int:
    """TensorFlow's own rule: the configured number, else the variable, else the usable cores."""
    given = os.environ.get(variable, "")
    return configured or (int(given) if given.isdigit() else 0) or len(os.sched_getaffinity(0))
