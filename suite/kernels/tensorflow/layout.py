"""Enforcing the declared layout in TensorFlow, before the network is built."""

import tensorflow as tf

from suite.kernels.interface import MissingComponentError
from suite.model.cell import Cell, Layout, XlaMode


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
