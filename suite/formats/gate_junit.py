"""gate.xml: the gated cells as test cases, for CI services that show them."""

from collections.abc import Iterator

from suite.formats.gate import (
    factors,
    factors_of_pairs,
    lost_words,
    notes_on,
    unit_of,
    unlike_words,
    value,
)
from suite.formats.junit import Case, CaseGroup, Outcome, cases_xml
from suite.formats.numbers import ratio
from suite.model.ab import VerdictKind
from suite.model.gate import Metric
from suite.model.gate_report import GateCell, GateReport


def gate_xml(report: GateReport, *, strict: bool) -> str:
    """The test cases of a gate as a JUnit document."""
    name = f"{report.matrix} on {report.device}: today beside {report.baseline.name}"
    return cases_xml([CaseGroup(name=name, cases=gate_cases(report, strict=strict))])


def gate_cases(report: GateReport, *, strict: bool) -> list[Case]:
    """A test case for each gated metric of a cell, as the exit code counts it.

    A regression is a failure. A cell that failed, is missing or is not comparable is an error. An
    inconclusive one is skipped, or a failure too if `strict`.
    """
    judged = {cell.cell_id for cell in report.gated}
    verdicts = [_case(report, cell, strict=strict) for cell in report.gated]
    lost = [
        Case(
            name=f"{lost.cell_id}, its launches" if lost.cell_id in judged else lost.cell_id,
            classname=report.matrix,
            outcome=Outcome.ERROR,
            kind="failed_or_missing",
            message=lost_words(lost),
        )
        for lost in report.lost
    ]
    return [*verdicts, *lost]


def _case(report: GateReport, cell: GateCell, *, strict: bool) -> Case:
    outcome = {
        VerdictKind.REGRESSED: Outcome.FAILED,
        VerdictKind.NOT_COMPARABLE: Outcome.ERROR,
        VerdictKind.INCONCLUSIVE: Outcome.FAILED if strict else Outcome.SKIPPED,
    }.get(cell.verdict, Outcome.PASSED)
    of = "" if cell.metric is Metric.THROUGHPUT else f", {cell.metric.words}"
    lines = list(_lines(report, cell))
    return Case(
        name=f"{cell.cell_id}{of}",
        classname=report.matrix,
        outcome=outcome,
        kind="" if outcome is Outcome.PASSED else cell.verdict.value.replace(" ", "_"),
        message="" if outcome is Outcome.PASSED else "; ".join(lines),
        lines=lines,
    )


def _bounds(factors: tuple[str, str, str]) -> str:
    time, least, most = factors
    return f"time {time}, at least {least}, at most {most}"


def _lines(report: GateReport, cell: GateCell) -> Iterator[str]:
    """The numbers behind the verdict, and what is to be said of it."""
    if cell.verdict is VerdictKind.NOT_COMPARABLE:
        yield f"not comparable: {unlike_words(report)}"
        return
    stored, again = cell.stored, cell.confirmed
    by_days = (
        f"{_bounds(factors(stored.estimate))}; the minimum effect is"
        f" {ratio(1 + stored.minimum_loss)}"
    )
    if again is None:
        yield f"{cell.verdict.value}: {by_days}"
    else:
        yield (
            f"{again.verdict.value} in {again.pairs} pairs, measured again:"
            f" {_bounds(factors_of_pairs(again.estimate))}; the minimum effect is"
            f" {ratio(1 + again.minimum_loss)}"
        )
        yield f"beside the stored baseline {stored.verdict.value}: {by_days}"
    base, today = value(cell, cell.baseline_seconds), value(cell, cell.today_seconds)
    yield f"baseline {base}, today {today} {unit_of(cell.metric)}"
    yield from notes_on(cell)
