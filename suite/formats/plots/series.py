"""What stands in one curve: cells of a run that differ in their batch size alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from suite.formats.annotations import words
from suite.formats.palette import LOOKS, Look, look
from suite.formats.scaling import other_conditions, rank_plural, rank_word
from suite.model.cell import Cell, Mode
from suite.model.launch import Caution, CautionKind, Status
from suite.model.reference import Key, Metric, ReferenceRow, key_of
from suite.model.report import (
    ComparedNumber,
    Comparison,
    Estimator,
    LaunchRow,
    Report,
    ReportedRun,
    Speedup,
)
from suite.model.run import CellResult
from suite.model.summary import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Whether a number is doubted, and for what that does not hold for every number of the run."""

    is_there: bool = False
    word: str = ""


NO_DOUBT = Doubt()


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Cells that differ in their batch size alone, by batch size; and what was published for them.

    `title` names the condition among those of its mode in the run.
    """

    mode: Mode
    look: Look
    title: str
    results: tuple[CellResult, ...]
    published: Mapping[int, ReferenceRow]

    @property
    def summaries(self) -> Mapping[int, Summary]:
        """The numbers by batch size."""
        return {each.cell.batch_size: each.summary for each in self.results if each.summary}


@dataclass(frozen=True)
class PlottedRun:
    """A run of a report as plots see it.

    `comparison` is the one with the published system of its own GPU, None where there is none: on
    other hardware nothing published stands beside what was measured.
    """

    run: ReportedRun
    comparison: Comparison | None

    @property
    def estimator(self) -> Estimator:
        """The page's where published numbers stand beside the measured, else ours."""
        return Estimator.MEAN_OF_RATES if self.comparison else Estimator.ELAPSED

    def rate(self, summary: Summary) -> float:
        """The throughput of a summary by that estimator."""
        rate: float = getattr(summary, self.estimator.value)
        return rate

    @cached_property
    def beside_published(self) -> Mapping[str, ComparedNumber]:
        """The throughput of each cell that has a published one, by its id."""
        cells = self.comparison.cells if self.comparison else ()
        return {
            cell.cell_id: cell.numbers[Metric.THROUGHPUT]
            for cell in cells
            if cell.cell_id is not None and cell.row is not None
        }

    @cached_property
    def launches(self) -> Mapping[str, Sequence[LaunchRow]]:
        """The launches of each cell that are ok, by its id."""
        found: dict[str, list[LaunchRow]] = {}
        for row in self.run.launches:
            if row.record.status is Status.OK:
                found.setdefault(row.cell_id, []).append(row)
        return found

    @property
    def speedups(self) -> tuple[Speedup, ...]:
        """Speed-ups by that estimator."""
        return self.comparison.speedups if self.comparison else self.run.speedups

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Every curve: inference first, and then by condition in the order of the palette."""
        alike: dict[Cell, list[CellResult]] = {}
        for result in self.run.results:
            alike.setdefault(replace(result.cell, batch_size=1), []).append(result)
        found = [self._series(cell, results) for cell, results in alike.items()]
        modes = list(Mode)
        return tuple(sorted(found, key=lambda one: (modes.index(one.mode), LOOKS.index(one.look))))

    @cached_property
    def common_doubts(self) -> tuple[Caution, ...]:
        """A caution of each kind that every cell with a number has."""
        with_number = [result for result in self.run.results if result.summary]
        kinds: set[CautionKind] = set(CautionKind) if with_number else set()
        for result in with_number:
            kinds &= {caution.kind for caution in result.cautions}
        every = (caution for result in with_number for caution in result.cautions)
        return tuple({each.kind: each for each in every if each.kind in kinds}.values())

    def doubt(self, cautions: Iterable[Caution], *, is_whole: bool = True) -> Doubt:
        """What a number with these cautions, and perhaps without some launch, is doubted for."""
        cautions = tuple(cautions)
        said = {caution.kind for caution in self.common_doubts}
        own = words(caution for caution in cautions if caution.kind not in said)
        lacking = "incomplete" * (not is_whole)
        return Doubt(
            is_there=bool(cautions) or not is_whole,
            word=", ".join(filter(None, (own, lacking))),
        )

    def doubt_of(self, result: CellResult) -> Doubt:
        """The same of a cell's own number."""
        return self.doubt(result.cautions, is_whole=result.is_whole)

    def condition(self, cell: Cell) -> str:
        """A condition as it is told from the others of its mode: `AMP + XLA, dali`."""
        return ", ".join([look_of(cell).name, *self._words(cell)])

    def name(self, cell: Cell) -> str:
        """The same with the number of GPUs, where that differs: `AMP + XLA, dali, 2 GPUs`."""
        return ", ".join([self.condition(cell), *self._count(cell)])

    def pair(self, over: Cell, under: Cell) -> str:
        """Two cells as a fraction, what they have in common once: `AMP / FP32, dali, 2 GPUs`."""
        common = [word for word in self._words(over) if word in self._words(under)]
        above, below = (
            ", ".join(
                [look_of(cell).name, *(word for word in self._words(cell) if word not in common)]
            )
            for cell in (over, under)
        )
        return ", ".join([f"{above} / {below}", *common, *self._count(over)])

    def _words(self, cell: Cell) -> list[str]:
        """The unusual conditions of a cell that not every one of its mode has."""
        common = self._common_words[cell.mode]
        return [word for word in other_conditions(cell) if word not in common]

    def _count(self, cell: Cell) -> list[str]:
        """The GPUs of a cell, where those of its mode have unequally many."""
        counts = {result.cell.gpus for result in self.run.results if result.cell.mode is cell.mode}
        rank = rank_word(self.run.header)
        count = f"{cell.gpus} {rank if cell.gpus == 1 else rank_plural(rank)}"
        return [count] * (len(counts) > 1)

    @cached_property
    def common_conditions(self) -> tuple[str, ...]:
        """What every cell has in common besides what is usual."""
        first, *others = self._common_words.values() or [frozenset[str]()]
        return tuple(sorted(first.intersection(*others)))

    @cached_property
    def _common_words(self) -> Mapping[Mode, frozenset[str]]:
        """The same of the cells of each mode."""
        found: dict[Mode, frozenset[str]] = {}
        for result in self.run.results:
            words = frozenset(other_conditions(result.cell))
            found[result.cell.mode] = found.get(result.cell.mode, words) & words
        return found

    def _series(self, condition: Cell, results: Sequence[CellResult]) -> Series:
        return Series(
            mode=condition.mode,
            look=look_of(condition),
            title=self.name(condition),
            results=tuple(sorted(results, key=lambda result: result.cell.batch_size)),
            published=self._published({key_of(result.cell) for result in results}),
        )

    def _published(self, keys: set[Key]) -> Mapping[int, ReferenceRow]:
        """The rows of these keys and of those that differ from them in batch size."""
        if self.comparison is None:
            return {}
        rows = [cell.row for cell in self.comparison.cells if cell.row]
        joined = {
            replace(cell.key, batch_size=1)
            for cell in self.comparison.cells
            if cell.row and cell.result and cell.key in keys
        }
        return {
            row.batch_size: row
            for row in sorted(rows, key=lambda row: row.batch_size)
            if replace(row.key, batch_size=1) in joined
        }


def plotted_run(report: Report, run: int) -> PlottedRun:
    """The run in this place of a report, beside what was published for its own GPU."""
    own = (each for each in report.comparisons if each.run == run and each.same_gpu)
    return PlottedRun(report.runs[run], next(own, None))


def look_of(cell: Cell) -> Look:
    """How the condition of a cell looks."""
    return look(cell.precision, xla=cell.xla)


def sizes_of(series: Sequence[Series]) -> tuple[float, ...]:
    """Every batch size in these series."""
    return tuple(sorted({result.cell.batch_size for each in series for result in each.results}))
