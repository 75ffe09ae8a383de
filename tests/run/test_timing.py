"""suite.run.timing: what is inside a sample, and how a time cap ends a series."""

import pytest

from suite.model.cell import Protocol
from suite.run.timing import time_steps


class FakeClock:
    """A clock that moves only when somebody works; reading it takes no time."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds


def protocol(warmup: int, measured: int, cap: float | None = None) -> Protocol:
    return Protocol(warmup_steps=warmup, measured_steps=measured, max_seconds=cap)


def test_every_step_is_kept_and_callbacks_are_outside() -> None:
    """Samples hold the step alone, however long the progress callback takes."""
    clock = FakeClock()
    calls: list[tuple[str, int, int]] = []

    def on_step(phase: str, done: int, total: int) -> None:
        calls.append((phase, done, total))
        clock.work(5.0)

    timing = time_steps(lambda: clock.work(0.25), protocol(2, 3), on_step, clock)

    assert timing.warmup_seconds == (0.25, 0.25)
    assert timing.step_seconds == (0.25, 0.25, 0.25)
    assert not timing.truncated
    assert calls == [
        ("warm-up", 1, 2),
        ("warm-up", 2, 2),
        ("measuring", 1, 3),
        ("measuring", 2, 3),
        ("measuring", 3, 3),
    ]


def test_a_sample_is_one_clock_reading_to_the_next_around_the_step() -> None:
    """Nothing but the step comes between the two readings that make a sample."""
    calls: list[str] = []

    def clock() -> float:
        calls.append("clock")
        return float(len(calls))

    time_steps(lambda: calls.append("step"), protocol(0, 2), lambda *_: calls.append("told"), clock)

    assert calls[1:] == ["clock", "step", "clock", "told"] * 2


def test_the_cap_ends_measuring_and_says_so() -> None:
    """A capped series keeps what it has and is marked truncated."""
    clock = FakeClock()
    timing = time_steps(lambda: clock.work(1.0), protocol(2, 100, cap=8.0), clock=clock)

    assert timing.warmup_seconds == (1.0, 1.0)
    assert timing.step_seconds == (1.0,) * 6
    assert timing.truncated


def test_warm_up_may_take_half_of_the_cap() -> None:
    """A long warm-up leaves time to measure."""
    clock = FakeClock()
    timing = time_steps(lambda: clock.work(1.0), protocol(100, 2, cap=8.0), clock=clock)

    assert len(timing.warmup_seconds) == 4
    assert len(timing.step_seconds) == 2
    assert timing.truncated


def test_one_step_of_each_phase_is_done_under_any_cap() -> None:
    """A cap shorter than a step still gives a number."""
    clock = FakeClock()
    timing = time_steps(lambda: clock.work(30.0), protocol(5, 5, cap=1.0), clock=clock)

    assert (timing.warmup_seconds, timing.step_seconds) == ((30.0,), (30.0,))
    assert timing.truncated


def test_a_cap_that_is_not_reached_changes_nothing() -> None:
    """A series that ends by itself is whole."""
    clock = FakeClock()
    timing = time_steps(lambda: clock.work(1.0), protocol(0, 3, cap=3.5), clock=clock)

    assert timing.step_seconds == (1.0, 1.0, 1.0)
    assert not timing.truncated


@pytest.mark.parametrize(
    ("asked_after", "warm_up", "measured"), [(0, 0, 0), (1, 1, 0), (2, 2, 0), (4, 2, 2), (5, 2, 3)]
)
def test_a_wish_to_stop_keeps_every_step_so_far(
    asked_after: int, warm_up: int, measured: int
) -> None:
    """The step under way is finished, none is begun, and what was done all the same is whole."""
    clock = FakeClock()
    done: list[int] = []

    def step() -> None:
        clock.work(1.0)
        done.append(1)

    timing = time_steps(
        step, protocol(2, 3), clock=clock, should_stop=lambda: len(done) >= asked_after
    )

    assert (len(timing.warmup_seconds), len(timing.step_seconds)) == (warm_up, measured)
    assert timing.truncated is (measured < 3)
