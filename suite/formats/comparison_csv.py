"""comparison.csv: a line for each cell that was measured or published."""

from typing import TYPE_CHECKING

from suite.formats.frame_csv import frame_csv
from suite.model.launch import Status
from suite.model.reference import Metric
from suite.model.report import ComparedCell, Report
from suite.model.run import CellResult

if TYPE_CHECKING:
    import pandas as pd

# Begins the titles of a reference's further columns in comparison.csv; no title of ours does.
_EXTRA = "reference_"


def comparison_csv(report: Report) -> str:
    """`comparison_frame` as CSV."""
    return frame_csv(comparison_frame(report))


def comparison_frame(report: Report) -> "pd.DataFrame":
    """The cells of a report's comparisons; numbers in the page's units, ratios and words.

    `run` is the place of the run in the report, `reference` the table that it stands beside. The
    last columns are those that a reference's file has beyond the published ones.
    """
    import pandas as pd

    lines = [
        {"run": comparison.run, "reference": comparison.reference, **_line(cell)}
        for comparison in report.comparisons
        for cell in comparison.cells
    ]
    return pd.DataFrame(lines).astype(
        dict.fromkeys(("samples", "launches", "launches_planned"), "Int64")
    )


def _line(cell: ComparedCell) -> dict[str, object]:
    key, result, row = cell.key, cell.result, cell.row
    status = result.status if result else None
    line: dict[str, object] = {
        "mode": key.mode.value,
        "precision": key.precision.value,
        "xla": str(key.xla).lower(),
        "gpus": key.gpus,
        "batch_size": key.batch_size,
        "side": cell.side.value,
        "cell": cell.cell_id,
        "status": status.value if status else None,
        "reason": result.reason if result and status is not Status.OK else None,
        "samples": result.summary.count if result and result.summary else None,
        "launches": result.ok_launches if result else None,
        "launches_planned": result.planned_launches if result else None,
        "cautions": _kinds(result) if result else None,
    }
    for metric in Metric:
        judgement = cell.judgement(metric)
        line[f"{metric.value}_measured"] = cell.measured(metric)
        line[f"{metric.value}_published"] = cell.published(metric)
        line[f"{metric.value}_ratio"] = cell.ratio(metric)
        if metric.is_mean:
            low, high = cell.numbers[metric].ratio_interval or (None, None)
            line[f"{metric.value}_ratio_low"] = low
            line[f"{metric.value}_ratio_high"] = high
        line[f"{metric.value}_word"] = judgement.word.value if judgement else None
    line["note"] = row.note if row else None
    line.update({f"{_EXTRA}{title}": text for title, text in row.extra.items()} if row else {})
    return line


def _kinds(result: CellResult) -> str:
    """The kinds of its cautions, each once, separated by a space."""
    return " ".join(dict.fromkeys(caution.kind.value for caution in result.cautions))
