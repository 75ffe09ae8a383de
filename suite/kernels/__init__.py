"""Workloads: a cell goes in, a step callable comes out. Only this layer imports TensorFlow."""

from suite.core.cell import Cell, Data, KernelName
from suite.kernels.interface import Kernel, KernelOptions, MissingComponentError


def import_framework(cell: Cell) -> None:
    """Import what the cell's kernel needs, so that import time is told from build time.

    Raises:
        MissingComponentError: TensorFlow is not installed.
    """
    if cell.kernel is KernelName.SIMULATED:
        return
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
    if cell.data is not Data.SYNTHETIC:
        raise MissingComponentError(f"data: {cell.data.value} is not part of this version yet")
    from suite.kernels.tensorflow_kernel import build_resnet50

    return build_resnet50(cell, options)
