"""report.xlsx: cells, launches, and comparisons as the sheets of a workbook."""

import io
from collections.abc import Mapping

import pandas as pd

from suite.formats.comparison_csv import comparison_frame
from suite.model.report import LaunchRow, Report
from suite.model.text import shown

# Columns are as wide as their texts, within these numbers of characters.
_NARROWEST, _WIDEST = 8, 60


def report_xlsx(report: Report) -> bytes:
    """A workbook for people: every text stays a text, whatever a spreadsheet would make of it."""
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine="openpyxl") as writer:
        for name, frame in _sheets(report).items():
            _shown(frame).to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 0))
            for column in writer.sheets[name].columns:
                longest = max(len(str(cell.value or "")) for cell in column)
                width = min(max(longest, _NARROWEST), _WIDEST) + 2
                writer.sheets[name].column_dimensions[column[0].column_letter].width = width
                for cell in column:
                    # openpyxl takes a text that begins with = for a formula.
                    if cell.data_type == "f":
                        cell.data_type = "s"
    return file.getvalue()


def _sheets(report: Report) -> Mapping[str, pd.DataFrame]:
    sheets = {"cells": report.frame(), "launches": _launch_frame(report)}
    if report.comparisons:
        sheets["comparison"] = comparison_frame(report)
    return sheets


def _launch_frame(report: Report) -> pd.DataFrame:
    """A row for each launch of each run: how it ended, and its numbers by the names of results."""
    rows = [_launch(place, row) for place, run in enumerate(report.runs) for row in run.launches]
    return pd.DataFrame(rows)


def _launch(place: int, row: LaunchRow) -> dict[str, object]:
    record, summary = row.record, row.summary
    return {
        "run": place,
        "cell": row.cell_id,
        "launch": record.launch,
        "status": record.status.value,
        "reason": record.reason,
        "device": record.device,
        "started_at": record.started_at,
        "steps": len(record.step_seconds),
        "images_per_second": summary.images_per_second if summary else None,
        "mean_of_rates": summary.mean_of_rates if summary else None,
        "mean_seconds": summary.mean_seconds if summary else None,
        "p50_seconds": summary.p50_seconds if summary else None,
        "p99_seconds": summary.p99_seconds if summary else None,
        "max_seconds": summary.max_seconds if summary else None,
        "steadiness": row.steadiness.value,
        "cautions": "; ".join(caution.text for caution in record.cautions),
        "wall_seconds": record.wall_seconds,
    }


def _shown(frame: pd.DataFrame) -> pd.DataFrame:
    """Without characters that act, which a workbook cannot hold."""
    names = frame.select_dtypes(exclude=["number", "bool"]).columns
    texts = frame[names].map(lambda item: shown(item) if isinstance(item, str) else item)
    return frame.assign(**{str(name): texts[name] for name in names}).rename(columns=shown)
