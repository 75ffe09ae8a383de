"""Two steps timed in turns."""

from suite.run.selfcheck.side_by_side import Pair, take_turns, time_in_turns


def test_both_take_turns_and_neither_is_always_first() -> None:
    """A drift of the machine meets both alike; one turn of each is not timed."""
    calls: list[str] = []
    now = 0.0

    def step(name: str, seconds: float) -> None:
        nonlocal now
        calls.append(name)
        now += seconds

    pairs = time_in_turns(
        lambda: step("ours", 1.0), lambda: step("other", 3.0), 3, clock=lambda: now
    )

    assert calls == ["ours", "other", "ours", "other", "other", "ours", "ours", "other"]
    assert pairs == (Pair(1.0, 3.0),) * 3
    assert pairs[0].speed_ratio == 3.0


def test_turns_may_time_themselves() -> None:
    """What each side says it took is what is compared, and the turn beforehand is not."""
    ours, other = iter([9.0, 1.0, 2.0]), iter([9.0, 3.0, 8.0])
    pairs = take_turns(lambda: next(ours), lambda: next(other), turns=2)

    assert [pair.speed_ratio for pair in pairs] == [3.0, 4.0]
