"""junit.xml: cells as test cases, for CI services that show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from xml.etree import ElementTree as ET

from suite.formats.annotations import shortfall, without_record
from suite.formats.numbers import milliseconds, rate
from suite.model.launch import Status
from suite.model.report import Report, ReportedRun
from suite.model.run import CellResult
from suite.model.text import shown

# Of the characters that can be shown, XML has no place for these two.
_NO_XML = str.maketrans({0xFFFE: r"\ufffe", 0xFFFF: r"\uffff"})


class Outcome(str, Enum):
    """How a test case ended; its value is the element that says so, empty for one that passed."""

    PASSED = ""
    FAILED = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test case: its outcome, why (`message`, and in one word `kind`), and lines of output.

    Services group cases by `classname`. `seconds` is None where no time belongs to the case alone.
    """

    name: str
    classname: str
    outcome: Outcome
    message: str = ""
    kind: str = ""
    lines: Sequence[str] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGroup:
    """Test cases under one name; `started_at` is an ISO 8601 time, empty if unknown."""

    name: str
    cases: Sequence[Case]
    started_at: str = ""


def cases_xml(groups: Sequence[CaseGroup]) -> str:
    """Groups of test cases as a JUnit document, whatever characters their texts have."""
    suites = ET.Element("testsuites", name="resnet50-bench")
    for group in groups:
        suites.append(_suite(group))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def junit_xml(report: Report) -> str:
    """A group for each run and a test case for each of its cells.

    A cell fails with its status and reason. What was never run, or lacks launches, is an error, and
    so is each damaged record; what this machine cannot run is skipped. The time of a case is that
    of its launches in seconds.
    """
    return cases_xml(
        [
            CaseGroup(
                name=f"{run.header.matrix} on {run.header.device}",
                cases=list(_cases(run)),
                started_at=run.header.started_at,
            )
            for run in report.runs
        ]
    )


def _suite(group: CaseGroup) -> ET.Element:
    suite = ET.Element("testsuite", name=_safe(group.name))
    if group.started_at:
        suite.set("timestamp", _safe(group.started_at))
    for case in group.cases:
        suite.append(_element(case))
    for name, outcome in (
        ("failures", Outcome.FAILED),
        ("errors", Outcome.ERROR),
        ("skipped", Outcome.SKIPPED),
    ):
        suite.set(name, str(sum(case.outcome is outcome for case in group.cases)))
    suite.set("tests", str(len(group.cases)))
    known = [case.seconds for case in group.cases if case.seconds is not None]
    if known:
        suite.set("time", f"{sum(known):.3f}")
    return suite


def _element(case: Case) -> ET.Element:
    element = ET.Element("testcase", classname=_safe(case.classname), name=_safe(case.name))
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.3f}")
    if case.outcome is not Outcome.PASSED:
        why = ET.SubElement(element, case.outcome.value, message=_safe(case.message))
        if case.kind:
            why.set("type", _safe(case.kind))
    if case.lines:
        ET.SubElement(element, "system-out").text = "\n".join(map(_safe, case.lines))
    return element


def _safe(text: str) -> str:
    return shown(text).translate(_NO_XML)


def _cases(run: ReportedRun) -> Iterator[Case]:
    matrix = run.header.matrix
    spent: dict[str, float] = {}
    for row in run.launches:
        spent[row.cell_id] = spent.get(row.cell_id, 0.0) + row.record.wall_seconds
    for cell_id, result in run.cells.items():
        yield _case(matrix, cell_id, result, spent[cell_id])
    for cell_id in run.coverage.not_run:
        missing = without_record(cell_id, run.coverage.damaged)
        yield Case(name=cell_id, classname=matrix, outcome=Outcome.ERROR, message=missing)
    for record in run.coverage.damaged:
        damaged = f"damaged: {record.problem}"
        yield Case(name=record.file, classname=matrix, outcome=Outcome.ERROR, message=damaged)


def _case(matrix: str, cell_id: str, result: CellResult, seconds: float) -> Case:
    message = shortfall(result)
    if result.status.is_failure:
        outcome = Outcome.FAILED
    elif result.status is Status.SKIPPED:
        outcome = Outcome.SKIPPED
    else:
        outcome = Outcome.ERROR if message else Outcome.PASSED
    return Case(
        name=cell_id,
        classname=matrix,
        outcome=outcome,
        message=message,
        kind=result.status.value if result.status.is_failure else "",
        lines=list(_output(result)),
        seconds=seconds,
    )


def _output(result: CellResult) -> Iterator[str]:
    """The numbers of a cell and the cautions beside them."""
    if result.summary is None:
        return
    summary = result.summary
    yield (
        f"{rate(summary.images_per_second)} img/s, p50 {milliseconds(summary.p50_seconds)} ms,"
        f" {summary.count} steps"
    )
    for caution in result.cautions:
        yield f"{caution.kind.value}: {caution.text}"
