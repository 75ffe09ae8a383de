"""The speed of the suite's steps against a bare Keras loop, turn by turn."""

from statistics import median

from suite import kernels
from suite.kernels.tools import bare_step
from suite.model.cell import Cell, Graph
from suite.model.check import Check
from suite.run.selfcheck.fresh_process import in_fresh_process, our_step
from suite.run.selfcheck.side_by_side import Pair, time_in_turns

# What the suite promises on a two-core CPU, against the bare loop.
_SPEED_TARGET = 1.0
_FROZEN_SPEED_TARGET = 1.1


def step_speed(cell: Cell, turns: int, *, on_gpu: bool) -> Check:
    """Our rate over the bare loop's for this cell, one value a turn."""
    environment = kernels.framework(cell.kernel).environment(cell, on_gpu=on_gpu)
    pairs = in_fresh_process(environment, _time_against_keras, cell, turns)
    ours, other = (
        cell.batch_size / median(seconds)
        for seconds in ([pair.ours for pair in pairs], [pair.other for pair in pairs])
    )
    return Check(
        name=cell.id,
        values=tuple(pair.speed_ratio for pair in pairs),
        unit="x",
        target=_target(cell),
        at_least=True,
        note=f"speed: {ours:.1f} img/s, bare Keras {other:.1f} img/s",
    )


def _target(cell: Cell) -> float | None:
    """None with XLA: it fuses Keras's operations as well as ours, and v1.5 has more to compute."""
    if cell.xla:
        return None
    return _FROZEN_SPEED_TARGET if cell.graph is Graph.FROZEN else _SPEED_TARGET


def _time_against_keras(cell: Cell, turns: int) -> tuple[Pair, ...]:
    return time_in_turns(our_step(cell), bare_step(cell), turns)
