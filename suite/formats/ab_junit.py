"""ab.xml: the cells of an A/B as test cases, for CI services that show them."""

from collections.abc import Iterator

from suite.formats.ab import factors, named_cell, notes_on, side_rates, undecided
from suite.formats.junit import Case, CaseGroup, Outcome, cases_xml
from suite.formats.numbers import ratio
from suite.model.ab import VerdictKind
from suite.model.ab_report import AbCell, AbReport


def ab_xml(report: AbReport, *, strict: bool) -> str:
    """The test cases of an A/B as a JUnit document."""
    name = f"{report.matrix} on {report.device}: b beside a"
    return cases_xml([CaseGroup(name=name, cases=ab_cases(report, strict=strict))])


def ab_cases(report: AbReport, *, strict: bool) -> list[Case]:
    """A test case for each cell, as the exit code counts it.

    A regression is a failure; a cell that was given up or not measured to its end is an error. An
    inconclusive one is skipped, or a failure too if `strict`; any other has passed. A case has no
    time, as its launches alternate with those of the other side.
    """
    return [_case(report, cell, strict=strict) for cell in report.cells]


def _case(report: AbReport, cell: AbCell, *, strict: bool) -> Case:
    outcome, kind, message = _outcome(cell, strict=strict)
    return Case(
        name=named_cell(cell),
        classname=report.matrix,
        outcome=outcome,
        kind=kind,
        message=message,
        lines=list(_output(cell)),
    )


def _outcome(cell: AbCell, *, strict: bool) -> tuple[Outcome, str, str]:
    """How the case ended, the same in a word, and why."""
    verdict = cell.verdict.verdict
    if cell.given_up:
        return Outcome.ERROR, "given_up", f"given up: {cell.given_up}"
    if cell.is_open:
        return Outcome.ERROR, "not_finished", f"not finished: {len(cell.ratios)} rounds so far"
    if verdict is VerdictKind.REGRESSED:
        return Outcome.FAILED, verdict.value, f"regressed: {_compared(cell)}"
    if verdict is VerdictKind.INCONCLUSIVE:
        outcome = Outcome.FAILED if strict else Outcome.SKIPPED
        why = "; ".join(undecided(cell))
        return outcome, verdict.value, f"inconclusive: {_compared(cell)}; {why}"
    return Outcome.PASSED, "", ""


def _compared(cell: AbCell) -> str:
    """How long b takes for one of a, with its bounds, and what counts."""
    loss, least, most = factors(cell.verdict.estimate)
    return (
        f"time b/a {loss}, at least {least}, at most {most}, {cell.verdict.pairs} pairs;"
        f" the minimum effect is {ratio(1 + cell.verdict.minimum_loss)}"
    )


def _output(cell: AbCell) -> Iterator[str]:
    """The numbers, what is to be said of them, and the cautions of each side."""
    a, b = side_rates(cell)
    if not cell.given_up:
        yield f"{cell.verdict.verdict.value}: {_compared(cell)}"
    yield f"a {a} img/s, b {b} img/s"
    yield from notes_on(cell)
    for name, result in (("a", cell.a), ("b", cell.b)):
        for caution in result.cautions if result else ():
            yield f"{name}: {caution.kind.value}: {caution.text}"
