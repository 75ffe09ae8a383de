"""One report in every format: whole documents, and every status and caution in each of them."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import TypeAdapter
from recorded import (
    AMP,
    LAUNCHES,
    PROTOCOL,
    REFERENCE,
    paired_report,
    recorded_report,
    recorded_run,
)

from suite.analysis.assemble import assemble
from suite.formats.comparison import comparison_markdown, comparison_text
from suite.formats.comparison_csv import comparison_csv
from suite.formats.html.page import report_html
from suite.formats.junit import junit_xml
from suite.formats.pairs import pairs_markdown, pairs_text
from suite.formats.pairs_csv import pairs_csv
from suite.formats.report_json import report_json, report_schema
from suite.formats.results import report_markdown, report_text
from suite.formats.results_csv import results_csv
from suite.model.cell import quick_protocol
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.report import Hint, HintKind, Report
from suite.model.run import Run
from suite.store.references import BANDS_PATH, read_bands, read_system

DATA = Path(__file__).parents[1] / "data"


def beside_reference(run: Run) -> Report:
    """The run beside the published table, whose bands judge it."""
    return assemble([run], [read_system(REFERENCE)], read_bands(BANDS_PATH))


@dataclass(frozen=True)
class Format:
    """How a report is rendered; data has the values of kinds, text letters and their legend.

    A page has room for the words themselves.
    """

    render: Callable[[Report], str]
    is_data: bool = False
    has_letters: bool = True
    report: Callable[[Run], Report] = beside_reference

    def said(self, kind: CautionKind) -> str:
        """What stands for a caution."""
        if self.is_data:
            return str(kind.value)
        if self.has_letters:
            return f"{kind.letter} = {kind.legend}"
        return str(kind.value).replace("_", " ")


FORMATS = {
    "report.txt": Format(report_text),
    "report.md": Format(report_markdown),
    "report.html": Format(report_html, has_letters=False),
    "report.json": Format(report_json, is_data=True),
    "results.csv": Format(results_csv, is_data=True),
    "junit.xml": Format(junit_xml, is_data=True),
    "report_comparison.txt": Format(comparison_text),
    "report_comparison.md": Format(comparison_markdown),
    "report_comparison.csv": Format(comparison_csv, is_data=True),
    "pairs.txt": Format(pairs_text, report=paired_report),
    "pairs.md": Format(pairs_markdown, report=paired_report),
    "pairs.csv": Format(pairs_csv, is_data=True, report=paired_report),
}


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"report.json", "report.html"}))
def test_a_report_is_the_recorded_document(name: str) -> None:
    """Every number, unit, interval, caution and reason stands where it stood."""
    form = FORMATS[name]

    assert form.render(form.report(recorded_run())) == (DATA / name).read_text(encoding="utf-8")


def test_report_json_is_what_its_schema_says() -> None:
    """Whoever reads report.json can rely on `bench.py schema report`."""
    schema = json.loads(report_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    stored = json.loads(report_json(recorded_report()))

    validator.validate(stored)
    validator.validate(json.loads(report_json(paired_report())))
    assert stored["report_version"] == 1
    stored["runs"][0]["launches"][0]["summary"]["count"] = "eighty"
    assert not validator.is_valid(stored)


def test_report_json_has_the_whole_report() -> None:
    """Nothing is rounded or left out: what is read back equals what was assembled."""
    report = replace(recorded_report(), pairs=paired_report().pairs)

    assert TypeAdapter(Report).validate_json(report_json(report)) == report


def test_the_schema_describes_every_type() -> None:
    """Units and meanings are in the descriptions, not in somebody's memory."""
    types = json.loads(report_schema())["$defs"]

    assert [name for name, item in types.items() if not item.get("description")] == []


def rendered(name: str, *launches: Launch) -> str:
    """The recorded run with these launches instead of its own."""
    run = replace(recorded_run(), launches=launches)
    return FORMATS[name].render(FORMATS[name].report(run))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", CautionKind)
def test_every_caution_is_in_every_format(kind: CautionKind, name: str) -> None:
    """A number with a caution never looks like one without, whoever reads it."""
    doubted = replace(LAUNCHES[0], cautions=(Caution(kind, "why"),))
    plain = replace(LAUNCHES[0], cautions=())
    said = FORMATS[name].said(kind)
    with_it, without = (
        len(re.findall(rf"\b{re.escape(said)}(?!\w)", " ".join(text.split())))
        for text in (rendered(name, doubted), rendered(name, plain))
    )

    assert with_it > without


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("status", sorted(set(Status) - {Status.OK}))
def test_every_status_is_in_every_format(status: Status, name: str) -> None:
    """A cell without a number says why, in whatever format."""
    ended = replace(LAUNCHES[0], status=status, reason="a reason of its own", step_seconds=())
    text = " ".join(rendered(name, LAUNCHES[1], ended).split())

    word = status.value if FORMATS[name].is_data else status.value.replace("_", " ")
    assert word in text
    assert "a reason of its own" in text
    assert AMP.id in text


@pytest.mark.parametrize("name", ["report.txt", "report.md", "report.html", "report.json"])
@pytest.mark.parametrize("kind", HintKind)
def test_every_hint_is_in_every_report(kind: HintKind, name: str) -> None:
    """What it says, its evidence and what to try."""
    report = recorded_report()
    (run,) = report.runs
    hint = Hint(kind=kind, cells=(AMP.id,), evidence="0.27x of it", remedy="do something else")
    hinted, plain = (
        " ".join(FORMATS[name].render(replace(report, runs=(replace(run, hints=hints),))).split())
        for hints in ((hint,), ())
    )

    said = kind.value if FORMATS[name].is_data else kind.heading
    for text in (said, "0.27x of it", "do something else"):
        assert hinted.count(text) > plain.count(text)


@pytest.mark.parametrize("name", ["report_comparison.txt", "report_comparison.md"])
def test_a_comparison_of_a_quick_run_says_so_first(name: str) -> None:
    """Before any number, and nowhere in that of a full run."""
    run = recorded_run()
    quick = replace(run, header=replace(run.header, protocol=quick_protocol(PROTOCOL)))
    said = "Quick protocol: a first look, not numbers to quote."
    texts = [
        FORMATS[name].render(assemble([one], [read_system(REFERENCE)])) for one in (run, quick)
    ]

    assert [said in text for text in texts] == [False, True]
    assert texts[1].index(said) < texts[1].index("Avg throughput")


@pytest.mark.parametrize("name", ["report_comparison.txt", "report_comparison.md"])
def test_a_comparison_says_first_whether_the_gpu_is_the_published_one(name: str) -> None:
    """On another one a ratio tells how the two differ, and no word judges it."""
    run = recorded_run()
    other = replace(run, header=replace(run.header, gpu="NVIDIA L4", device="NVIDIA L4"))
    same, different = (
        " ".join(FORMATS[name].render(beside_reference(each)).split()) for each in (run, other)
    )

    assert "Hardware: Tesla V100-SXM2-16GB, the GPU of the published NVIDIA DGX-1" in same
    assert "Different hardware: measured on NVIDIA L4, published for NVIDIA DGX-1" in different
    assert "Different hardware" not in same
    assert same.count(" within") > different.count(" within") == 0
