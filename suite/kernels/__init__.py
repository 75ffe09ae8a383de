"""Workloads: build a kernel from a cell. Each framework has its own folder."""

from suite.kernels.interface import Kernel, KernelOptions
from suite.kernels.tensorflow.components import require_horovod, require_tensorflow
from suite.model.cell import Cell, Data, KernelName


def import_framework(cell: Cell) -> None:
    """Import what the cell's kernel needs, so that import and build are timed separately.

    Raises:
        MissingComponentError: TensorFlow, or DALI or Horovod for a cell of it, is not installed.
    """
    if cell.kernel is KernelName.SIMULATED:
        return
    require_tensorflow()
    if cell.data is Data.DALI:
        from suite.kernels.tensorflow.dali_batches import import_dali

        import_dali()
    if cell.gpus > 1:
        require_horovod()


def gather(text: str) -> list[str]:
    """The texts of all ranks of this launch, in rank order; every rank must call it.

    Raises:
        MissingComponentError: Horovod, which exchanges them, is not installed.
    """
    require_tensorflow()
    require_horovod()
    from suite.kernels.tensorflow.horovod_ranks import gather as gather_texts

    return gather_texts(text)


def build(cell: Cell, options: KernelOptions) -> Kernel:
    """Make the cell executable: network, weights, data. Nothing is timed yet.

    Raises:
        MissingComponentError: the cell needs a component that is not installed.
        InvalidLaunchError: the cell cannot run as declared on this device.
    """
    if cell.kernel is KernelName.SIMULATED:
        from suite.kernels.simulated.kernel import SimulatedKernel

        return SimulatedKernel(cell, options)
    if cell.gpus > 1:
        from suite.kernels.tensorflow.ranked_kernel import build_ranked

        return build_ranked(cell, options)
    from suite.kernels.tensorflow.kernel import build_resnet50

    return build_resnet50(cell, options)
