"""Environment variables that TensorFlow reads once, at import; so the parent sets them."""

from suite.core.cell import Cell, Precision


def launch_environment(cell: Cell, *, on_gpu: bool) -> dict[str, str]:
    """What a launch of this cell needs in its environment, on top of the user's own."""
    settings = {
        # Informational lines of TensorFlow and XLA; warnings and errors stay in the log.
        "TF_CPP_MIN_LOG_LEVEL": "1",
    }
    if on_gpu and cell.precision is Precision.FP32:
        # cuBLAS and cuDNN themselves: TensorFlow's own switch does not reach XLA's library calls.
        settings["NVIDIA_TF32_OVERRIDE"] = "0"
    return settings
