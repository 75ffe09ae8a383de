"""TensorFlow as a framework of the suite (see `suite.kernels.interface.Framework`).

Importing this package imports none of TensorFlow, Horovod and DALI; its functions do where they say
so.
"""

import os
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from suite.kernels import interface
from suite.kernels.interface import (
    Evaluator,
    Kernel,
    KernelOptions,
    MissingComponentError,
    Trainer,
)
from suite.kernels.tensorflow import suitability
from suite.model.cell import Cell, Data, Precision, XlaMode
from suite.model.device import Machine
from suite.model.finding import Diagnosis
from suite.model.training import Training

# Component -> the distributions that may contain it, the usual one first.
packages: Mapping[str, tuple[str, ...]] = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "horovod": ("horovod",),
    "dali": ("nvidia-dali-cuda120", "nvidia-dali-cuda130", "nvidia-dali-cuda110"),
}

INSTALL_TENSORFLOW = "pip install -e '.[cpu]' (or '.[gpu]' for an NVIDIA GPU)"
INSTALL_HOROVOD = "python -m suite.install.horovod"
INSTALL_DALI = "pip install 'setuptools>=77' wheel && pip install --no-build-isolation -e '.[dali]'"

# Open MPI's: whether a rank that waits for another yields its CPU.
MPI_YIELDS = "OMPI_MCA_mpi_yield_when_idle"

# A place in front of some messages: the function of a step, with a number of its own.
_IN_FUNCTION = re.compile(r"(?<=: )\{\{function_node \S+\}\} ")
# Lines of an error in a graph that come before the one which says what happened.
_WHERE = ("Graph execution error:", "Detected at node", "File ", "<stack traces unavailable>")
# XLA raises errors of several classes with this text.
_EXHAUSTED = re.compile("RESOURCE_EXHAUSTED", re.IGNORECASE)
# A warning of a failed allocation that TensorFlow can do without.
_HARMLESS = "not a failure"


