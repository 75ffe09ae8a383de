"""suite.formats.workbook: report.xlsx, as spreadsheets and pandas read it."""

import io
import math

import openpyxl
import pandas as pd
import pytest
from builders import make_launch, make_run
from hostile import EVERYTHING, HOSTILE
from openpyxl.utils import get_column_letter
from recorded import LAUNCHES, recorded_report
from test_outside_text import report_with

from suite.analysis.assemble import assemble
from suite.formats.workbook import report_xlsx
from suite.model.launch import Status
from suite.model.report import Report
from suite.model.text import shown


def sheets(report: Report) -> dict[str, pd.DataFrame]:
    """The sheets as pandas reads them."""
    return pd.read_excel(io.BytesIO(report_xlsx(report)), sheet_name=None)


def test_the_sheets_hold_cells_launches_and_comparison() -> None:
    """The same numbers as in results.csv and comparison.csv, and a row for each launch."""
    report = recorded_report()
    found = sheets(report)
    frame = report.frame()

    assert list(found) == ["cells", "launches", "comparison"]
    assert list(found["cells"].columns) == list(frame.columns)
    assert found["cells"]["images_per_second"].tolist() == pytest.approx(
        frame["images_per_second"].tolist(), nan_ok=True
    )
    assert found["launches"]["status"].tolist() == [each.status.value for each in LAUNCHES]
    assert found["launches"]["images_per_second"][0] == pytest.approx(
        64 * 80 / sum(LAUNCHES[0].step_seconds)
    )
    assert found["launches"]["reason"][3] == "ResourceExhaustedError: failed to allocate"
    assert "dgx1" in set(found["comparison"]["reference"])


def test_a_launch_has_the_numbers_of_its_own_steps() -> None:
    """Unrounded and in the run that it belongs to; one that failed has none."""
    failed = make_launch(launch=1, status=Status.CRASHED, reason="ended", wall_seconds=7.5)
    run = make_run(make_launch(step_seconds=(0.1, 0.2, 0.6)), failed)
    report = assemble([make_run(), run])
    found = sheets(report)["launches"]
    summary = report.runs[1].launches[0].summary
    assert summary is not None

    for name in (
        "images_per_second", "mean_of_rates", "mean_seconds", "p50_seconds", "p99_seconds",
        "max_seconds",
    ):  # fmt: skip
        assert found[name].tolist() == pytest.approx(
            [getattr(summary, name), math.nan], nan_ok=True
        )
    assert found["run"].tolist() == [1, 1]
    assert found["steps"].tolist() == [3, 0]
    assert found["wall_seconds"][1] == 7.5


def test_a_report_without_a_comparison_has_no_such_sheet() -> None:
    """Nor is a run without any launch a problem."""
    assert list(sheets(assemble([make_run(make_launch(step_seconds=(0.1,)))]))) == [
        "cells",
        "launches",
    ]
    assert list(sheets(assemble([make_run()]))) == ["cells", "launches"]


@pytest.mark.parametrize("name", [*HOSTILE.values(), EVERYTHING], ids=[*HOSTILE, "everything"])
def test_no_text_from_outside_is_a_formula_or_breaks_the_file(name: str) -> None:
    """A text stays the text that it is, without characters that act."""
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(report_with(name))))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]

    assert "f" not in {cell.data_type for cell in cells}
    assert shown(name) in {cell.value for cell in cells}


def test_columns_are_as_wide_as_their_texts_within_limits() -> None:
    """Ten characters at least and sixty-two at most, with two to spare."""
    launch = make_launch(step_seconds=(0.1,), device="x" * 40, reason="y" * 200)
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(assemble([make_run(launch)]))))
    sheet = book["launches"]
    widths = {
        title.value: sheet.column_dimensions[get_column_letter(place)].width
        for place, (title, *_) in enumerate(sheet.iter_cols(), 1)
    }

    assert widths["device"] == 42
    assert widths["run"] == 10
    assert widths["reason"] == 62
    assert book["cells"].freeze_panes == "A2"
