"""The memory of a large launch against a bare Keras loop."""

import resource
import sys
from collections.abc import Callable
from statistics import median

from suite import kernels
from suite.kernels.tools import bare_step
from suite.model.cell import Cell
from suite.model.check import Check
from suite.run.selfcheck.fresh_process import in_fresh_process, our_step

# Peak memory of the process, as a ratio to the bare loop's.
_TARGET = 1.1


def peak_memory(cell: Cell, launches: int, *, on_gpu: bool) -> Check:
    """Peak memory of our process over the bare loop's, for its first steps."""
    environment = kernels.framework(cell.kernel).environment(cell, on_gpu=on_gpu)
    pairs = [
        (
            in_fresh_process(environment, _peak_after, our_step, cell, 1),
            in_fresh_process(environment, _peak_after, bare_step, cell, 2),
        )
        for _ in range(launches)
    ]
    ours, other = (median(side) / 2**30 for side in zip(*pairs, strict=True))
    return Check(
        name=f"memory, {cell.id}",
        values=tuple(mine / theirs for mine, theirs in pairs),
        unit="x",
        target=_TARGET,
        at_least=False,
        note=f"peak of the process: {ours:.2f} GiB, bare Keras {other:.2f} GiB",
    )


def _peak_after(make: Callable[[Cell], Callable[[], None]], cell: Cell, steps: int) -> int:
    """Largest resident memory of this process, in bytes; Linux counts in KiB, macOS in bytes."""
    step = make(cell)
    for _ in range(steps):
        step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
