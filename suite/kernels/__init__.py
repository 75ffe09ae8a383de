"""Workloads: a cell goes in, a step callable comes out. Only this layer imports TensorFlow."""

from suite.core.cell import Cell, Data, KernelName
from suite.kernels.interface import Kernel, KernelOptions, MissingComponentError


def import_framework(cell: Cell) -> None:
    """Import what the cell's kernel needs, so that import time is told from build time.

    Raises:
        MissingComponentError: TensorFlow, or DALI for a cell of it, is not installed.
    """
    if cell.kernel is KernelName.SIMULATED:
        return
    require_tensorflow()
    if cell.data is Data.DALI:
        from suite.kernels.dali_batches import import_dali

        import_dali()


def require_tensorflow() -> None:
    """Import TensorFlow.

    Raises:
        MissingComponentError: it is not installed.
    """
    try:
        import tensorflow as tf  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        install = "pip install -e '.[cpu]' (or '.[gpu]' for an NVIDIA GPU)"
        raise MissingComponentError(f"TensorFlow is not installed; {install}") from None


def build(cell: Cell, options: KernelOptions) -> Kernel:
    """Make the cell executable: network, weights, data. Nothing has been timed yet.

    Raises:
        MissingComponentError: the cell needs a component that is not there.
        InvalidLaunchError: the cell cannot run as declared on this device.
    """
    if cell.kernel is KernelName.SIMULATED:
        from suite.kernels.simulated import SimulatedKernel

        return SimulatedKernel(cell, options)
    from suite.kernels.tensorflow_kernel import build_resnet50

    return build_resnet50(cell, options)
