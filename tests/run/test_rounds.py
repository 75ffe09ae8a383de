"""suite.run.rounds: the rounds of an A/B."""

from types import SimpleNamespace
from typing import Any

import pytest
from builders import CPU_ONLY, make_cell

from suite.run import rounds
from suite.run.rounds import run_rounds


def measured(
    monkeypatch: pytest.MonkeyPatch, open_cells: dict[int, list[int]]
) -> tuple[list[tuple[str, int]], list[int]]:
    """Which side was launched at which place of its plan, and the rounds that were asked about.

    Each side has a plan of two cells and five rounds, of which nothing is recorded.
    """
    launched: list[tuple[str, int]] = []
    asked: list[int] = []

    def ask(number: int) -> list[int]:
        asked.append(number)
        return open_cells.get(number, [])

    def launch(side: Any, index: int, *_: object) -> None:
        launched.append((side.side.name, index))

    monkeypatch.setattr(rounds, "_launched", launch)
    cells = (make_cell(), make_cell(batch_size=16))
    a, b = (
        SimpleNamespace(
            side=SimpleNamespace(name=name, start=None),
            matrix=SimpleNamespace(cells=cells),
            plan=range(10),
            has_ended=lambda _: False,
        )
        for name in "ab"
    )
    stop = SimpleNamespace(by=None)
    list(run_rounds(a, b, CPU_ONLY, stop, None, ask))  # type: ignore[arg-type]
    return launched, asked


def test_the_side_that_begins_changes_with_the_cell_and_the_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that no side is always the second of a pair."""
    launched, _ = measured(monkeypatch, {0: [0, 1], 1: [0, 1]})

    assert launched == [
        ("a", 0), ("b", 0), ("b", 1), ("a", 1),
        ("b", 2), ("a", 2), ("a", 3), ("b", 3),
    ]  # fmt: skip


def test_only_open_cells_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decided cell takes no more time."""
    launched, _ = measured(monkeypatch, {0: [0, 1], 1: [1]})

    assert [index for _, index in launched] == [0, 0, 1, 1, 3, 3]


def test_the_rounds_end_when_no_cell_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of rounds that will never be, so no look is told of them."""
    _, asked = measured(monkeypatch, {0: [0], 1: [0]})

    assert asked == [0, 1, 2]
