"""An audit of the published tables for the terminal: what was checked, and what disagrees."""

from collections.abc import Iterator, Sequence

from suite.analysis.audit import REPLICATED, Audit, DerivedNumber
from suite.analysis.bands import JUDGED, Band, ReplicatedCell
from suite.formats.numbers import MISSING
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.reading import IMAGENET_TRAINING_IMAGES
from suite.model.reference import ESTIMATOR_LIMIT, ReferenceRow

# A headline or an explanation, or the numbers below it.
Part = str | Table


def audit_text(audit: Audit, width: int = TEXT_WIDTH) -> str:
    """Every finding with its numbers."""
    return "\n\n".join(
        write_table(part, Dialect.TERMINAL, width)
        if isinstance(part, Table)
        else paragraph(part, width)
        for section in _sections(audit)
        for part in section
    )


def _sections(audit: Audit) -> Iterator[list[Part]]:
    yield _unsteady(audit.unsteady, len(audit.inference))
    yield _early_p90(audit.early_p90, len(audit.inference))
    yield _derived("3. Throughput speedup and weak scaling, from throughput", audit.ratios)
    title = f"4. Hours to train on {IMAGENET_TRAINING_IMAGES:,} images, from throughput"
    yield _derived(title, audit.hours)
    yield _replication(audit.replicated)
    yield _bands(audit.bands)


def _unsteady(rows: Sequence[ReferenceRow], checked: int) -> list[Part]:
    title = (
        f"1. Throughput x average latency / batch size: {len(rows)} of {checked} rows are more than"
        f" {ESTIMATOR_LIMIT:.0%} off 1."
    )
    explanation = (
        "The throughput is a mean of per-step rates, so unsteady steps lift it above batch size /"
        " average latency. Ratios to these rows are not judged."
    )
    cells = [
        (
            row.system,
            *_condition(row),
            _number(row.throughput_img_s),
            _number(row.latency_avg_ms),
            _number(row.estimator_ratio, 3),
        )
        for row in rows
    ]
    headers = ("system", "precision", "xla", "batch", "img/s", "avg ms", "product")
    return [title, explanation, _table(headers, cells)]


def _early_p90(rows: Sequence[ReferenceRow], checked: int) -> list[Part]:
    title = f"2. 90% latency below the average: {len(rows)} of {checked} rows."
    explanation = "A few very slow steps pull the average over the 90th percentile."
    cells = [
        (
            row.system,
            *_condition(row),
            *map(_number, (row.latency_avg_ms, row.latency_p90_ms, row.latency_p99_ms)),
        )
        for row in rows
    ]
    headers = ("system", "precision", "xla", "batch", "avg ms", "90% ms", "99% ms")
    return [title, explanation, _table(headers, cells)]


def _derived(title: str, numbers: Sequence[DerivedNumber]) -> list[Part]:
    wrong = [number for number in numbers if not number.agrees]
    headline = f"{title}: {len(wrong)} of {len(numbers)} numbers disagree beyond rounding."
    cells = []
    for number in wrong:
        printed, recomputed = (2, 3) if number.unit < 0.1 else (0, 1)
        low, high = f"{number.low:.{recomputed}f}", f"{number.high:.{recomputed}f}"
        cells.append(
            (
                number.system,
                number.quantity,
                number.source,
                str(number.gpus),
                f"{number.printed:.{printed}f}",
                f"{number.recomputed:.{recomputed}f} ({low} to {high})",
            )
        )
    headers = ("system", "number", "from", "gpus", "printed", "recomputed")
    return [headline, _table(headers, cells)] if wrong else [headline]


def _replication(cells: Sequence[ReplicatedCell]) -> list[Part]:
    first, second = REPLICATED
    title = (
        f"5. {first} against {second}, one V100 each: {len(cells)} cells are published for both."
    )
    explanation = (
        "First the throughput of each in img/s, then the factors by which the two differ (the"
        " larger over the smaller): of throughput, average latency, 90% and 95% latency."
    )
    rows = [
        (
            cell.first.mode.value,
            *_condition(cell.first),
            _number(cell.first.throughput_img_s),
            _number(cell.second.throughput_img_s),
            *(_number(cell.factor(metric)) for metric in JUDGED),
        )
        for cell in cells
    ]
    headers = ("mode", "precision", "xla", "batch", first, second, "img/s", "avg", "90%", "95%")
    return [title, explanation, _table(headers, rows)]


def _bands(bands: Sequence[Band]) -> list[Part]:
    title = "6. Tolerance bands: the widest of these factors in each class of cells, rounded up."
    explanation = (
        "A measured / published ratio inside a band is within what separates these two systems."
    )
    cells = []
    for band in bands:
        upper = "and up" if band.batch_size_to is None else f"to {band.batch_size_to}"
        cells.append(
            (
                band.metric.value,
                "xla" if band.xla else "",
                f"{band.batch_size_from} {upper}",
                str(band.gpus),
                str(band.pairs),
                f"{band.tolerance:.0%}",
                f"{1 / (1 + band.tolerance):.2f} to {1 + band.tolerance:.2f}",
            )
        )
    headers = ("metric", "xla", "batch sizes", "gpus", "cells", "tolerance", "within")
    return [title, explanation, _table(headers, cells)]


def _condition(row: ReferenceRow) -> tuple[str, str, str]:
    return (row.precision.value, "xla" if row.xla else "", str(row.batch_size))


def _number(value: float | None, decimals: int = 2) -> str:
    return MISSING if value is None else f"{value:.{decimals}f}"


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    return Table("", headers, rows, left=3)
