"""junit.xml: the cells of a report as test cases, for CI services that show them."""

from xml.etree import ElementTree as ET

from suite.formats.annotations import shortfall, without_record
from suite.formats.numbers import milliseconds, rate
from suite.model.launch import Status
from suite.model.report import Report, ReportedRun
from suite.model.run import CellResult
from suite.model.text import shown


def junit_xml(report: Report) -> str:
    """A test suite for each run and a test case for each of its cells.

    A cell fails with its status and reason. What was never run, or lacks launches, is an error, and
    so is each damaged record; what this machine cannot run is skipped. The time of a case is that
    of its launches in seconds.
    """
    suites = ET.Element("testsuites", name="resnet50-bench")
    for run in report.runs:
        suites.append(_suite(run))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(run: ReportedRun) -> ET.Element:
    header = run.header
    suite = ET.Element("testsuite", name=shown(f"{header.matrix} on {header.device}"))
    suite.set("timestamp", shown(header.started_at))
    spent: dict[str, float] = {}
    for row in run.launches:
        spent[row.cell_id] = spent.get(row.cell_id, 0.0) + row.record.wall_seconds
    for cell_id, result in run.cells.items():
        case = _case(suite, header.matrix, cell_id)
        case.set("time", f"{spent[cell_id]:.3f}")
        _outcome(case, result)
    for cell_id in run.coverage.not_run:
        missing = without_record(cell_id, run.coverage.damaged)
        ET.SubElement(_case(suite, header.matrix, cell_id), "error", message=missing)
    for record in run.coverage.damaged:
        case = _case(suite, header.matrix, record.file)
        ET.SubElement(case, "error", message=shown(f"damaged: {record.problem}"))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    suite.set("time", f"{sum(spent.values()):.3f}")
    return suite


def _case(suite: ET.Element, matrix: str, cell_id: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=shown(matrix), name=shown(cell_id))


def _outcome(case: ET.Element, result: CellResult) -> None:
    text = shown(shortfall(result))
    if result.status.is_failure:
        failure = ET.SubElement(case, "failure", message=text)
        failure.set("type", result.status.value)
    elif result.status is Status.SKIPPED:
        ET.SubElement(case, "skipped", message=text)
    elif text:
        ET.SubElement(case, "error", message=text)
    if result.summary is not None:
        summary = result.summary
        numbers = (
            f"{rate(summary.images_per_second)} img/s, p50 {milliseconds(summary.p50_seconds)} ms,"
            f" {summary.count} steps"
        )
        doubts = (f"{caution.kind.value}: {shown(caution.text)}" for caution in result.cautions)
        ET.SubElement(case, "system-out").text = "\n".join([numbers, *doubts])
