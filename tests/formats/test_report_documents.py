"""One report in every format: whole documents, and every status and caution in each of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from pydantic import TypeAdapter
from recorded import AMP, LAUNCHES, REFERENCE, recorded_report, recorded_run

from suite.analysis.assemble import assemble
from suite.formats.comparison import comparison_markdown, comparison_text
from suite.formats.comparison_csv import comparison_csv
from suite.formats.report_json import report_json, report_schema
from suite.formats.results import report_markdown, report_text
from suite.model.launch import Caution, CautionKind, Status
from suite.model.report import Report
from suite.store.references import read_system

DATA = Path(__file__).parents[1] / "data"
FORMATS: dict[str, Callable[[Report], str]] = {
    "report.txt": report_text,
    "report.md": report_markdown,
    "report.json": report_json,
    "report_comparison.txt": comparison_text,
    "report_comparison.md": comparison_markdown,
    "report_comparison.csv": comparison_csv,
}


@pytest.mark.parametrize("name", set(FORMATS) - {"report.json"})
def test_a_report_is_the_recorded_document(name: str) -> None:
    """Every number, unit, interval, caution and reason stands where it stood."""
    assert FORMATS[name](recorded_report()) == (DATA / name).read_text(encoding="utf-8")


def test_report_json_is_what_its_schema_says() -> None:
    """Whoever reads report.json can rely on `bench.py schema report`."""
    schema = json.loads(report_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    stored = json.loads(report_json(recorded_report()))

    validator.validate(stored)
    assert stored["report_version"] == 1
    stored["runs"][0]["launches"][0]["summary"]["count"] = "eighty"
    assert not validator.is_valid(stored)


def test_report_json_has_the_whole_report() -> None:
    """Nothing is rounded or left out: what is read back equals what was assembled."""
    report = recorded_report()

    assert TypeAdapter(Report).validate_json(report_json(report)) == report


def test_the_schema_describes_every_type() -> None:
    """Units and meanings are in the descriptions, not in somebody's memory."""
    types = json.loads(report_schema())["$defs"]

    assert [name for name, item in types.items() if not item.get("description")] == []


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", CautionKind)
def test_every_caution_is_in_every_format(kind: CautionKind, name: str) -> None:
    """A number with a caution never looks like one without, whoever reads it."""
    doubted = replace(LAUNCHES[0], cautions=(Caution(kind, "why"),))
    plain = replace(LAUNCHES[0], cautions=())
    with_it, without = (
        FORMATS[name](
            assemble([replace(recorded_run(), launches=(one,))], [read_system(REFERENCE)])
        )
        for one in (doubted, plain)
    )

    assert with_it != without
    said = {".csv": f",{kind.value},", ".json": f'"kind": "{kind.value}"'}.get(
        Path(name).suffix, f"{kind.letter} = {kind.legend}"
    )
    assert said in " ".join(with_it.split())
    assert said not in " ".join(without.split())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("status", set(Status) - {Status.OK})
def test_every_status_is_in_every_format(status: Status, name: str) -> None:
    """A cell without a number says why, in whatever format."""
    ended = replace(LAUNCHES[0], status=status, reason="a reason of its own", step_seconds=())
    run = replace(recorded_run(), launches=(LAUNCHES[1], ended))
    text = " ".join(FORMATS[name](assemble([run], [read_system(REFERENCE)])).split())

    is_data = name.endswith((".csv", ".json"))
    assert (status.value if is_data else status.value.replace("_", " ")) in text
    assert "a reason of its own" in text
    assert AMP.id in text
