"""A gate: a run beside a stored baseline, cell by cell, with what an A/B made of the open ones."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from suite.analysis.ab_verdicts import minimum_effect
from suite.analysis.baseline import cell_launches, days_of, session_of_run, times_by_day
from suite.analysis.comparability import forbidding, header_differences
from suite.analysis.gate_base import base_side
from suite.analysis.gate_confirm import confirm_stored
from suite.analysis.gate_verdicts import canary_shift, judge_stored
from suite.analysis.results import cell_results
from suite.analysis.sessions import session_tau
from suite.model.ab import PairVerdict, VerdictKind
from suite.model.baseline import Baseline, CellLaunches, Session
from suite.model.cell import Cell
from suite.model.errors import NotComparableError
from suite.model.gate import Base, Doubt, Metric, StoredLaunches, StoredVerdict, Tau
from suite.model.gate_report import (
    BaseKind,
    BaselineTitle,
    BaseSide,
    Canary,
    GateCell,
    GateReport,
    LostCell,
)
from suite.model.launch import CautionKind, Status
from suite.model.rules import GateRules
from suite.model.run import CellResult, Run

# An A/B of open cells takes as many rounds as make a red verdict by fresh pairs alone. Of a longer
# one the first so many count: its end may have waited for the numbers to please, theirs has not.
CONFIRMING_ROUNDS = 5
# What slowed the machine and not the code: a slower cell is then no regression of the code.
_DISTURBING = frozenset(
    {
        CautionKind.THROTTLED,
        CautionKind.FOREIGN_PROCESS,
        CautionKind.CONTENDED,
        CautionKind.STOLEN,
        CautionKind.CHANGED,
    }
)
# What of a launch each metric compares, in seconds per step, so that larger is slower.
_SECONDS: Mapping[Metric, Callable[[CellLaunches], Sequence[float]]] = {
    Metric.THROUGHPUT: attrgetter("mean_step_seconds"),
    Metric.LATENCY_P50: attrgetter("p50_seconds"),
    Metric.LATENCY_P99: attrgetter("p99_seconds"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """An A/B of open cells: its directory, and the runs of the baseline's side and of today's."""

    directory: str
    base: Run
    today: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is compared, and how: a run, a baseline, and the rules of the comparison.

    `given_base` are the words of the side that a user gave for an A/B, empty for none. `ab_words`
    begin the command of an A/B of the run's matrix; empty where the run does not tell it.
    """

    run: Run
    run_name: str
    baseline: Baseline
    baseline_name: str
    rules: GateRules
    given_base: tuple[str, ...]
    ab_words: tuple[str, ...]


def gate_report(gate: Gate, confirmation: Confirmation | None = None) -> GateReport:
    """Compare and judge; with a confirmation, its pairs decide the cells that they measured.

    Raises:
        NotComparableError: no cell is left to gate.
    """
    run, baseline, rules = gate.run, gate.baseline, gate.rules
    differences = header_differences(baseline.header, run.header)
    refused = forbidding(differences, rules.allowed)
    base = base_side(differences, baseline.header.environment, gate.given_base)
    known, today = _baseline_cells(baseline), _measured(session_of_run(run))
    gated = {name: cell for name, cell in known.items() if name != rules.canary}
    if not set(gated) & set(today):
        raise NotComparableError(
            f"{gate.run_name}: has no cell to gate in common with {gate.baseline_name}; measure the"
            " same matrix"
        )
    canary = _canary(rules.canary, baseline, today)
    judged = [
        _judge(metric, gate, gated, today, base, canary, confirmation, is_refused=bool(refused))
        for metric in Metric
    ]
    results = {result.cell.id: result for result in cell_results(run.launches)}
    report = GateReport(
        matrix=run.header.matrix,
        device=run.header.device,
        run=gate.run_name,
        baseline=_title(gate),
        rules=rules,
        differences=differences,
        forbidding=refused,
        tau=None if refused else judged[0].tau,
        family=len(gated),
        canary=canary,
        base=base,
        cells=tuple(
            _gate_cell(each, gated[name], results[name], rules)
            for each in judged
            for name in gated
            if name in today
        ),
        lost=tuple(_lost(known, results, run)),
        new=tuple(
            name
            for name, result in results.items()
            if name not in known and result.status is not Status.SKIPPED
        ),
        confirm_command=(),
        confirmed_by=confirmation.directory if confirmation and not refused else None,
    )
    return replace(report, confirm_command=_confirm_command(gate, report, set(today)))


