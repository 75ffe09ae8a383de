"""An A/B as test cases: what a CI service shows of each verdict."""

from dataclasses import replace
from pathlib import Path

import junitparser
import pytest
from hostile import HOSTILE
from test_ab_document import recorded_ab

from suite.formats.ab_junit import ab_cases, ab_xml
from suite.formats.junit import Outcome
from suite.model.ab import VerdictKind

DATA = Path(__file__).parents[1] / "data"
BY_VERDICT = {
    VerdictKind.REGRESSED: Outcome.FAILED,
    VerdictKind.INCONCLUSIVE: Outcome.SKIPPED,
    VerdictKind.PASS: Outcome.PASSED,
    VerdictKind.IMPROVED: Outcome.PASSED,
}


def test_an_ab_is_the_recorded_document() -> None:
    """Each cell with its outcome, its numbers and why."""
    assert ab_xml(recorded_ab(), strict=False) == (DATA / "ab.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("strict", [False, True])
def test_a_case_ends_as_the_exit_code_counts_its_cell(strict: bool) -> None:  # noqa: FBT001
    """What is inconclusive fails with --strict alone; what was given up is an error either way."""
    report = recorded_ab()
    expected = [
        Outcome.ERROR if cell.given_up else BY_VERDICT[cell.verdict.verdict]
        for cell in report.cells
    ]
    if strict:
        expected = [Outcome.FAILED if each is Outcome.SKIPPED else each for each in expected]

    assert set(expected) >= {Outcome.FAILED, Outcome.ERROR, Outcome.PASSED}
    assert [case.outcome for case in ab_cases(report, strict=strict)] == expected


def test_a_cell_that_was_not_measured_to_its_end_is_no_pass_and_no_doubt() -> None:
    """As after --max-time: the exit code is 3, and the case says how far it came."""
    report = recorded_ab()
    (cell,) = (each for each in report.cells if each.verdict.verdict is VerdictKind.INCONCLUSIVE
               and not each.given_up)  # fmt: skip
    still_open = replace(cell, verdict=replace(cell.verdict, is_decided=False))
    for strict in (False, True):
        (case,) = ab_cases(replace(report, cells=(still_open,)), strict=strict)

        assert case.outcome is Outcome.ERROR
        assert case.message == "not finished: 5 rounds so far"


def test_a_cell_that_cannot_be_judged_says_why() -> None:
    """Three pairs of one length do not tell how far launches differ."""
    report = recorded_ab()
    cell = next(each for each in report.cells if each.verdict.verdict is VerdictKind.INCONCLUSIVE)
    unknown = replace(cell, verdict=replace(cell.verdict, estimate=None))
    (case,) = ab_cases(replace(report, cells=(unknown,)), strict=False)

    assert "pairs that do not differ at all" in case.message
    assert "at least -, at most -" in case.message


def test_sides_that_are_different_conditions_are_both_named() -> None:
    """Or a case would claim to be about one of them."""
    report = recorded_ab()
    other = replace(report.cells[0], other_id="training-amp-bs1-1gpu")
    (case,) = ab_cases(replace(report, cells=(other,)), strict=False)

    assert case.name == "inference-fp32-bs1-1gpu / training-amp-bs1-1gpu"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_from_outside_stays_text(text: str) -> None:
    """A reason, a matrix or a device cannot break the document."""
    report = recorded_ab()
    cell = replace(report.cells[-1], given_up=text)
    document = ab_xml(replace(report, matrix=text, device=text, cells=(cell,)), strict=False)
    ((case,),) = junitparser.JUnitXml.fromstring(document.encode())

    assert case.name == cell.cell_id
    assert case.result[0].message.startswith("given up: ")
