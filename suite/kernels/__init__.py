"""Workloads: a cell goes in, a step callable comes out. Only this layer imports TensorFlow."""

from suite.core.cell import Cell, Data, KernelName
from suite.kernels.interface import Kernel, KernelOptions, MissingComponentError


def import_framework(cell: Cell) -> None:
    """Import what the cell's kernel needs, so that import time is told from build time.

    Raises:
        MissingComponentError: TensorFlow, or DALI or Horovod for a cell of it, is not installed.
    """
    if cell.kernel is KernelName.SIMULATED:
        return
    require_tensorflow()
    if cell.data is Data.DALI:
        from suite.kernels.dali_batches import import_dali

        import_dali()
    if cell.gpus > 1:
        require_horovod()


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


def require_horovod() -> None:
    """Import Horovod.

    Raises:
        MissingComponentError: it is not installed, or was built for another TensorFlow.
    """
    try:
        import horovod.tensorflow  # noqa: F401
    except (ImportError, OSError) as error:
        raise MissingComponentError(
            f"Horovod cannot be imported ({error}); python -m suite.install.horovod"
        ) from None


def gather(text: str) -> list[str]:
    """What every rank of this launch gave, in their order; each of them must call it.

    Raises:
        MissingComponentError: Horovod, which carries it, is not installed.
    """
    require_tensorflow()
    require_horovod()
    from suite.kernels.horovod_ranks import gather as gather_texts

    return gather_texts(text)


def build(cell: Cell, options: KernelOptions) -> Kernel:
    """Make the cell executable: network, weights, data. Nothing has been timed yet.

    Raises:
        MissingComponentError: the cell needs a component that is not there.
        InvalidLaunchError: the cell cannot run as declared on this device.
    """
    if cell.kernel is KernelName.SIMULATED:
        from suite.kernels.simulated import SimulatedKernel

        return SimulatedKernel(cell, options)
    if cell.gpus > 1:
        from suite.kernels.ranked_kernel import build_ranked

        return build_ranked(cell, options)
    from suite.kernels.tensorflow_kernel import build_resnet50

    return build_resnet50(cell, options)
