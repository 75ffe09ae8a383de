"""A run beside a stored baseline: what decides a cell, what is left open, and what is lost."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import make_baseline, make_cell, make_header, make_launch, make_protocol
from gates import (
    CELLS,
    CODE,
    OTHER_CODE,
    TIMES,
    baseline_of,
    make_gate,
    pairs_of,
    session,
    timed,
    timed_run,
    times,
)

from suite.analysis.gate import CONFIRMING_ROUNDS, gate_report
from suite.model.ab import VerdictKind
from suite.model.cell import Cell
from suite.model.comparability import DifferenceKind
from suite.model.errors import NotComparableError
from suite.model.gate import Doubt, Metric
from suite.model.gate_report import BaseKind, GateCell, GateReport
from suite.model.launch import Caution, CautionKind, Status
from suite.model.rules import GateRules, MinimumLoss
from suite.model.run import DamagedRecord, Run

ONE, TWO, THREE = CELLS
FOUR = make_cell(batch_size=128)
# Six days: the baseline alone may call a loss of more than 5 % where the base cannot be built.
DAYS = 6


def run_of(*factors: float) -> Run:
    """Today: each of the three cells takes so many times as long as in the baseline."""
    return timed_run({cell: times(each) for cell, each in zip(CELLS, factors, strict=True)})


def found(report: GateReport, cell: Cell, metric: Metric = Metric.THROUGHPUT) -> GateCell:
    (only,) = (c for c in report.cells if c.cell_id == cell.id and c.metric is metric)
    return only


def verdicts(report: GateReport) -> list[VerdictKind]:
    """Those of throughput, cell by cell."""
    return [found(report, cell).verdict for cell in CELLS]


def test_what_is_slower_is_open_while_its_code_can_be_measured_again() -> None:
    """A stored baseline passes what is no slower, and calls nothing itself."""
    report = gate_report(make_gate(run_of(1, 1.2, 0.8), baseline_of(CELLS, DAYS)))

    assert report.base.kind is BaseKind.FOUND
    assert verdicts(report) == [VerdictKind.PASS, VerdictKind.INCONCLUSIVE, VerdictKind.PASS]
    assert found(report, TWO).doubt is Doubt.NEEDS_AB
    assert report.open_cells == (TWO.id,)
    assert report.family == 3


def test_the_baseline_alone_decides_where_there_is_no_other_side() -> None:
    """A loss that days do not explain is red, and a gain improved."""
    gate = make_gate(run_of(1, 1.2, 0.8), baseline_of(CELLS, DAYS), given_base=("none",))
    report = gate_report(gate)

    assert verdicts(report) == [VerdictKind.PASS, VerdictKind.REGRESSED, VerdictKind.IMPROVED]
    assert report.confirm_command == ()
    assert report.open_cells == ()


def test_the_numbers_are_those_of_the_launches() -> None:
    """Seconds per step as geometric means, each session counting once."""
    report = gate_report(make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, 2)))
    cell = found(report, ONE)
    usual = math.exp(math.fsum(map(math.log, TIMES)) / len(TIMES))

    assert cell.today_seconds == pytest.approx(1.2 * usual)
    assert cell.baseline_seconds == pytest.approx(usual * math.sqrt(0.998 * 1.002))
    assert (cell.stored.today, cell.stored.in_baseline, cell.stored.sessions) == (5, 10, 2)
    assert cell.images == ONE.batch_size


def test_sessions_of_one_day_are_one_day() -> None:
    """They share what makes days differ, so they count once and show nothing of other days."""
    hours = [
        session({ONE: times(level)}, started_at=f"2026-01-01T0{hour}:00:00+00:00")
        for hour, level in enumerate((0.99, 1.01))
    ]
    report = gate_report(make_gate(timed_run({ONE: times()}), make_baseline(*hours)))
    cell = found(report, ONE)

    assert (report.baseline.sessions, report.baseline.days) == (2, 1)
    assert [len(day) for day in cell.launches.sessions] == [10]
    assert report.tau is not None
    assert (report.tau.sessions, report.tau.is_assumed) == (1, True)


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_is_judged_by_its_own_numbers(metric: Metric) -> None:
    """One step in twenty that takes five times as long leaves the median what it was."""
    slow = [replace(each, step_seconds=(each.step_seconds[0],) * 19 + (0.5,))
            for each in timed(ONE, TIMES)]  # fmt: skip
    usual = [replace(each, step_seconds=each.step_seconds * 10) for each in timed(ONE, TIMES)]
    run, day = timed_run({}), session({})
    header = replace(run.header, cells=(ONE.id,))
    report = gate_report(
        make_gate(
            replace(run, header=header, launches=tuple(slow)),
            make_baseline(replace(day, launches=tuple(usual))),
        )
    )
    is_slower = found(report, ONE, metric).stored.estimate.loss > 0.05  # type: ignore[union-attr]

    assert is_slower is (metric is not Metric.LATENCY_P50)
    assert found(report, ONE, metric).is_gated is (metric is Metric.THROUGHPUT)


def test_how_days_differ_is_told_of_throughput() -> None:
    """One slow step in three moves the mean of a day, and not its median."""

    def day(number: int, last: float) -> Run:
        run = session({}, number)
        launches = [
            replace(each, step_seconds=(*each.step_seconds, last)) for each in timed(ONE, times())
        ]
        return replace(run, launches=tuple(launches))

    days = [day(number, last) for number, last in enumerate((0.1, 0.2, 0.1, 0.2, 0.1), 1)]
    report = gate_report(make_gate(timed_run({ONE: times()}), make_baseline(*days)))

    assert report.tau is not None
    assert report.tau.sd > 0.05
    assert not report.tau.is_assumed


@pytest.mark.parametrize(("wanted", "doubt"), [(None, None), (0.03, Doubt.TOO_COARSE), (0.2, None)])
def test_the_rules_say_which_loss_has_to_be_found(wanted: float | None, doubt: Doubt) -> None:
    """A cell that is open is too coarse if the loss that is wanted would go unseen."""
    rules = GateRules(wanted_loss=wanted)
    report = gate_report(make_gate(run_of(1, 1.045, 1), baseline_of(CELLS, DAYS), rules=rules))

    assert found(report, TWO).verdict is VerdictKind.INCONCLUSIVE
    assert found(report, TWO).doubt is doubt


def test_what_is_not_gated_is_shown_and_opens_nothing() -> None:
    """The same loss in throughput is counted once; in latency it decides nothing."""
    report = gate_report(make_gate(run_of(1, 1.2, 1), baseline_of(CELLS, DAYS)))

    assert len(report.cells) == 3 * len(Metric)
    assert len(report.gated) == 3
    assert report.count(VerdictKind.INCONCLUSIVE) == 1
    assert found(report, TWO, Metric.LATENCY_P50).verdict is VerdictKind.INCONCLUSIVE


def test_two_gated_metrics_share_the_risk_of_an_alarm() -> None:
    """Each counts, and the bounds of both are wider than that of one alone."""
    baseline = baseline_of(CELLS, DAYS)
    both = GateRules(gated=(Metric.THROUGHPUT, Metric.LATENCY_P50))
    gates = [make_gate(run_of(1, 1.2, 1), baseline, rules=rules) for rules in (GateRules(), both)]
    one, two = map(gate_report, gates)
    lower = [found(each, TWO).stored.estimate.lower for each in (one, two)]  # type: ignore[union-attr]

    assert len(two.gated) == 6
    assert two.count(VerdictKind.INCONCLUSIVE) == 2
    assert two.open_cells == (TWO.id,)
    assert lower[1] < lower[0]


# ---- conditions


def test_other_conditions_forbid_to_compare_anything() -> None:
    """Every cell of it says so, and there is no number that could be taken for a verdict."""
    run = timed_run(
        {cell: times() for cell in CELLS}, environment={"python": "3.13.0", **OTHER_CODE}
    )
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS)), pairs_of({TWO: times(1.2)}))

    assert {cell.verdict for cell in report.cells} == {VerdictKind.NOT_COMPARABLE}
    assert all(c.stored.estimate is None and c.confirmed is None for c in report.cells)
    assert [each.name for each in report.forbidding] == ["python"]
    assert (report.tau, report.confirmed_by, report.confirm_command) == (None, None, ())
    assert report.open_cells == ()


def test_a_difference_that_the_rules_allow_is_none() -> None:
    """It is told all the same, and names the other side."""
    run = timed_run(
        {cell: times() for cell in CELLS}, environment={"python": "3.13.0", **OTHER_CODE}
    )
    rules = GateRules(allowed=("python",))
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS), rules=rules))

    assert report.forbidding == ()
    assert "python" in [each.name for each in report.differences]
    assert verdicts(report) == [VerdictKind.PASS] * 3
    assert report.base.kind is BaseKind.NAMED


def test_a_difference_that_blocks_cannot_be_allowed() -> None:
    """Other steps are another measurement, whatever the rules say."""
    run = timed_run(
        {cell: times() for cell in CELLS}, protocol=make_protocol(launches=5, warmup_steps=9)
    )
    rules = GateRules(allowed=("warmup_steps",))
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS), rules=rules))

    assert [each.kind for each in report.forbidding] == [DifferenceKind.BLOCKING]
    assert {cell.verdict for cell in report.cells} == {VerdictKind.NOT_COMPARABLE}


@pytest.mark.parametrize("canary", [None, ONE.id])
def test_nothing_in_common_is_an_error(canary: str | None) -> None:
    """The canary gates nothing, so to have it alone in common is to have nothing."""
    run = timed_run({make_cell(batch_size=128): times(), **({ONE: times()} if canary else {})})
    gate = make_gate(run, baseline_of(CELLS), rules=GateRules(canary=canary))

    with pytest.raises(NotComparableError, match="no cell to gate in common with baselines/t4"):
        gate_report(gate)


# ---- cells that are lost, and new ones


def failed(cell: Cell, status: Status = Status.OUT_OF_MEMORY) -> Run:
    """Today: the cells, of which this one ended otherwise."""
    run = timed_run({each: times() for each in CELLS if each != cell})
    launches = [
        make_launch(cell=cell, launch=number, status=status, reason="why",
                    protocol=make_protocol(launches=5))
        for number in range(5)
    ]  # fmt: skip
    header = replace(run.header, cells=tuple(each.id for each in CELLS))
    return replace(run, header=header, launches=(*run.launches, *launches))


@pytest.mark.parametrize("status", [Status.OUT_OF_MEMORY, Status.SKIPPED, Status.INTERRUPTED])
def test_a_cell_of_the_baseline_that_failed_is_lost(status: Status) -> None:
    """It has no verdict; the others do."""
    report = gate_report(make_gate(failed(TWO, status), baseline_of(CELLS, DAYS)))

    (lost,) = report.lost
    assert lost.cell_id == TWO.id
    assert lost.result is not None
    assert lost.result.status is status
    assert {cell.cell_id for cell in report.cells} == {ONE.id, THREE.id}
    assert report.family == 3


def test_a_cell_of_the_baseline_that_was_not_measured_is_lost() -> None:
    """As in a run that was stopped, or of another selection."""
    run = timed_run({ONE: times(), TWO: times()})
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS)))

    (lost,) = report.lost
    assert (lost.cell_id, lost.result, lost.damage) == (THREE.id, None, "")


def test_a_cell_of_too_few_launches_is_lost_and_open() -> None:
    """Two of five say nothing, least of all that it passes."""
    run = timed_run({ONE: times(), TWO: times(launches=2), THREE: times()})
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS)))

    assert [lost.cell_id for lost in report.lost] == [TWO.id]
    assert found(report, TWO).verdict is VerdictKind.INCONCLUSIVE
    assert found(report, TWO).doubt is Doubt.TOO_FEW
    assert report.open_cells == (TWO.id,)


def test_a_damaged_record_is_a_lost_cell() -> None:
    """Also of a cell that the baseline does not have: what it held is missing."""
    other = make_cell(batch_size=128)
    run = replace(
        run_of(1, 1, 1),
        damaged=tuple(DamagedRecord(f"cells/{c.id}.0.json", "is empty") for c in (ONE, other)),
    )
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS)))

    assert {lost.cell_id: lost.damage for lost in report.lost} == {
        ONE.id: "is empty",
        other.id: "is empty",
    }


def test_cells_without_a_number_in_the_baseline_are_told() -> None:
    """A new one, and one that failed there; both are no silent pass. One that is skipped is not."""
    new, crashed, skipped = (make_cell(batch_size=size) for size in (128, 256, 512))
    run = timed_run({**{each: times() for each in CELLS}, new: times()})
    ends = ((crashed, Status.CRASHED), (skipped, Status.SKIPPED))
    lost = [make_launch(cell=cell, status=status, reason="why") for cell, status in ends]
    report = gate_report(
        make_gate(replace(run, launches=(*run.launches, *lost)), baseline_of(CELLS, DAYS))
    )

    assert report.new == (new.id, crashed.id)
    assert report.lost == ()
    assert {cell.cell_id for cell in report.cells} == {cell.id for cell in CELLS}


def test_a_cell_that_failed_throughout_the_baseline_is_new() -> None:
    """There is nothing to compare it with, and it is no loss that it fails again."""
    day = session({cell: times() for cell in CELLS})
    lost = make_launch(cell=FOUR, status=Status.OUT_OF_MEMORY, reason="why")
    baseline = make_baseline(replace(day, launches=(*day.launches, lost)))
    today = timed_run({cell: times() for cell in (*CELLS, FOUR)})
    report = gate_report(make_gate(today, baseline))
    failing = gate_report(
        make_gate(replace(today, launches=(*today.launches[:15], lost)), baseline)
    )

    assert (report.new, report.lost, report.family) == ((FOUR.id,), (), 3)
    assert (failing.new, failing.lost) == ((FOUR.id,), ())


# ---- the canary


def test_without_a_canary_none_is_told() -> None:
    """By default there is none."""
    assert gate_report(make_gate(run_of(1, 1, 1), baseline_of(CELLS))).canary is None


def test_the_canary_gates_nothing() -> None:
    """However much slower it is, and even where it is not measured it is only lost."""
    rules = GateRules(canary=ONE.id)
    report = gate_report(make_gate(run_of(1.01, 1, 1), baseline_of(CELLS, DAYS), rules=rules))

    assert ONE.id not in {cell.cell_id for cell in report.cells}
    assert report.canary is not None
    assert report.canary.shift is not None
    assert not report.canary.shift.has_moved
    assert report.family == 2
    assert verdicts_of_others(report) == [VerdictKind.PASS] * 2


def verdicts_of_others(report: GateReport) -> list[VerdictKind]:
    return [found(report, cell).verdict for cell in (TWO, THREE)]


@pytest.mark.parametrize("factor", [1.1, 0.9])
def test_nothing_is_called_where_the_canary_moved(factor: float) -> None:
    """The machine itself has changed, in whichever direction."""
    rules = GateRules(canary=ONE.id)
    gates = [
        make_gate(run_of(canary, 1.3, 0.7), baseline_of(CELLS, DAYS), rules=rules,
                  given_base=("none",))
        for canary in (1, factor)
    ]  # fmt: skip
    still, moved = map(gate_report, gates)

    assert verdicts_of_others(still) == [VerdictKind.REGRESSED, VerdictKind.IMPROVED]
    assert moved.count(VerdictKind.REGRESSED) == moved.count(VerdictKind.IMPROVED) == 0
    assert found(moved, TWO).doubt is Doubt.CANARY_MOVED


def test_a_canary_without_launches_tells_nothing() -> None:
    """It is named, and vetoes nothing."""
    run = timed_run({TWO: times(), THREE: times()})
    rules = GateRules(canary=ONE.id)
    report = gate_report(make_gate(run, baseline_of(CELLS, DAYS), rules=rules))

    assert report.canary is not None
    assert report.canary.shift is None
    assert [lost.cell_id for lost in report.lost] == [ONE.id]


# ---- what disturbs


@pytest.mark.parametrize("kind", CautionKind)
def test_a_cell_that_was_disturbed_is_not_red(kind: CautionKind) -> None:
    """What slowed the machine is no regression of the code; other cautions excuse nothing."""
    run = run_of(1, 1.2, 1)
    launches = [
        replace(each, cautions=(Caution(kind, "why"),)) if each.cell == TWO else each
        for each in run.launches
    ]
    gate = make_gate(
        replace(run, launches=tuple(launches)), baseline_of(CELLS, DAYS), given_base=("none",)
    )
    cell = found(gate_report(gate), TWO)
    disturbs = {"throttled", "foreign_process", "contended", "stolen", "changed"}

    assert Caution(kind, "why") in cell.cautions
    if kind.value in disturbs:
        assert (cell.verdict, cell.doubt) == (VerdictKind.INCONCLUSIVE, Doubt.DISTURBED)
    else:
        assert (cell.verdict, cell.doubt) == (VerdictKind.REGRESSED, None)


# ---- pairs


def test_pairs_decide_what_they_measured_and_nothing_else() -> None:
    """One cell is slower in them, one is not, and the third keeps its verdict."""
    gate = make_gate(run_of(1.2, 1.2, 1.2), baseline_of(CELLS, DAYS))
    pairs = pairs_of({ONE: times(1.2), TWO: times(1)})
    report = gate_report(gate, pairs)

    assert verdicts(report) == [VerdictKind.REGRESSED, VerdictKind.PASS, VerdictKind.INCONCLUSIVE]
    assert [found(report, cell).doubt for cell in CELLS] == [None, None, Doubt.NEEDS_AB]
    assert found(report, TWO).stored.verdict is VerdictKind.INCONCLUSIVE
    assert report.confirmed_by == "ab"
    assert report.open_cells == (THREE.id,)


def test_pairs_may_show_a_gain() -> None:
    """The mirror image of a loss."""
    gate = make_gate(run_of(0.8, 1, 1), baseline_of(CELLS, DAYS))
    report = gate_report(gate, pairs_of({ONE: times(0.8)}))

    assert found(report, ONE).stored.verdict is VerdictKind.PASS
    assert found(report, ONE).verdict is VerdictKind.IMPROVED


def test_pairs_that_scatter_leave_a_cell_open() -> None:
    """It is not passed for want of proof."""
    gate = make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, DAYS))
    report = gate_report(gate, pairs_of({ONE: [0.08, 0.13, 0.09, 0.14, 0.1]}))

    assert found(report, ONE).verdict is VerdictKind.INCONCLUSIVE
    assert found(report, ONE).confirmed is not None
    assert found(report, ONE).doubt is None


def test_only_the_first_rounds_of_an_ab_count() -> None:
    """Or who goes on until it pleases would be believed: what comes later changes nothing."""
    gate = make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, DAYS))
    first = times(1.0)
    short, long = (
        gate_report(gate, pairs_of({ONE: [*first, *more]}, [*TIMES, *more_base]))
        for more, more_base in (((), ()), (times(1.5) * 3, times() * 3))
    )

    assert found(short, ONE).confirmed == found(long, ONE).confirmed
    assert found(long, ONE).confirmed.pairs == CONFIRMING_ROUNDS  # type: ignore[union-attr]
    assert found(long, ONE).verdict is VerdictKind.PASS


@pytest.mark.parametrize("rounds", [1, 3, CONFIRMING_ROUNDS - 1])
@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_an_ab_of_fewer_rounds_decides_nothing(rounds: int, factor: float) -> None:
    """One that was stopped would be looked at twice: now, and when it has gone on."""
    gate = make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, DAYS))
    cell = found(gate_report(gate, pairs_of({ONE: times(factor, rounds)})), ONE)

    assert cell.confirmed is None
    assert (cell.verdict, cell.doubt) == (VerdictKind.INCONCLUSIVE, Doubt.FEW_ROUNDS)


@pytest.mark.parametrize("side", ["base", "today"])
def test_a_round_of_which_a_launch_failed_is_no_pair(side: str) -> None:
    """It has ended, so the others decide; one that was interrupted has not."""
    gate = make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, DAYS))
    pairs = pairs_of({ONE: times(1.2)})

    def with_second(status: Status) -> GateCell:
        run = getattr(pairs, side)
        lost = make_launch(cell=ONE, launch=1, status=status, reason="why")
        launches = [lost if each.launch == 1 else each for each in run.launches]
        changed = replace(pairs, **{side: replace(run, launches=tuple(launches))})
        return found(gate_report(gate, changed), ONE)

    crashed, stopped = with_second(Status.CRASHED), with_second(Status.INTERRUPTED)

    assert crashed.verdict is VerdictKind.REGRESSED
    assert crashed.confirmed.pairs == 4  # type: ignore[union-attr]
    assert stopped.doubt is Doubt.FEW_ROUNDS


def test_pairs_are_of_one_round_each() -> None:
    """In whatever order records are read: launches of other rounds are no neighbours in time."""
    drifting = [0.1, 0.2, 0.3, 0.4, 0.5]
    gate = make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, DAYS))
    today = [1.2 * each * noise for each, noise in zip(drifting, times(10), strict=True)]
    pairs = pairs_of({ONE: today}, drifting)
    backwards = replace(pairs.base, launches=pairs.base.launches[::-1])
    report = gate_report(gate, replace(pairs, base=backwards))

    assert found(report, ONE).verdict is VerdictKind.REGRESSED


def test_pairs_of_cells_that_are_not_gated_count_for_nothing() -> None:
    """The canary, and a cell that the baseline does not have."""
    other = make_cell(batch_size=128)
    gate = make_gate(run_of(1, 1.2, 1), baseline_of(CELLS, DAYS), rules=GateRules(canary=ONE.id))
    without, with_them = (
        gate_report(gate, pairs_of({TWO: times(1.2), **more}))
        for more in ({}, {ONE: times(1.5), other: times(1.5)})
    )

    assert without.cells == with_them.cells


@pytest.mark.parametrize(
    ("minimum", "expected"),
    [
        (None, VerdictKind.REGRESSED),
        (0.02, VerdictKind.REGRESSED),
        (0.2, VerdictKind.PASS),
    ],
)
def test_a_minimum_loss_of_the_rules_holds_for_pairs(
    minimum: float | None, expected: VerdictKind
) -> None:
    """By default pairs find less than days let show; who says what is worth a verdict is heard."""
    rules = GateRules()
    if minimum is not None:
        losses = {**rules.minimum_losses, Metric.THROUGHPUT: MinimumLoss(usual=minimum)}
        rules = replace(rules, minimum_losses=losses)
    gate = make_gate(run_of(1, 1, 1), baseline_of(CELLS, DAYS), rules=rules)
    cell = found(gate_report(gate, pairs_of({ONE: times(1.04)})), ONE)

    assert cell.verdict is expected
    assert cell.confirmed is not None
    assert cell.confirmed.minimum_loss == pytest.approx(0.03 if minimum is None else minimum)


# ---- the command of an A/B


def command(run: Run, **facts: object) -> Sequence[str]:
    return gate_report(make_gate(run, baseline_of(CELLS, DAYS), **facts)).confirm_command


def test_the_ab_of_what_is_open_is_told() -> None:
    """Its other side is the baseline's commit, and it has as many rounds as decide."""
    assert command(run_of(1, 1.2, 1)) == (
        "ab", "mine", "--a", f"ref={CODE['commit']}", "--b", "unchanged", "--rounds", "5",
        "--cell", TWO.id,
    )  # fmt: skip


