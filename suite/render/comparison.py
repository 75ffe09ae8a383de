"""A comparison in the page's layout: a table per condition; measured, published and ratio rows."""

from collections.abc import Iterator

import pandas as pd

from suite.core.cell import Mode
from suite.core.reference import Metric, ReferenceTable
from suite.core.run import RunHeader
from suite.core.systems import system_by_key, system_of_gpu
from suite.render.documents import fill
from suite.render.numbers import MISSING, ratio
from suite.render.tables import Dialect, Table, write_table

# Column titles of the page.
_TITLES = {
    Metric.THROUGHPUT: "Avg throughput",
    Metric.LATENCY_AVG: "Avg latency",
    Metric.LATENCY_P90: "90% Latency",
    Metric.LATENCY_P95: "95% Latency",
    Metric.LATENCY_P99: "99% Latency",
}
_PRECISIONS = {"fp32": "FP32", "tf32": "TF32", "amp": "Mixed Precision"}

EXPLANATION = (
    "Throughput is the mean of per-step rates in img/s, the published estimator; latencies are ms"
    " per step. Ratio = measured / published."
)


def comparison_text(frame: pd.DataFrame, title: str, remarks: list[str]) -> str:
    """The comparison for the terminal, at most 100 columns wide."""
    parts = [title, *remarks, EXPLANATION, ""]
    for table in _tables(frame):
        parts += [table.title, write_table(table, Dialect.TERMINAL), ""]
    for heading, lines in _leftovers(frame):
        parts += [heading, *(f"  {line}" for line in lines), ""]
    return "\n".join(parts).rstrip()


def comparison_markdown(frame: pd.DataFrame, title: str, remarks: list[str]) -> str:
    """The same as a Markdown document."""
    return fill(
        "comparison.md.j2",
        title=title,
        remarks=remarks,
        explanation=EXPLANATION,
        tables=[(table.title, write_table(table, Dialect.MARKDOWN)) for table in _tables(frame)],
        leftovers=list(_leftovers(frame)),
    )


def _tables(frame: pd.DataFrame) -> Iterator[Table]:
    both = frame[frame["side"] == "both"]
    for condition, group in both.groupby(["mode", "gpus", "precision", "xla"], sort=False):
        mode, gpus, precision, xla = condition
        metrics = [Metric.THROUGHPUT] if mode == Mode.TRAINING.value else list(Metric)
        yield Table(
            _title(mode, gpus, precision, xla=xla),
            ("Batch Size", "", *(_TITLES[metric] for metric in metrics)),
            [row for _, cell in group.iterrows() for row in _rows(cell, metrics)],
            left=2,
        )


def _title(mode: str, gpus: int, precision: str, *, xla: bool) -> str:
    """The page's heading of the table, with the GPUs where it speaks of several."""
    kind = "Training Throughput" if mode == Mode.TRAINING.value else "Inference Latency"
    several = f", {gpus} GPUs" if gpus > 1 else ""
    return f"{_PRECISIONS[precision]} {kind}{' + XLA' if xla else ''}{several}"


def _rows(cell: "pd.Series[object]", metrics: list[Metric]) -> Iterator[tuple[str, ...]]:
    measured = [cell[f"{metric.value}_measured"] for metric in metrics]
    published = [cell[f"{metric.value}_published"] for metric in metrics]
    ratios = [cell[f"{metric.value}_ratio"] for metric in metrics]
    yield (str(cell["batch_size"]), "measured", *(_number(value) for value in measured))
    yield ("", "published", *(_number(value) for value in published))
    yield ("", "ratio", *(MISSING if pd.isna(value) else ratio(float(value)) for value in ratios))


def _number(value: object) -> str:
    return MISSING if pd.isna(value) else f"{float(value):.2f}"


def _leftovers(frame: pd.DataFrame) -> Iterator[tuple[str, list[str]]]:
    """Cells that have no ratio, and why: one heading and its lines for each kind."""
    both = frame[frame["side"] == "both"]
    failed = both[both["status"] != "ok"]
    if len(failed):
        lines = [f"{row['cell']}: {row['status']}: {row['reason']}" for _, row in failed.iterrows()]
        yield "Published, but without a measured number:", lines
    for side, heading in (
        ("measured", "Measured, but not published:"),
        ("published", "Published, but not in this run:"),
    ):
        rows = frame[frame["side"] == side]
        if len(rows):
            yield heading, list(_by_condition(rows))


def _by_condition(rows: pd.DataFrame) -> Iterator[str]:
    for condition, group in rows.groupby(["mode", "gpus", "precision", "xla"], sort=False):
        mode, gpus, precision, xla = condition
        batches = ", ".join(str(batch) for batch in group["batch_size"])
        yield f"{_title(mode, gpus, precision, xla=xla)}: batch {batches}"


def remarks_on(header: RunHeader, reference: ReferenceTable) -> list[str]:
    """What differs between the two sides besides the numbers, said once."""
    row = reference.rows[0]
    system = system_by_key(row.system)
    published = system.title if system else f"{row.system} ({row.gpu} {row.gpu_memory_gb}GB)"
    measured_system = system_of_gpu(header.gpu) if header.gpu else None
    if measured_system is not None and measured_system.key == row.system:
        hardware = f"Hardware: {header.device}, the GPU of the published {published}."
    else:
        hardware = (
            f"Different hardware: measured on {header.device}, published for {published}."
            " A ratio tells how the two differ, not how well this machine does."
        )
    quick = (
        ["Quick protocol: a first look, not a number to quote."] if header.protocol.quick else []
    )
    return [hardware, *quick]