def environment(cell: Cell, *, on_gpu: bool) -> dict[str, str]:
    """Variables that TensorFlow, CUDA and MPI read once, at their start."""
    settings = {
        # Hides informational messages of TensorFlow and XLA; warnings and errors stay in the log.
        "TF_CPP_MIN_LOG_LEVEL": "1",
    }
    if on_gpu:
        # NVML numbers GPUs by PCI bus and CUDA the fastest first: the label must name the same one.
        settings["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        # As published. Dedicated threads launch the GPU's work, so that host work does not delay
        # it; and batch normalisation uses cuDNN's faster one-pass algorithm.
        settings["TF_GPU_THREAD_MODE"] = "gpu_private"
        settings["TF_USE_CUDNN_BATCHNORM_SPATIAL_PERSISTENT"] = "1"
    if on_gpu and cell.precision is Precision.FP32:
        # cuBLAS and cuDNN themselves: TensorFlow's own switch does not reach XLA's library calls.
        settings["NVIDIA_TF32_OVERRIDE"] = "0"
    if cell.gpus > 1 and not on_gpu:
        # Otherwise Open MPI busy-waits, here on the cores that compute.
        settings[MPI_YIELDS] = "1"
    if cell.xla_mode is XlaMode.AUTO_CLUSTERING:
        # As published. On a CPU TensorFlow clusters nothing unless told to.
        flags = ["--tf_xla_auto_jit=1", "--tf_xla_enable_lazy_compilation=false"]
        settings["TF_XLA_FLAGS"] = " ".join(
            flags if on_gpu else [*flags, "--tf_xla_cpu_global_jit"]
        )
    return settings


def missing(cell: Cell) -> str | None:
    """DALI or Horovod, if the cell needs it and it is not installed.

    Whether DALI's plugin and Horovod fit the installed TensorFlow is found by the launch.
    """
    if cell.data is Data.DALI and not _has_dali():
        return f"NVIDIA DALI is not installed; {INSTALL_DALI}"
    if cell.gpus > 1 and not _has_horovod():
        return f"Horovod is not installed; {INSTALL_HOROVOD}"
    return None


def _has_dali() -> bool:
    try:
        return find_spec("nvidia.dali") is not None
    except ModuleNotFoundError:  # of its parent package
        return False


def _has_horovod() -> bool:
    try:
        version("horovod")
    except PackageNotFoundError:
        return False
    return True


def diagnosis(machine: Machine) -> Diagnosis:
    """Whether TensorFlow is here and was built for the machine's GPUs."""
    return suitability.diagnose(machine, INSTALL_TENSORFLOW)


def import_framework() -> None:
    """Import TensorFlow."""
    try:
        import tensorflow as tf  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise MissingComponentError(f"TensorFlow is not installed; {INSTALL_TENSORFLOW}") from None


def import_for(cell: Cell) -> None:
    """Import TensorFlow, and DALI and Horovod if the cell uses them."""
    import_framework()
    if cell.data is Data.DALI:
        import_dali()
    if cell.gpus > 1:
        _import_horovod()


def import_dali() -> None:
    """Import DALI and its TensorFlow plugin.

    Raises:
        MissingComponentError: either is not installed.
    """
    try:
        import nvidia.dali.plugin.tf  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("nvidia"):
            raise
        raise MissingComponentError(
            f"NVIDIA DALI or its TensorFlow plugin is not installed; {INSTALL_DALI}"
        ) from None


def _import_horovod() -> None:
    try:
        import horovod.tensorflow  # noqa: F401
    except (ImportError, OSError) as error:
        raise MissingComponentError(
            f"Horovod cannot be imported ({error}); {INSTALL_HOROVOD}"
        ) from None


def build(cell: Cell, options: KernelOptions) -> Kernel:
    """ResNet50 v1.5 in this process, or one rank of its training."""
    if cell.gpus > 1:
        from suite.kernels.tensorflow.ranked_kernel import build_ranked

        return build_ranked(cell, options)
    from suite.kernels.tensorflow.kernel import build_resnet50

    return build_resnet50(cell, options)


def train(training: Training, options: KernelOptions) -> Trainer:
    """ResNet50 v1.5 to be trained in this process, or one rank of it."""
    if training.cell.gpus > 1:
        from suite.kernels.tensorflow.ranked_training import build_ranked_trainer

        return build_ranked_trainer(training, options)
    from suite.kernels.tensorflow.training import build_trainer

    return build_trainer(training, options)


def evaluate(cell: Cell, options: KernelOptions) -> Evaluator:
    """A trained ResNet50 v1.5 to be evaluated in this process."""
    from suite.kernels.tensorflow.evaluator import build_evaluator

    return build_evaluator(cell, options)


def gather(text: str) -> list[str]:
    """The texts of all ranks, exchanged by Horovod."""
    import_framework()
    _import_horovod()
    from suite.kernels.tensorflow import horovod_ranks

    return horovod_ranks.gather(text)


def cause(error: BaseException) -> str:
    """The line of the message that follows the place in the graph, without the function there."""
    return _IN_FUNCTION.sub("", interface.first_line(error, unlike=_WHERE), count=1)


def is_out_of_memory(error: BaseException) -> bool:
    """A ResourceExhaustedError, or another class with the text of one."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    exhausted = "ResourceExhaustedError" in kinds or reports_out_of_memory(str(error))
    return exhausted or isinstance(error, MemoryError)


def reports_out_of_memory(output: str) -> bool:
    """Less warnings of allocations that TensorFlow can do without."""
    lines = "\n".join(line for line in output.splitlines() if _HARMLESS not in line)
    return bool(_EXHAUSTED.search(lines)) or interface.reports_out_of_memory(lines)


def share_gpu() -> None:
    """Before the import: leave memory of a GPU to DALI, where TensorFlow would take all of it."""
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"


def start_without_gpu() -> None:
    """Import TensorFlow for work that is not a launch: quietly, and without taking a GPU.

    Raises:
        MissingComponentError: it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # it prints a notice on stderr
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import_framework()
