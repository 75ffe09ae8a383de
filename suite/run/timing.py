"""The timing loop: every step timed, nothing else inside the interval."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from suite.kernels.interface import Consensus
from suite.model.cell import Protocol
from suite.model.launch import MEASURING, WARM_UP

OnStep = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of every warm-up and every measured step, in order.

    `truncated` says that the time cap, or a request to stop, ended warm-up or measuring early.
    """

    warmup_seconds: tuple[float, ...]
    step_seconds: tuple[float, ...]
    truncated: bool


def time_steps(
    step: Callable[[], None],
    protocol: Protocol,
    on_step: OnStep | None = None,
    clock: Callable[[], float] = time.perf_counter,
    should_stop: Callable[[], bool] = lambda: False,
    consensus: Consensus | None = None,
) -> Timing:
    """Time the steps that a protocol asks for, one after the other.

    `step` returns when the device has finished; `clock` is monotonic, in seconds. `on_step`
    (phase, steps done, steps in all) is called between steps, outside every timed interval.
    The protocol's `max_seconds` is checked between steps: warm-up may take half of it, and at least
    one step of each phase is always done. So is `should_stop`: once it returns true, no step is
    begun. Ranks that take every step together reach a `consensus` on either, and end with the same
    step, one later.
    """
    began = clock()
    cap = protocol.max_seconds
    warmup_end = None if cap is None else began + cap / 2
    common = (on_step, clock, should_stop, consensus)
    warmup = _timed(WARM_UP, step, protocol.warmup_steps, warmup_end, *common)
    end = None if cap is None else began + cap
    measured = _timed(MEASURING, step, protocol.measured_steps, end, *common)
    short = len(warmup) < protocol.warmup_steps or len(measured) < protocol.measured_steps
    return Timing(tuple(warmup), tuple(measured), truncated=short)


def _timed(
    phase: str,
    step: Callable[[], None],
    steps: int,
    end: float | None,
    on_step: OnStep | None,
    clock: Callable[[], float],
    should_stop: Callable[[], bool],
    consensus: Consensus | None,
) -> list[float]:
    seconds: list[float] = []
    is_late = False
    for done in range(1, steps + 1):
        is_last = is_late or should_stop()
        if consensus is not None:
            consensus.propose(is_last)
        elif is_last:
            break
        before = clock()
        step()
        after = clock()
        seconds.append(after - before)
        if on_step is not None:
            on_step(phase, done, steps)
        is_late = end is not None and after >= end
        if consensus is not None and consensus.reached:
            break
    return seconds
