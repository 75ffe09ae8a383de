"""Runs, baselines and gates of which a test names only the times and what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from builders import make_baseline, make_cell, make_launch, make_protocol, make_run

from suite.analysis.gate import Confirmation, Gate
from suite.model.baseline import Baseline
from suite.model.cell import Cell
from suite.model.launch import Launch
from suite.model.rules import GateRules
from suite.model.run import Run

# Seconds per step of the five launches of a session: they differ by some tenths of a percent.
TIMES = (0.1000, 0.1004, 0.0997, 0.1002, 0.0999)
CODE = {"commit": "a" * 40, "dirty": False, "code": "aaaa"}
OTHER_CODE = {"commit": "b" * 40, "dirty": False, "code": "bbbb"}
TODAY = "2026-02-01T00:00:00+00:00"


def times(factor: float = 1.0, launches: int = len(TIMES)) -> list[float]:
    """Those of so many launches, each longer by a factor."""
    return [each * factor for each in TIMES[:launches]]


def timed(cell: Cell, seconds: Sequence[float], **facts: Any) -> list[Launch]:
    """Launches of a cell, each of steps that take so long; five were planned."""
    protocol = make_protocol(launches=5)
    return [
        make_launch(cell=cell, launch=number, step_seconds=(each, each), protocol=protocol, **facts)
        for number, each in enumerate(seconds)
    ]


def timed_run(cells: Mapping[Cell, Sequence[float]], **facts: Any) -> Run:
    """A run of cells with the times of their launches; `facts` are those of its header."""
    launches = [launch for cell, seconds in cells.items() for launch in timed(cell, seconds)]
    usual: dict[str, Any] = {
        "protocol": make_protocol(launches=5),
        "environment": {"python": "3.12.0", **OTHER_CODE},
        "started_at": TODAY,
        "command": ("run", "mine"),
    }
    return make_run(*launches, **{**usual, **facts})


def session(cells: Mapping[Cell, Sequence[float]], day: int = 1, **facts: Any) -> Run:
    """An earlier run of these cells, on other code."""
    usual: dict[str, Any] = {
        "started_at": f"2026-01-{day:02}T00:00:00+00:00",
        "environment": {"python": "3.12.0", **CODE},
    }
    return timed_run(cells, **{**usual, **facts})


def baseline_of(cells: Sequence[Cell], sessions: int = 1, **facts: Any) -> Baseline:
    """So many sessions, whose days differ by a few tenths of a percent."""
    days = [1 + 0.002 * ((-1) ** day) for day in range(sessions)]
    return make_baseline(
        *(
            session({cell: times(level) for cell in cells}, day, **facts)
            for day, level in enumerate(days, start=1)
        )
    )


def make_gate(run: Run, baseline: Baseline, **facts: Any) -> Gate:
    """By the usual rules, of a run of the matrix `mine`."""
    usual = Gate(
        run=run,
        run_name="reports/today",
        baseline=baseline,
        baseline_name="baselines/t4.json",
        rules=GateRules(),
        given_base=(),
        ab_words=("ab", "mine"),
    )
    return replace(usual, **facts)


def pairs_of(
    cells: Mapping[Cell, Sequence[float]], base: Sequence[float] = TIMES, directory: str = "ab"
) -> Confirmation:
    """An A/B of cells, whose launches on the side of today take so long."""
    return Confirmation(
        directory=directory,
        base=session(dict.fromkeys(cells, base)),
        today=timed_run(cells),
    )


CELLS = tuple(make_cell(batch_size=size) for size in (16, 32, 64))
