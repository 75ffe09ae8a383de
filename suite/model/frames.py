"""A report as pandas tables: a row for each cell, or for each step."""

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

import pandas as pd

from suite.model.axis import text_of
from suite.model.cell import AXES
from suite.model.launch import MEASURING, WARM_UP
from suite.model.summary import Summary

if TYPE_CHECKING:
    from suite.model.report import ComparedCell, Report
    from suite.model.run import CellResult

# The numbers of a summary; an interval has a column for each of its bounds.
_NUMBERS = [field.name for field in fields(Summary)]
_COUNTS = ("launches", "launches_planned", "count", "worth")


def cell_frame(report: "Report") -> pd.DataFrame:
    """A row for each cell of each run; see `Report.frame`."""
    rows = []
    for place, run in enumerate(report.runs):
        compared = {
            cell.cell_id: (comparison.reference, cell)
            for comparison in report.comparisons
            if comparison.run == place
            for cell in comparison.cells
            if cell.row is not None
        }
        for cell_id, result in run.cells.items():
            rows.append(
                {
                    "run": place,
                    "matrix": run.header.matrix,
                    "device": run.header.device,
                    "started_at": run.header.started_at,
                    "cell": cell_id,
                    **_result(result),
                    **_published(*compared.get(cell_id, (None, None))),
                }
            )
    frame = pd.DataFrame(rows)
    return frame.astype({name: "Int64" for name in _COUNTS if name in frame})


def sample_frame(report: "Report") -> pd.DataFrame:
    """A row for each step of each launch; see `Report.samples`."""
    rows = [
        (place, row.cell_id, row.record.launch, phase, step, seconds)
        for place, run in enumerate(report.runs)
        for row in run.launches
        for phase, times in (
            (WARM_UP, row.record.warmup_seconds),
            (MEASURING, row.record.step_seconds),
        )
        for step, seconds in enumerate(times)
    ]
    columns = ["run", "cell", "launch", "phase", "step", "seconds"]
    return pd.DataFrame.from_records(rows, columns=columns)


def _result(result: "CellResult") -> dict[str, object]:
    values = {name: getattr(result.cell, name) for name in AXES}
    plain = {
        name: value if isinstance(value, bool | int) or value is None else text_of(value)
        for name, value in values.items()
    }
    return {
        **plain,
        "status": result.status.value,
        "reason": result.reason,
        "cautions": " ".join(dict.fromkeys(caution.kind.value for caution in result.cautions)),
        "launches": result.ok_launches,
        "launches_planned": result.planned_launches,
        **dict(_numbers(result.summary)),
    }


def _numbers(summary: Summary | None) -> Iterator[tuple[str, object]]:
    for name in _NUMBERS:
        value = getattr(summary, name) if summary else None
        if "interval" in name:
            low, high = value or (None, None)
            percentile = name.replace("_interval", "")
            yield f"{percentile}_low", low
            yield f"{percentile}_high", high
        else:
            yield name, value


def _published(reference: str | None, cell: "ComparedCell | None") -> dict[str, object]:
    if cell is None:
        return {"reference": None}
    found: dict[str, object] = {"reference": reference}
    for metric, number in cell.numbers.items():
        found[f"{metric.value}_published"] = number.published
        found[f"{metric.value}_ratio"] = number.ratio
        if metric.is_mean:
            low, high = number.ratio_interval or (None, None)
            found[f"{metric.value}_ratio_low"] = low
            found[f"{metric.value}_ratio_high"] = high
    return found
