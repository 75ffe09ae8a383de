"""A run beside a reference table: one row per cell of either side, joined on the conditions."""

from collections.abc import Sequence

import pandas as pd

from suite.core.cell import Mode, Precision
from suite.core.errors import NotComparableError
from suite.core.reference import Metric, ReferenceTable
from suite.core.run import CellResult
from suite.core.summary import Summary

KEY = ["mode", "gpus", "precision", "xla", "batch_size"]

# The page's columns, each as measured by the page's own definition: throughput is the mean of
# per-step rates, latencies are per step with linearly interpolated percentiles.
_MEASURED = {
    Metric.THROUGHPUT: lambda summary: summary.mean_of_rates,
    Metric.LATENCY_AVG: lambda summary: summary.mean_seconds * 1e3,
    Metric.LATENCY_P90: lambda summary: summary.p90_seconds * 1e3,
    Metric.LATENCY_P95: lambda summary: summary.p95_seconds * 1e3,
    Metric.LATENCY_P99: lambda summary: summary.p99_seconds * 1e3,
}


def compare(results: Sequence[CellResult], table: ReferenceTable) -> pd.DataFrame:
    """Join the cells of a run with the rows of a reference.

    The frame has the columns of KEY, `cell`, `status`, `reason`, `samples`, for each metric
    `<metric>_measured`, `<metric>_published` and `<metric>_ratio` (measured / published; img/s
    or ms), the reference's `note`, and `side`: `both`, `measured` or `published`. Rows are in
    the page's order.

    Raises:
        NotComparableError: no cell is on both sides.
    """
    frame = _measured_frame(results, table).merge(
        _published_frame(table), on=[*KEY, "as_published"], how="outer", indicator="side"
    )
    sides = {"left_only": "measured", "right_only": "published", "both": "both"}
    frame["side"] = frame["side"].astype("string").map(sides)
    if not (frame["side"] == "both").any():
        raise NotComparableError(
            f"the run and reference {table.name} have no cell in common; run the matrix that names"
            " this reference"
        )
    for metric in Metric:
        frame[f"{metric.value}_ratio"] = (
            frame[f"{metric.value}_measured"] / frame[f"{metric.value}_published"]
        )
    return _in_page_order(frame.drop(columns="as_published"))


def _measured_frame(results: Sequence[CellResult], table: ReferenceTable) -> pd.DataFrame:
    rows = [
        {
            "mode": result.cell.mode.value,
            "gpus": result.cell.gpus,
            "precision": result.cell.precision.value,
            "xla": result.cell.xla,
            "batch_size": result.cell.batch_size,
            # Only a cell that does the published work joins a published row.
            "as_published": table.find(result.cell) is not None,
            "cell": result.cell.id,
            "status": result.status.value,
            "reason": result.reason,
            "samples": result.summary.count if result.summary else 0,
            **_measured_values(result.summary),
        }
        for result in results
    ]
    return pd.DataFrame(rows)


def _measured_values(summary: Summary | None) -> dict[str, float | None]:
    return {
        f"{metric.value}_measured": value_of(summary) if summary else None
        for metric, value_of in _MEASURED.items()
    }


def _published_frame(table: ReferenceTable) -> pd.DataFrame:
    rows = [
        {
            "mode": row.mode.value,
            "gpus": row.gpus,
            "precision": row.precision.value,
            "xla": row.xla,
            "batch_size": row.batch_size,
            "as_published": True,
            "note": row.note,
            **{f"{metric.value}_published": row.value(metric) for metric in Metric},
        }
        for row in table.rows
    ]
    return pd.DataFrame(rows)


def _in_page_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Inference before training, then as KEY says, with precisions in the order of the page."""
    ranks = {
        "mode": {mode.value: rank for rank, mode in enumerate(Mode)},
        "precision": {precision.value: rank for rank, precision in enumerate(Precision)},
    }
    ordered = frame.sort_values(
        KEY, key=lambda column: column.map(ranks[column.name]) if column.name in ranks else column
    )
    return ordered.reset_index(drop=True)
