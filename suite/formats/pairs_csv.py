"""pairs.csv: a line for each cell of two runs that are set beside each other."""

from typing import TYPE_CHECKING

from suite.formats.frame_csv import frame_csv
from suite.model.report import PairedCell, PairedNumber, PairedRun, Report, RunPair
from suite.model.run import CellResult

if TYPE_CHECKING:
    import pandas as pd


def pairs_csv(report: Report) -> str:
    """`pairs_frame` as CSV."""
    return frame_csv(pairs_frame(report))


def pairs_frame(report: Report) -> "pd.DataFrame":
    """The cells of a report's pairs, those of one side alone as well; ratios are other / base.

    `base_run` and `other_run` are places in the report, empty for a saved table. Throughput is
    images / elapsed time in img/s, latency the median of a step in ms.
    """
    import pandas as pd

    frame = pd.DataFrame([line for pair in report.pairs for line in _lines(pair)])
    counts = [name for name in frame if str(name).endswith(("_run", "_launches"))]
    return frame.astype(dict.fromkeys(counts, "Int64"))


def _lines(pair: RunPair) -> list[dict[str, object]]:
    runs = {**_run("base", pair.base), **_run("other", pair.other)}
    both = [{**runs, "cell": cell.cell_id, "side": "both", **_numbers(cell)} for cell in pair.cells]
    alone = [
        {**runs, "cell": cell, "side": side}
        for side, cells in (("base", pair.only_base), ("other", pair.only_other))
        for cell in cells
    ]
    return [*both, *alone]


def _run(side: str, run: PairedRun) -> dict[str, object]:
    return {
        f"{side}_run": run.run,
        f"{side}_matrix": run.matrix,
        f"{side}_device": run.device,
        f"{side}_started_at": run.started_at,
    }


def _numbers(cell: PairedCell) -> dict[str, object]:
    return {
        **_result("base", cell.base),
        **_result("other", cell.other),
        **_number("images_per_second", cell.throughput),
        **_number("latency_p50_ms", cell.latency_p50),
    }


def _result(side: str, result: CellResult) -> dict[str, object]:
    return {
        f"{side}_status": result.status.value,
        f"{side}_reason": result.reason,
        f"{side}_launches": result.ok_launches,
        f"{side}_cautions": " ".join(
            dict.fromkeys(caution.kind.value for caution in result.cautions)
        ),
    }


def _number(name: str, number: PairedNumber) -> dict[str, object]:
    low, high = number.ratio_interval or (None, None)
    return {
        f"{name}_base": number.base,
        f"{name}_other": number.other,
        f"{name}_ratio": number.ratio,
        f"{name}_ratio_low": low,
        f"{name}_ratio_high": high,
    }
