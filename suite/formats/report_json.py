"""report.json: a whole report for other programs, and the schema that documents it."""

import json
from functools import cache

from pydantic import TypeAdapter

from suite.model.report import Report
from suite.store.text import json_text


def report_json(report: Report) -> str:
    """Every number of a report, unrounded, in the shape that `report_schema` describes.

    On one line: Python takes ten times as long to indent it, and people read the other formats.
    """
    return json_text(_adapter().dump_python(report, mode="json")) + "\n"


def report_schema() -> str:
    """The JSON Schema of report.json, with the units and meanings of its fields."""
    schema = _adapter().json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@cache
def _adapter() -> TypeAdapter[Report]:
    return TypeAdapter(Report)
