"""Work done in a process of its own, and the steps that are compared there."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from suite import kernels
from suite.core.cell import Cell
from suite.kernels.interface import KernelOptions

Answer = TypeVar("Answer")


def in_fresh_process(work: Callable[..., Answer], *arguments: object) -> Answer:
    """What `work` returns there; an error that it raises goes on here."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def our_step(cell: Cell, environment: dict[str, str]) -> Callable[[], None]:
    """The step of a launch, compiled and proven to be what its cell declares."""
    os.environ.update(environment)
    kernels.import_framework(cell)
    kernel = kernels.build(cell, KernelOptions())
    kernel.compile()
    kernel.conditions()
    return kernel.step


def bare_step(cell: Cell) -> Callable[[], None]:
    """The step of a bare Keras loop for the same cell."""
    from suite.kernels.bare_keras import bare_keras_step

    return bare_keras_step(cell, KernelOptions())
