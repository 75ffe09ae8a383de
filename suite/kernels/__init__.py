"""Workloads. Each framework is a module or package here, and `framework` chooses between them."""

from collections.abc import Mapping

from suite.kernels import simulated, tensorflow
from suite.kernels.interface import Framework
from suite.model.cell import KernelName

_FRAMEWORKS: Mapping[KernelName, Framework] = {
    KernelName.RESNET50: tensorflow,
    KernelName.SIMULATED: simulated,
}


def framework(kernel: KernelName) -> Framework:
    """The framework that runs a kernel. Imports nothing of it yet."""
    return _FRAMEWORKS[kernel]


def packages() -> dict[str, tuple[str, ...]]:
    """The components of all frameworks, each with the distributions that may contain it."""
    return {name: names for each in _FRAMEWORKS.values() for name, names in each.packages.items()}
