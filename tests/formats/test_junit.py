"""suite.formats.junit: what CI services make of a run."""

from dataclasses import replace
from pathlib import Path

import junitparser
import pytest
from builders import make_cell, make_launch, make_run
from recorded import recorded_report

from suite.analysis.assemble import assemble
from suite.formats.junit import Case, CaseGroup, Outcome, cases_xml, junit_xml
from suite.model.launch import Status
from suite.model.run import DamagedRecord


@pytest.fixture
def read(tmp_path: Path) -> junitparser.JUnitXml:
    """The recorded report, as junitparser reads it."""
    path = tmp_path / "junit.xml"
    path.write_text(junit_xml(recorded_report()), encoding="utf-8")
    return junitparser.JUnitXml.fromfile(str(path))


def test_every_cell_is_a_test_case_with_its_outcome(read: junitparser.JUnitXml) -> None:
    """A failed cell fails, a skipped one is skipped, and what is missing is an error."""
    (suite,) = read
    outcomes = {
        case.name: [(type(result).__name__, result.message) for result in case.result]
        for case in suite
    }

    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (7, 1, 2, 1)
    assert outcomes == {
        "inference-amp-bs64-1gpu": [],
        "training-amp-xla-bs256-1gpu": [],
        "training-amp-xla-bs256-2gpu": [],
        "inference-fp32-bs256-1gpu": [
            ("Failure", "out of memory: ResourceExhaustedError: failed to allocate")
        ],
        "inference-tf32-bs8-1gpu": [("Skipped", "skipped: needs Ampere")],
        "inference-fp32-bs8-1gpu": [("Error", "interrupted: by Ctrl-C")],
        "inference-fp32-bs2-1gpu": [("Error", "not run")],
    }


def test_a_case_has_its_time_its_number_and_its_doubts(read: junitparser.JUnitXml) -> None:
    """The seconds are those of all launches of the cell; a suite has the sum."""
    (suite,) = read
    times = {case.name: case.time for case in suite}
    (case,) = (case for case in suite if case.name == "inference-amp-bs64-1gpu")

    assert times["inference-amp-bs64-1gpu"] == pytest.approx(16.92)
    assert suite.time == pytest.approx(sum(time for time in times.values() if time), abs=0.01)
    assert case.system_out.splitlines() == [
        "2612.57 img/s, p50 24.50 ms, 160 steps",
        "throttled: the power cap held the clock; raise it with nvidia-smi",
    ]


def test_a_damaged_record_is_an_error() -> None:
    """Beside that of its cell, which was not simply never run."""
    cell = make_cell().id
    damaged = (DamagedRecord(f"cells/{cell}.0.json", "is not JSON; remove the file"),)
    run = replace(make_run(cells=(cell,)), damaged=damaged)
    ((*cases,),) = junitparser.JUnitXml.fromstring(junit_xml(assemble([run])).encode())

    assert [(case.name, case.result[0].message) for case in cases] == [
        (cell, "no whole record"),
        (f"cells/{cell}.0.json", "damaged: is not JSON; remove the file"),
    ]


def test_text_from_outside_is_valid_xml() -> None:
    """Control characters and markup in a reason stay text."""
    reason = "ended <b>&amp;\x1b[31m\x00 \ud800 ]]>"
    launch = make_launch(cell=make_cell(), status=Status.CRASHED, reason=reason)
    read = junitparser.JUnitXml.fromstring(
        junit_xml(assemble([make_run(launch, matrix="<a>")])).encode()
    )
    ((case,),) = read

    assert case.classname == "<a>"
    assert r"ended <b>&amp;\x1b[31m\x00" in case.result[0].message


def test_a_case_has_its_outcome_whoever_made_it() -> None:
    """Each element of JUnit, and none where the case passed; lines of output keep their order."""
    cases = [
        Case(
            name=outcome.name,
            classname="gate",
            outcome=outcome,
            message="" if outcome is Outcome.PASSED else "why",
            kind="regressed" if outcome is Outcome.FAILED else "",
            lines=("first", "second"),
        )
        for outcome in Outcome
    ]
    document = cases_xml([CaseGroup(name="mine", cases=cases)])
    (suite,) = junitparser.JUnitXml.fromstring(document.encode())

    assert [
        (case.name, [(type(r).__name__, r.message) for r in case.result]) for case in suite
    ] == [
        ("PASSED", []),
        ("FAILED", [("Failure", "why")]),
        ("ERROR", [("Error", "why")]),
        ("SKIPPED", [("Skipped", "why")]),
    ]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 1, 1)
    assert {case.system_out for case in suite} == {"first\nsecond"}
    assert document.count('type="regressed"') == 1
    # No time is better than one that was not measured.
    assert "time" not in document.replace("testsuite", "")


@pytest.mark.parametrize("character", ["\ufffe", "\uffff", "\x00", "\ud800", "\x85"])
def test_no_character_makes_a_document_that_cannot_be_read(character: str) -> None:
    """Wherever text from outside stands."""
    text = f"a{character}b"
    case = Case(
        name=text, classname=text, outcome=Outcome.FAILED, message=text, kind=text, lines=(text,)
    )
    document = cases_xml([CaseGroup(name=text, cases=[case], started_at=text)])
    ((read,),) = junitparser.JUnitXml.fromstring(document.encode())

    assert read.name.startswith("a\\")
    assert read.result[0].message == read.system_out == read.name