def test_the_ab_of_a_whole_run_names_no_cell() -> None:
    """Unless the run was one of single cells, which the words before do not repeat."""
    run = run_of(1.2, 1.2, 1.2)

    assert "--cell" not in command(run)
    for words in (("--cell", ONE.id), (f"--cell={ONE.id}",)):
        header = replace(run.header, command=("run", "mine", *words))
        assert command(replace(run, header=header)).count("--cell") == 3


def test_what_pairs_left_open_is_measured_for_as_long_as_it_takes() -> None:
    """The same five rounds again would be a second look."""
    gate = make_gate(run_of(1.2, 1, 1), baseline_of(CELLS, DAYS))
    report = gate_report(gate, pairs_of({ONE: [0.08, 0.13, 0.09, 0.14, 0.1]}))

    assert "--rounds" not in report.confirm_command
    assert report.confirm_command[-2:] == ("--cell", ONE.id)


@pytest.mark.parametrize(
    ("run", "facts"),
    [
        (run_of(1, 1, 1), {}),
        (run_of(1, 1.2, 1), {"ab_words": ()}),
        (run_of(1, 1.06, 1), {"given_base": ("none",)}),
    ],
    ids=["nothing is open", "the run does not tell its command", "no other side"],
)
def test_there_is_no_command_of_an_ab_without_a_use(run: Run, facts: dict[str, object]) -> None:
    """Or it would be one that fails."""
    assert command(run, **facts) == ()


# ---- the title


def test_the_baseline_is_named_by_its_sessions() -> None:
    """From the first to the last, with the commit of that."""
    report = gate_report(make_gate(run_of(1, 1, 1), baseline_of(CELLS, 3)))

    assert report.baseline.sessions == 3
    assert report.baseline.first_started_at.startswith("2026-01-01")
    assert report.baseline.last_started_at.startswith("2026-01-03")
    assert report.baseline.commit == CODE["commit"]
    assert (report.matrix, report.device) == (make_header().matrix, make_header().device)
