"""suite.formats.comparison_csv: every cell with its numbers, for a spreadsheet or pandas."""

import io
from collections.abc import Mapping

import pandas as pd
import pytest
from builders import make_cell, make_launch, make_row, make_run

from suite.analysis.assemble import assemble
from suite.analysis.ratios import log_ratio_to_constant
from suite.formats.comparison_csv import comparison_csv
from suite.model.launch import Caution, CautionKind, Launch
from suite.model.reference import Reference, ReferenceRow, ReferenceTable


def frame(rows: list[ReferenceRow], *launches: Launch) -> pd.DataFrame:
    """The table that pandas reads from the comparison of these launches with these rows."""
    table = ReferenceTable("t4", tuple(rows))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    text = comparison_csv(assemble([make_run(*launches)], [reference]))
    return pd.read_csv(io.StringIO(text), dtype={"reference_driver": str})


def launch(batch_size: int, *cautions: Caution) -> Launch:
    """A launch with one step of 0.1 s."""
    cell = make_cell(batch_size=batch_size)
    return make_launch(cell=cell, step_seconds=(0.1,), cautions=cautions)


def row(batch_size: int, img_s: float, extra: Mapping[str, str] | None = None) -> ReferenceRow:
    return make_row(batch_size=batch_size, throughput_img_s=img_s, extra=extra or {})


def test_the_csv_has_a_line_per_cell_with_every_number() -> None:
    """comparison.csv holds both sides, the ratio and its word for each metric, and the doubts."""
    cautions = (
        Caution(CautionKind.QUICK, "why"),
        Caution(CautionKind.CONTENDED, "why"),
        Caution(CautionKind.CONTENDED, "in another launch"),
    )
    found = frame([row(1, 50.0), row(8, 100.0)], launch(8, *cautions))

    assert list(found["side"]) == ["published", "both"]
    assert found.at[1, "throughput_img_s_ratio"] == pytest.approx(0.8)
    assert found.at[1, "throughput_img_s_word"] == "not judged"
    assert found.at[1, "samples"] == 1
    assert (found.at[1, "launches"], found.at[1, "launches_planned"]) == (1, 1)
    assert found.at[1, "cautions"] == "quick contended"


def test_ratios_of_several_launches_have_their_interval_in_the_csv() -> None:
    """Two columns for the bounds; empty beside the ratio of a single launch."""
    two = [make_launch(launch=number, step_seconds=(0.1 + 0.01 * number,)) for number in (0, 1)]
    found = frame([row(1, 50.0), row(8, 100.0)], *two, launch(1))
    low, high = log_ratio_to_constant([8 / 0.1, 8 / 0.11], 100.0) or (0, 0)

    assert found.at[1, "throughput_img_s_ratio_low"] == pytest.approx(low)
    assert found.at[1, "throughput_img_s_ratio_high"] == pytest.approx(high)
    assert found["throughput_img_s_ratio_low"].isna().tolist() == [True, False]
    assert found["latency_avg_ms_ratio_high"].isna().all()


def test_the_csv_ends_with_the_references_own_columns() -> None:
    """A further column keeps its text, takes no other column's title, and is no formula."""
    extra = {"driver": "535.10", "side": "=1+1", "=cmd": "", "\x1b": "x"}
    found = frame([row(1, 50.0, extra), row(8, 100.0)], launch(8), launch(3))

    assert list(found.columns[-5:]) == [
        "note",
        "reference_driver",
        "reference_side",
        "reference_=cmd",
        r"reference_\x1b",
    ]
    assert list(found["side"]) == ["published", "measured", "both"]
    assert list(found.iloc[0, -4:-2]) == ["535.10", "'=1+1"]
    assert found.at[0, r"reference_\x1b"] == "x"
    assert found.iloc[1:, -4:].isna().all(axis=None)
