"""A run beside another: what differs between them, and the ratio of each cell that both have."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from suite.analysis.comparability import flattened, header_differences
from suite.analysis.ratios import enclosing, log_ratio_interval
from suite.analysis.results import summaries_by_cell
from suite.model.cell import Cell
from suite.model.comparability import Difference, DifferenceKind
from suite.model.errors import NotComparableError
from suite.model.launch import Status
from suite.model.report import (
    LaunchRow,
    PairedCell,
    PairedNumber,
    PairedRun,
    Report,
    ReportedRun,
    RunPair,
)
from suite.model.run import CellResult, RunHeader, SavedResults
from suite.model.summary import Summary

# Facts that are measured, or that tell one GPU from its like, and those the environment has too.
_UNLIKE_ANYWAY = frozenset(
    {"loss", "input_wait_seconds", "input_wait_share", "gpu_uuid", "tensorflow", "keras", "horovod"}
)
# Of every fact of a launch.
_RAN = "what really ran, which follows from the other differences"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What is compared of a run, or of a saved table, which has neither header nor launches."""

    title: PairedRun
    header: RunHeader | None
    results: Sequence[CellResult]
    launches: Sequence[LaunchRow]


def paired(report: Report, saved: SavedResults | None = None) -> Report:
    """The report with its runs set beside the first of them, or beside saved results.

    Raises:
        NotComparableError: no run has a cell in common with that one.
    """
    sides = [_side(place, run) for place, run in enumerate(report.runs)]
    if saved is not None:
        sides.insert(0, _saved_side(saved))
    pairs = tuple(_pair(sides[0], other) for other in sides[1:])
    if not any(pair.cells for pair in pairs):
        raise NotComparableError(
            "the runs have no cell in common; measure the same matrix on both sides"
        )
    return replace(report, pairs=pairs)


def _side(place: int, run: ReportedRun) -> _Side:
    header = run.header
    return _Side(
        title=PairedRun(
            run=place, matrix=header.matrix, device=header.device, started_at=header.started_at
        ),
        header=header,
        results=run.results,
        launches=run.launches,
    )


def _saved_side(saved: SavedResults) -> _Side:
    title = PairedRun(
        run=None, matrix=saved.matrix, device=saved.device, started_at=saved.started_at
    )
    return _Side(title=title, header=None, results=saved.results, launches=())


def _pair(base: _Side, other: _Side) -> RunPair:
    names = _names(base.results), _names(other.results)
    found = {name: (names[0][name], names[1][name]) for name in names[0] if name in names[1]}
    summaries = summaries_by_cell(base.launches), summaries_by_cell(other.launches)
    return RunPair(
        base=base.title,
        other=other.title,
        differences=_differences(base, other, list(found.values())),
        cells=tuple(
            _cell(name, one, two, summaries[0].get(one.cell, ()), summaries[1].get(two.cell, ()))
            for name, (one, two) in found.items()
        ),
        only_base=tuple(one.cell.id for name, one in names[0].items() if name not in found),
        only_other=tuple(two.cell.id for name, two in names[1].items() if name not in found),
    )


def _names(results: Sequence[CellResult]) -> Mapping[str, CellResult]:
    """Results by the ids of their cells, less the type of GPU where the run has one type alone.

    So that a cell for one type stands beside the same for another.
    """
    types = {result.cell.gpu for result in results}
    if len(types) > 1:
        return {result.cell.id: result for result in results}
    return {replace(result.cell, gpu=None).id: result for result in results}


def _cell(
    name: str,
    base: CellResult,
    other: CellResult,
    base_launches: Sequence[Summary],
    other_launches: Sequence[Summary],
) -> PairedCell:
    def number(unit: str, of: Callable[[Summary], float]) -> PairedNumber:
        one = of(base.summary) if base.summary else None
        two = of(other.summary) if other.summary else None
        ratio = None if one is None or two is None else two / one
        interval = log_ratio_interval(
            [of(launch) for launch in other_launches], [of(launch) for launch in base_launches]
        )
        return PairedNumber(
            unit=unit,
            base=one,
            other=two,
            ratio=ratio,
            ratio_interval=None if ratio is None else enclosing(interval, ratio),
        )

    return PairedCell(
        cell_id=name,
        base=base,
        other=other,
        throughput=number("img/s", lambda summary: summary.images_per_second),
        latency_p50=number("ms", lambda summary: summary.p50_seconds * 1e3),
    )


def _differences(
    base: _Side, other: _Side, common: Sequence[tuple[CellResult, CellResult]]
) -> tuple[Difference, ...] | None:
    if base.header is None or other.header is None:
        return None
    return (
        *header_differences(base.header, other.header),
        *_unlike_facts(base.launches, other.launches, common),
    )


def _unlike_facts(
    base: Sequence[LaunchRow],
    other: Sequence[LaunchRow],
    common: Sequence[tuple[CellResult, CellResult]],
) -> Iterator[Difference]:
    """What really ran otherwise in some cell of both, with every value that it had there."""
    facts = _facts(base), _facts(other)
    unlike: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for one, two in common:
        here, there = facts[0].get(one.cell, {}), facts[1].get(two.cell, {})
        for name in here.keys() & there.keys():
            if here[name] != there[name]:
                values = unlike.setdefault(name, ({}, {}))
                values[0][here[name]] = values[1][there[name]] = None
    for name in sorted(unlike):
        one_side, other_side = unlike[name]
        yield Difference(
            name=name,
            base="; ".join(one_side),
            other="; ".join(other_side),
            kind=DifferenceKind.EXPLAINED,
            why=_RAN,
        )


def _facts(launches: Sequence[LaunchRow]) -> Mapping[Cell, Mapping[str, str]]:
    """The facts of the first ok launch of each cell, as text."""
    found: dict[Cell, Mapping[str, str]] = {}
    for row in launches:
        if row.record.status is Status.OK and row.record.cell not in found:
            found[row.record.cell] = {
                name: str(value)
                for name, value in flattened(asdict(row.record.conditions))
                if name not in _UNLIKE_ANYWAY
            }
    return found
