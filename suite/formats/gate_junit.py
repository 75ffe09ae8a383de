"""gate.xml: the gated cells as test cases, for CI services that show them."""

from collections.abc import Iterator

from suite.formats.gate import factors, lost_words, notes_on, value
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
    verdicts = [_case(report, cell, strict=strict) for cell in report.gated]
    lost = [
        Case(
            name=lost.cell_id,
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


def _lines(report: GateReport, cell: GateCell) -> Iterator[str]:
    """The numbers behind the verdict, and what is to be said of it."""
    if cell.verdict is VerdictKind.NOT_COMPARABLE:
        names = ", ".join(each.name for each in report.forbidding)
        yield f"not comparable: {names} differ from the baseline"
        return
    time, least, most = factors(cell.stored.estimate)
    yield (
        f"{cell.verdict.value}: time {time}, at least {least}, at most {most}; the minimum effect"
        f" is {ratio(1 + cell.stored.minimum_loss)}"
    )
    if cell.confirmed is not None and cell.confirmed.estimate is not None:
        again = cell.confirmed.estimate
        yield f"measured again in {cell.confirmed.pairs} pairs: time {ratio(1 + again.loss)}"
    base, today = value(cell, cell.baseline_seconds), value(cell, cell.today_seconds)
    yield f"baseline {base}, today {today}"
    yield from notes_on(cell)