def _baseline_cells(baseline: Baseline) -> Mapping[str, Cell]:
    """The cells that have a number in some session."""
    return {
        launches.cell.id: launches.cell
        for session in baseline.sessions
        for launches in session.cells
        if launches.ok_launches
    }


def _measured(session: Session) -> Mapping[str, CellLaunches]:
    return {each.cell.id: each for each in session.cells if each.ok_launches}


def _stored_launches(
    name: str, metric: Metric, baseline: Baseline, today: Mapping[str, CellLaunches]
) -> StoredLaunches:
    launches = _SECONDS[metric](today[name]) if name in today else ()
    return StoredLaunches(
        today=tuple(map(math.log, launches)),
        sessions=times_by_day(baseline.sessions, name, _SECONDS[metric]),
    )


def _canary(
    name: str | None, baseline: Baseline, today: Mapping[str, CellLaunches]
) -> Canary | None:
    if name is None:
        return None
    launches = _stored_launches(name, Metric.THROUGHPUT, baseline, today)
    return Canary(cell_id=name, shift=canary_shift(launches))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A metric of all cells: their launches, the verdicts on them, and the tau behind these.

    Cells are `unfinished` of which an A/B has not ended the rounds that decide.
    """

    metric: Metric
    launches: Mapping[str, StoredLaunches]
    stored: Mapping[str, StoredVerdict]
    confirmed: Mapping[str, PairVerdict]
    unfinished: Collection[str]
    tau: Tau


def _judge(
    metric: Metric,
    gate: Gate,
    cells: Mapping[str, Cell],
    today: Mapping[str, CellLaunches],
    base: BaseSide,
    canary: Canary | None,
    confirmation: Confirmation | None,
    *,
    is_refused: bool,
) -> _Judged:
    rules = gate.rules
    launches = {name: _stored_launches(name, metric, gate.baseline, today) for name in cells}
    tau = session_tau({name: each.sessions for name, each in launches.items()})
    effects = {
        name: math.log1p(rules.minimum_losses[metric].of(cell)) for name, cell in cells.items()
    }
    metrics = max(len(rules.gated), 1)
    if is_refused:
        refused = {name: _refused(launches[name], effects[name]) for name in cells}
        return _Judged(
            metric=metric,
            launches=launches,
            stored=refused,
            confirmed={},
            unfinished=(),
            tau=tau,
        )
    wanted = rules.wanted_loss
    stored = judge_stored(
        launches,
        effects,
        tau=tau,
        base=Base.CANNOT_BE_BUILT if base.kind is BaseKind.ABSENT else Base.CAN_BE_BUILT,
        metrics=metrics,
        canary=canary.shift if canary else None,
        wanted_effects=None if wanted is None else dict.fromkeys(cells, math.log1p(wanted)),
    )
    pairs = _pairs(confirmation, metric, cells) if confirmation else {}
    ended = {name: each for name, each in pairs.items() if len(each) == CONFIRMING_ROUNDS}
    confirmed = confirm_stored(ended, launches, _effects_of_pairs(rules, metric, cells), metrics)
    return _Judged(
        metric=metric,
        launches=launches,
        stored=stored,
        confirmed=confirmed,
        unfinished=pairs.keys() - ended.keys(),
        tau=tau,
    )


def _effects_of_pairs(
    rules: GateRules, metric: Metric, cells: Mapping[str, Cell]
) -> Mapping[str, float]:
    """What is worth a verdict by pairs: less than across days, unless the rules say how much."""
    given = rules.minimum_losses[metric]
    if given == GateRules().minimum_losses[metric]:
        return {name: minimum_effect(cell) for name, cell in cells.items()}
    return {name: math.log1p(given.of(cell)) for name, cell in cells.items()}


def _refused(launches: StoredLaunches, effect: float) -> StoredVerdict:
    return StoredVerdict(
        verdict=VerdictKind.NOT_COMPARABLE,
        today=len(launches.today),
        in_baseline=launches.in_baseline,
        sessions=sum(bool(each) for each in launches.sessions),
        minimum_effect=effect,
        doubt=None,
        estimate=None,
    )


def _pairs(
    confirmation: Confirmation, metric: Metric, cells: Mapping[str, Cell]
) -> dict[str, list[float | None]]:
    """ln(today / base) of the first rounds of the cells measured again; None where one failed."""
    sides = [_by_round(run, metric) for run in (confirmation.base, confirmation.today)]
    rounds: dict[str, list[float | None]] = {}
    for name, number in sorted(sides[0].keys() & sides[1].keys()):
        if name in cells and number < CONFIRMING_ROUNDS:
            base, today = sides[0][name, number], sides[1][name, number]
            pair = None if base is None or today is None else today - base
            rounds.setdefault(name, []).append(pair)
    return rounds


def _by_round(run: Run, metric: Metric) -> Mapping[tuple[str, int], float | None]:
    """The logarithm of each launch that has ended by cell and round; None where it failed."""
    return {
        (launch.cell.id, launch.launch): next(
            map(math.log, _SECONDS[metric](cell_launches(launch.cell, [launch]))), None
        )
        for launch in run.launches
        if launch.status is not Status.INTERRUPTED
    }


def _gate_cell(judged: _Judged, cell: Cell, result: CellResult, rules: GateRules) -> GateCell:
    stored, confirmed = judged.stored[cell.id], judged.confirmed.get(cell.id)
    verdict, doubt = stored.verdict, stored.doubt
    disturbed = tuple(each for each in result.cautions if each.kind in _DISTURBING)
    if confirmed is not None:
        verdict, doubt = confirmed.verdict, None
    elif doubt is Doubt.NEEDS_AB and cell.id in judged.unfinished:
        doubt = Doubt.FEW_ROUNDS
    elif verdict is VerdictKind.REGRESSED and disturbed:
        verdict, doubt = VerdictKind.INCONCLUSIVE, Doubt.DISTURBED
    return GateCell(
        cell_id=cell.id,
        metric=judged.metric,
        is_gated=judged.metric in rules.gated,
        images=cell.global_batch_size,
        launches=judged.launches[cell.id],
        stored=stored,
        confirmed=confirmed,
        verdict=verdict,
        doubt=doubt,
        cautions=result.cautions,
    )


def _title(gate: Gate) -> BaselineTitle:
    sessions = gate.baseline.sessions
    return BaselineTitle(
        name=gate.baseline_name,
        sessions=len(sessions),
        days=len(days_of(sessions)),
        first_started_at=sessions[0].started_at,
        last_started_at=sessions[-1].started_at,
        commit=sessions[-1].commit,
    )


def _lost(
    known: Mapping[str, Cell], results: Mapping[str, CellResult], run: Run
) -> Iterator[LostCell]:
    """Cells of the baseline that failed today or lack launches, and damaged records of any cell."""
    damaged = {record.cell_id: record.problem for record in run.damaged}
    for name in dict.fromkeys([*known, *damaged]):
        result = results.get(name)
        if name in damaged or result is None or not result.is_whole:
            yield LostCell(cell_id=name, result=result, damage=damaged.get(name, ""))


def _confirm_command(gate: Gate, report: GateReport, today: Collection[str]) -> tuple[str, ...]:
    """The A/B of the cells that are open, empty where there is none or no other side.

    What pairs have left open is measured for as long as it takes.
    """
    opened = report.open_cells
    if not (opened and gate.ab_words) or report.base.kind is BaseKind.ABSENT:
        return ()
    of_cells = any(word.startswith("--cell") for word in gate.run.header.command)
    is_whole = set(opened) == set(today) and not of_cells
    cells = () if is_whole else opened
    rounds = () if report.confirmed_by else ("--rounds", str(CONFIRMING_ROUNDS))
    return (
        *gate.ab_words,
        *(word for side in report.base.differs for word in ("--a", side)),
        *("--b", "unchanged", *rounds),
        *(word for name in cells for word in ("--cell", name)),
    )
