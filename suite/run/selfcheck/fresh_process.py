"""Work done in a process of its own, and the steps that are compared there."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from suite import kernels
from suite.kernels.interface import KernelOptions, MissingComponentError
from suite.model.cell import Cell

Answer = TypeVar("Answer")


def in_fresh_process(work: Callable[..., Answer], *arguments: object) -> Answer:
    """What `work` returns there; an error that it raises is raised here.

    What TensorFlow prints meanwhile (no setting silences some lines of its start) is shown only if
    the work fails.
    """
    with TemporaryDirectory(prefix="selfcheck-") as folder:
        log = Path(folder) / "stderr"
        log.touch()
        with ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_divert_errors, initargs=(str(log),)
        ) as process:
            try:
                return process.submit(work, *arguments).result()
            except MissingComponentError:
                raise
            except Exception:
                sys.stderr.write(log.read_text(errors="replace"))
                raise


def _divert_errors(log: str) -> None:
    """Let everything this process writes to its standard error go to a file instead."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def our_step(cell: Cell, environment: dict[str, str]) -> Callable[[], None]:
    """The step of a launch, compiled and proven to be what its cell declares."""
    os.environ.update(environment)
    framework = kernels.framework(cell.kernel)
    framework.import_for(cell)
    kernel = framework.build(cell, KernelOptions())
    kernel.compile()
    kernel.facts()
    return kernel.step
