"""An A/B run from the records of its two sides: the pairs of each cell, and what they show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from suite.analysis.ab_matrix import matrix_shift
from suite.analysis.ab_verdicts import judge_pairs, minimum_effect
from suite.analysis.comparability import header_differences
from suite.analysis.launch_groups import launch_groups
from suite.analysis.results import cell_results
from suite.model.ab import Setting
from suite.model.ab_report import AbCell, AbReport
from suite.model.cell import Cell
from suite.model.launch import Launch, Status
from suite.model.run import CellResult, Run

# A side of a cell that failed so often is not tried again.
_MOST_FAILURES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRun:
    """A side: what is different on it, its run, and its cells in the order of the matrix."""

    name: str
    title: str
    run: Run
    cells: tuple[Cell, ...]


def ab_report(a: SideRun, b: SideRun, setting: Setting) -> AbReport:
    """What the launches so far show; an interrupted one has not ended and counts for nothing."""
    records = {cell: _Records(a.run, cell, b.run, other) for cell, other in _both(a, b)}
    rounds = {cell.id: found.ratios(setting) for cell, found in records.items()}
    pairs = {cell: [_log(ratio) for ratio in ratios] for cell, ratios in rounds.items()}
    verdicts = judge_pairs(
        pairs,
        {cell.id: minimum_effect(cell) for cell in records},
        setting,
    )
    return AbReport(
        matrix=a.run.header.matrix,
        device=a.run.header.device,
        a=a.title,
        b=b.title,
        setting=setting,
        differences=tuple(
            each
            for each in header_differences(a.run.header, b.run.header)
            # It says which side it is.
            if each.name != "selection"
        ),
        cells=tuple(
            AbCell(
                cell_id=cell.id,
                other_id=found.other.id,
                a=_result(found.a),
                b=_result(found.b),
                ratios=tuple(rounds[cell.id]),
                verdict=verdicts[cell.id],
                given_up=found.given_up,
                groups=launch_groups(_times(found.a), _times(found.b)),
            )
            for cell, found in records.items()
        ),
        shift=matrix_shift(
            [pairs[cell.id] for cell, found in records.items() if not found.given_up]
        ),
    )


def _both(a: SideRun, b: SideRun) -> list[tuple[Cell, Cell]]:
    return list(zip(a.cells, b.cells, strict=True))


class _Records:
    """The launches of a cell on both sides, as far as they have ended."""

    def __init__(self, a: Run, cell: Cell, b: Run, other: Cell) -> None:
        self.other = other
        self.a, self.b = _ended(a, cell), _ended(b, other)

    @property
    def given_up(self) -> str:
        """Why a side is not worth another launch; empty if both are."""
        for name, launches in (("a", self.a), ("b", self.b)):
            lost = [launch for launch in launches if launch.status is not Status.OK]
            skipped = any(launch.status is Status.SKIPPED for launch in lost)
            if lost and (skipped or len(lost) >= _MOST_FAILURES):
                last = lost[-1]
                return f"{name} {last.status.words}" + (f": {last.reason}" if last.reason else "")
        return ""

    def ratios(self, setting: Setting) -> list[float | None]:
        """B / A of the mean step time of each round that has ended, None where a launch failed.

        A cell that was given up has all its rounds: no look waits for them.
        """
        ones, others = _by_number(self.a), _by_number(self.b)
        found: list[float | None] = []
        while len(found) in ones and len(found) in others:
            a, b = ones[len(found)], others[len(found)]
            is_pair = a.status is Status.OK and b.status is Status.OK
            found.append(fmean(b.step_seconds) / fmean(a.step_seconds) if is_pair else None)
        missing = setting.most_rounds - len(found) if self.given_up else 0
        return [*found, *[None] * missing]


def _ended(run: Run, cell: Cell) -> list[Launch]:
    return [
        launch
        for launch in run.launches
        if launch.cell == cell and launch.status is not Status.INTERRUPTED
    ]


def _by_number(launches: Sequence[Launch]) -> Mapping[int, Launch]:
    return {launch.launch: launch for launch in launches}


def _log(ratio: float | None) -> float | None:
    return None if ratio is None else math.log(ratio)


def _times(launches: Sequence[Launch]) -> list[float]:
    """The mean step time in seconds of each launch that is ok."""
    return [fmean(launch.step_seconds) for launch in launches if launch.status is Status.OK]


def _result(launches: Sequence[Launch]) -> CellResult | None:
    return cell_results(launches)[0] if launches else None
