"""TensorFlow's switches for a cell: set before the network is built, and read back."""

import os
import platform

import keras
import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port

from suite.kernels.interface import InvalidLaunchError, MissingComponentError
from suite.machine.cuda import loaded_libraries
from suite.model.cell import Cell, Layout, Precision, XlaMode
from suite.model.facts import Facts

# Compute type of convolutions under AMP: tensor cores use float16, CPUs have bfloat16 units.
AMP_ON_GPU = "float16"
AMP_ON_CPU = "bfloat16"
# Where TensorFlow has it on by itself: `DefaultOneDnnPolicy` in tensorflow/core/util/port.cc.
_ONEDNN_REMEDY = (
    "set TF_ENABLE_ONEDNN_OPTS=1, which TensorFlow assumes on no x86 CPU but those with AVX-512"
    " VNNI, AVX-512 BF16, AVX-VNNI or AMX; training is usually faster with it"
)


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


def apply_layout(cell: Cell, *, on_gpu: bool) -> None:
    """Keep TensorFlow from transposing a network that is declared NCHW, in the whole process.

    TensorFlow's optimizer turns convolutions into the layout that it expects to be faster on a GPU:
    NHWC for float16 on tensor cores, else NCHW. For NHWC it stays on, as by default.

    Raises:
        MissingComponentError: NCHW is declared, and TensorFlow cannot compute it on this CPU.
    """
    if cell.layout is not Layout.NCHW:
        return
    tf.config.optimizer.set_experimental_options({"layout_optimizer": False})
    compiled = cell.xla and cell.xla_mode is XlaMode.JIT_COMPILE
    if not on_gpu and not compiled and not _cpu_convolves_nchw():
        raise MissingComponentError(
            "TensorFlow computes NCHW on a CPU with oneDNN only, which is off or missing here;"
            " set TF_ENABLE_ONEDNN_OPTS=1, or compile with XLA"
        )


def _cpu_convolves_nchw() -> bool:
    convolve = tf.function(
        lambda images, kernel: tf.nn.conv2d(images, kernel, 1, "SAME", data_format="NCHW"),
        autograph=False,
    )
    try:
        convolve(tf.ones((1, 8, 8, 8)), tf.ones((3, 3, 8, 8)))
    except tf.errors.UnimplementedError:
        return False
    return True


def software_facts() -> Facts:
    """The threads, the state of oneDNN and TF32, and the build of TensorFlow in this process."""
    build = tf.sysconfig.get_build_info()
    threading = tf.config.threading
    onednn = bool(_pywrap_util_port.IsMklEnabled())
    return Facts(
        intra_op_threads=_threads(
            threading.get_intra_op_parallelism_threads(), "TF_NUM_INTRAOP_THREADS"
        ),
        inter_op_threads=_threads(
            threading.get_inter_op_parallelism_threads(), "TF_NUM_INTEROP_THREADS"
        ),
        onednn=onednn,
        onednn_remedy=None if onednn or not _computes_on_x86() else _ONEDNN_REMEDY,
        tf32_allowed=tf.config.experimental.tensor_float_32_execution_enabled(),
        tensorflow=tf.__version__,
        keras=keras.__version__,
        build_cuda=build.get("cuda_version"),
        build_cudnn=build.get("cudnn_version"),
        libraries=loaded_libraries() or None,
    )


def _computes_on_x86() -> bool:
    is_x86 = platform.machine().lower() in {"x86_64", "amd64"}
    return is_x86 and not tf.config.list_physical_devices("GPU")


def _threads(configured: int, variable: str) -> int:
    """TensorFlow's own rule: the configured number, else the variable, else the usable cores."""
    given = os.environ.get(variable, "")
    return configured or (int(given) if given.isdigit() else 0) or len(os.sched_getaffinity(0))
