"""Two things timed in turns, so that a change of the machine affects both."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds of one turn: the step in question and the one it is compared with."""

    ours: float
    other: float

    @property
    def speed_ratio(self) -> float:
        """How many times as fast ours is."""
        return self.other / self.ours


def time_in_turns(
    ours: Callable[[], None],
    other: Callable[[], None],
    turns: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Pair, ...]:
    """Time both once a turn, in alternating order. One turn beforehand is not timed."""

    def timed(step: Callable[[], None]) -> float:
        before = clock()
        step()
        return clock() - before

    return take_turns(lambda: timed(ours), lambda: timed(other), turns)


def take_turns(
    ours: Callable[[], float], other: Callable[[], float], turns: int
) -> tuple[Pair, ...]:
    """The same for functions that return their own seconds."""
    ours()
    other()
    pairs = []
    for turn in range(turns):
        if turn % 2:
            other_seconds, ours_seconds = other(), ours()
        else:
            ours_seconds, other_seconds = ours(), other()
        pairs.append(Pair(ours_seconds, other_seconds))
    return tuple(pairs)
