"""Work done in a process of its own, and the steps that are compared there."""

import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from suite import kernels
from suite.kernels.interface import KernelOptions, MissingComponentError
from suite.model.cell import Cell

Answer = TypeVar("Answer")


def in_fresh_process(
    environment: Mapping[str, str], work: Callable[..., Answer], *arguments: object
) -> Answer:
    """What `work` returns there, with these variables; an error that it raises is raised here.

    What TensorFlow prints meanwhile (no setting silences some lines of its start) is shown only if
    the work fails.
    """
    with TemporaryDirectory(prefix="selfcheck-") as folder:
        log = Path(folder) / "stderr"
        log.touch()
        spawn, prepared = get_context("spawn"), (environment, str(log))
        with ProcessPoolExecutor(1, spawn, _prepare, prepared) as process:
            try:
                return process.submit(work, *arguments).result()
            except MissingComponentError:
                raise
            except Exception:
                sys.stderr.write(log.read_text(errors="replace"))
                raise


def _prepare(environment: Mapping[str, str], log: str) -> None:
    """Set variables, and send whatever this process writes to its standard error to a file."""
    os.environ.update(environment)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def our_step(cell: Cell) -> Callable[[], None]:
    """The step of a launch, compiled and proven to be what its cell declares."""
    framework = kernels.framework(cell.kernel)
    framework.import_for(cell)
    kernel = framework.build(cell, KernelOptions())
    kernel.compile()
    kernel.facts()
    return kernel.step
