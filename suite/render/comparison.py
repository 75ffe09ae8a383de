"""A comparison in the page's layout: its tables, each line as measured, published and ratio."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import fill

from suite.core import page
from suite.core.bands import Word
from suite.core.cell import Mode, Precision
from suite.core.comparison import ComparedCell, Side
from suite.core.launch import Status
from suite.core.reference import Key, Metric, Reference, ReferenceTable, ScalingRow
from suite.core.run import RunHeader
from suite.core.scaling import speedup, time_to_train_hours, weak_scaling
from suite.core.systems import system_by_key, system_of_gpu
from suite.render.documents import fill_template
from suite.render.numbers import MISSING, ratio
from suite.render.tables import TERMINAL_WIDTH, Dialect, Table, write_table

EXPLANATION = (
    "Throughput is the mean of per-step rates, the published estimator, in img/s; latencies are ms"
    " per step. A ratio is measured / published: above 1 is faster for throughput, slower for"
    " latency. Words say how it stands to what separates the two published V100 systems"
    " (reference/bands.csv); no word means not judged."
)


def comparison_text(
    cells: Sequence[ComparedCell], reference: Reference, title: str, remarks: Sequence[str]
) -> str:
    """The comparison for the terminal; its tables are at most 100 columns wide."""
    parts = [title, *(fill(text, TERMINAL_WIDTH) for text in (*remarks, EXPLANATION)), ""]
    for table in _tables(cells, reference):
        parts += [table.title, write_table(table, Dialect.TERMINAL), ""]
    for heading, lines in _leftovers(cells):
        parts += [heading, *(f"  {line}" for line in lines), ""]
    return "\n".join(parts).rstrip()


def comparison_markdown(
    cells: Sequence[ComparedCell], reference: Reference, title: str, remarks: Sequence[str]
) -> str:
    """The same as a Markdown document."""
    tables = [
        (table.title, write_table(table, Dialect.MARKDOWN)) for table in _tables(cells, reference)
    ]
    return fill_template(
        "comparison.md.j2",
        title=title,
        remarks=remarks,
        explanation=EXPLANATION,
        tables=tables,
        leftovers=list(_leftovers(cells)),
    )


def remarks_on(header: RunHeader, table: ReferenceTable) -> list[str]:
    """What differs between the two sides besides the numbers, said once."""
    row = table.rows[0]
    system = system_by_key(row.system)
    published = system.title if system else f"{row.system} ({row.gpu} {row.gpu_memory_gb}G)"
    measured_system = system_of_gpu(header.gpu) if header.gpu else None
    if measured_system is not None and measured_system.key == row.system:
        remarks = [f"Hardware: {header.device}, the GPU of the published {published}."]
    else:
        sides = f"measured on {header.device}, published for {published}"
        meaning = "A ratio tells how the two differ, not how well this machine does."
        remarks = [f"Different hardware: {sides}. {meaning}"]
    if header.protocol.quick:
        remarks.append("Quick protocol: a first look, not numbers to quote.")
    return remarks


def _tables(cells: Sequence[ComparedCell], reference: Reference) -> Iterator[Table]:
    both = [cell for cell in cells if cell.side is Side.BOTH]
    inference = [cell for cell in both if cell.key[0] is Mode.INFERENCE]
    for (precision, xla), group in groupby(inference, key=lambda cell: cell.key[1:3]):
        rows = [row for cell in group for row in _inference_rows(cell)]
        title = page.inference_subtitle(precision, xla=xla)
        first, *rest = page.INFERENCE_TITLES
        yield Table(title, (first, "", *rest), rows, left=2)
    training = {
        cell.key: (cell.measured(Metric.THROUGHPUT), cell.published(Metric.THROUGHPUT))
        for cell in both
        if cell.key[0] is Mode.TRAINING
    }
    lines = [line for line in reference.scaling if any(key in training for key in _keys(line))]
    for (base, xla), alike in groupby(lines, key=lambda line: (line.base_precision, line.xla)):
        yield from _training_tables(base, list(alike), training, reference, xla=xla)


def _inference_rows(cell: ComparedCell) -> Iterator[tuple[str, ...]]:
    yield (str(cell.key[4]), "measured", *(_number(cell.measured(metric)) for metric in Metric))
    yield ("", "published", *(_number(cell.published(metric)) for metric in Metric))
    yield ("", "ratio", *(_judged(cell, metric) for metric in Metric))


def _judged(cell: ComparedCell, metric: Metric) -> str:
    judgement = cell.judgements.get(metric)
    if judgement is None:
        return MISSING
    word = "" if judgement.word is Word.NOT_JUDGED else f" {judgement.word.value}"
    return f"{ratio(cell.ratio(metric))}{word}"


Rates = Mapping[Key, tuple[float | None, float | None]]


def _keys(line: ScalingRow) -> tuple[Key, Key]:
    """The cells of the base and of the AMP column of a training line."""
    return (
        (Mode.TRAINING, line.base_precision, line.xla, line.gpus, line.batch_size_base or 0),
        (Mode.TRAINING, Precision.AMP, line.xla, line.gpus, line.batch_size_amp or 0),
    )


def _training_tables(
    base: Precision, lines: list[ScalingRow], rates: Rates, reference: Reference, *, xla: bool
) -> Iterator[Table]:
    gpus, batch_size, *columns = page.training_titles(base, xla=xla)
    rows, times = [], []
    for line in lines:
        base_key, amp_key = _keys(line)
        measured = _derived(rates, 0, base_key, amp_key)
        published = (
            *(rates.get(key, (None, None))[1] for key in (base_key, amp_key)),
            line.throughput_speedup,
            line.weak_scaling_base,
            line.weak_scaling_amp,
        )
        sizes = page.batch_sizes_text(base, line.batch_size_base, line.batch_size_amp)
        rows += _three(measured, published, (str(line.gpus), sizes))
        hours = [rate and time_to_train_hours(rate) for rate in (measured[1], measured[0])]
        printed = [_published_hours(reference, line, kind) for kind in (Precision.AMP, base)]
        times += _three(hours, printed, (str(line.gpus),))
    yield Table("Training performance", (gpus, batch_size, "", *columns), rows, left=3)
    gpus, *columns = page.time_titles(base, xla=xla)
    yield Table("Training time for 90 epochs, in hours", (gpus, "", *columns), times, left=2)


def _derived(rates: Rates, side: int, base_key: Key, amp_key: Key) -> list[float | None]:
    """The five numbers of a training line from the throughputs of one side."""

    def rate(key: Key) -> float | None:
        return rates.get(key, (None, None))[side]

    def scaled(key: Key) -> float | None:
        mode, precision, xla, _, batch_size = key
        one, many = rate((mode, precision, xla, 1, batch_size)), rate(key)
        return weak_scaling(many, one) if one and many else None

    base, amp = rate(base_key), rate(amp_key)
    faster = speedup(amp, base) if base and amp else None
    return [base, amp, faster, scaled(base_key), scaled(amp_key)]


def _published_hours(reference: Reference, line: ScalingRow, kind: Precision) -> float | None:
    return next(
        (
            time.hours
            for time in reference.times
            if (time.gpus, time.precision, time.xla) == (line.gpus, kind, line.xla)
        ),
        None,
    )


def _three(
    measured: Sequence[float | None], published: Sequence[float | None], labels: tuple[str, ...]
) -> list[tuple[str, ...]]:
    """The measured, the published and the ratio row of one line of the page."""
    ratios = [
        m / p if m is not None and p is not None else None
        for m, p in zip(measured, published, strict=True)
    ]
    blank = ("",) * len(labels)
    return [
        (*labels, "measured", *map(_number, measured)),
        (*blank, "published", *map(_number, published)),
        (*blank, "ratio", *map(ratio, ratios)),
    ]


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"


def _leftovers(cells: Sequence[ComparedCell]) -> Iterator[tuple[str, list[str]]]:
    """Cells that have no ratio, and why: a heading and its lines for each kind."""
    failed = [
        f"{cell.result.cell.id}: {cell.result.status.value.replace('_', ' ')}: {cell.result.reason}"
        for cell in cells
        if cell.side is Side.BOTH and cell.result and cell.result.status is not Status.OK
    ]
    if failed:
        yield "Published, but without a whole measurement:", failed
    unjudged = {
        f"batch {cell.key[4]}, {page.precision_title(cell.key[1])}{' + XLA' * cell.key[2]}:"
        f" {cell.judgements[Metric.THROUGHPUT].reason}"
        for cell in cells
        if cell.row and not cell.row.estimators_agree and Metric.THROUGHPUT in cell.judgements
    }
    if unjudged:
        yield "Not judged:", sorted(unjudged)
    for side, heading in (
        (Side.MEASURED, "Measured, but not published:"),
        (Side.PUBLISHED, "Published, but not in this run:"),
    ):
        rows = [cell for cell in cells if cell.side is side]
        if rows:
            yield heading, list(_by_condition(rows))


def _by_condition(cells: Sequence[ComparedCell]) -> Iterator[str]:
    for (mode, precision, xla, gpus), group in groupby(cells, key=lambda cell: cell.key[:4]):
        several = f", {gpus} GPUs" if gpus > 1 else ""
        sizes = ", ".join(str(cell.key[4]) for cell in group)
        name = page.precision_title(precision)
        yield f"{mode.value}, {name}{' + XLA' * xla}{several}: batch {sizes}"
