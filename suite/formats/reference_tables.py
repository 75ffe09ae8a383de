"""Reference tables in the published page's layout: its headings, column titles and order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from suite.formats.markdown import inline
from suite.formats.numbers import MISSING
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, write_table
from suite.model.cell import Mode, Precision
from suite.model.page import (
    INFERENCE_TITLES,
    accuracy_titles,
    batch_sizes_text,
    inference_subtitle,
    time_titles,
    training_titles,
)
from suite.model.reference import (
    AccuracyRow,
    Key,
    Metric,
    Printed,
    Reference,
    ReferenceRow,
    ReferenceTable,
    ScalingRow,
)
from suite.model.systems import system_by_key
from suite.model.text import shown


@dataclass(frozen=True, slots=True)
class HeadedTable:
    """A table and the heading of the page under which it stands, alone or with others."""

    heading: str
    table: Table


def reference_text(reference: Reference, dialect: Dialect, width: int = TEXT_WIDTH) -> str:
    """Every table of a system under its heading, its file's further columns, and its notes."""
    level, sublevel, written = (
        ("## ", "### ", inline) if dialect is Dialect.MARKDOWN else ("", "", shown)
    )
    parts = []
    for heading, group in groupby(page_tables(reference), key=lambda item: item.heading):
        parts.append(f"{level}{written(heading)}")
        for item in group:
            parts += [f"{sublevel}{item.table.title}"] if item.table.title else []
            parts.append(write_table(item.table, dialect, width))
    if further := further_columns(reference.table):
        parts += [f"{level}{further.title}", write_table(further, dialect, width)]
    if notes := [f"- {written(note)}" for note in _notes(reference.table.rows)]:
        parts.append("\n".join([f"{level}Notes", *([""] if level else []), *notes]))
    return "\n\n".join(parts)


def reference_list(references: Iterable[Reference], width: int = TEXT_WIDTH) -> str:
    """One line per published table: the name to ask for, the table's titles, its rows."""
    rows = [
        (reference.table.name, _one_line(item), str(len(item.table.rows)))
        for reference in references
        for item in page_tables(reference)
    ]
    table = Table("", ("Name", "Table", "Rows"), rows, left=2)
    return write_table(table, Dialect.TERMINAL, width)


def _one_line(item: HeadedTable) -> str:
    """The system and the table, without what the table's title says anyway."""
    _, _, system = item.heading.partition(": ")
    return f"{system}: {item.table.title}" if item.table.title else item.heading


def page_tables(reference: Reference) -> Iterator[HeadedTable]:
    """The tables of a system under their headings, in the page's order."""
    row = reference.table.rows[0]
    title = _title(row)
    if reference.accuracy:
        yield HeadedTable(f"Training accuracy: {title}", accuracy_table(reference.accuracy))
    training = [
        tuple(lines)
        for _, lines in groupby(reference.scaling, key=lambda line: (line.base_precision, line.xla))
    ]
    for lines in training:
        yield HeadedTable(f"Training performance: {title}", training_table(lines, reference.table))
    for lines in training:
        yield HeadedTable(f"Training time: {title}", time_table(lines, reference))
    inference = sorted(
        (row for row in reference.table.rows if row.mode is Mode.INFERENCE),
        key=lambda row: row.key.page_order,
    )
    for _, cells in groupby(inference, key=lambda row: (row.gpus, row.precision, row.xla)):
        group = tuple(cells)
        yield HeadedTable(
            f"Inference performance: {_inference_title(group[0])}", inference_table(group)
        )


def accuracy_table(rows: Sequence[AccuracyRow]) -> Table:
    """Top-1 in percent, a row per number of epochs, the base precision beside AMP."""
    base = next(
        (row.precision for row in rows if row.precision is not Precision.AMP), Precision.FP32
    )
    cells = []
    for epochs in dict.fromkeys(row.epochs for row in rows):
        of = {row.precision: row for row in rows if row.epochs == epochs}
        pair = (of.get(base), of.get(Precision.AMP))
        sizes = batch_sizes_text(base, *(row.batch_size if row else None for row in pair))
        percents = [f"{row.top1_percent:.2f}" if row else MISSING for row in pair]
        cells.append((str(epochs), sizes, *percents))
    return Table("", accuracy_titles(base), cells, left=2)


def training_table(lines: Sequence[ScalingRow], table: ReferenceTable) -> Table:
    """Throughput by GPUs with its derived columns, for lines of one base precision and XLA state.

    `table` supplies the throughputs; an absent one is a dash.
    """

    def rate(key: Key | None) -> str:
        number = table.rate(key)
        return MISSING if number is None else f"{_digits(number)} img/s"

    cells = [
        (
            str(line.gpus),
            batch_sizes_text(line.base_precision, line.batch_size_base, line.batch_size_amp),
            rate(line.base_key),
            rate(line.amp_key),
            _factor(line.throughput_speedup),
            _factor(line.weak_scaling_base),
            _factor(line.weak_scaling_amp),
        )
        for line in lines
    ]
    return Table("", training_titles(lines[0].base_precision, xla=lines[0].xla), cells, left=2)


def time_table(lines: Sequence[ScalingRow], reference: Reference) -> Table:
    """Hours to train by GPUs, for the same lines as the training table."""

    def hours(key: Key | None) -> str:
        found = reference.hours(key)
        return MISSING if found is None else f"~{round(found, 1):g}h"

    cells = [(str(line.gpus), hours(line.amp_key), hours(line.base_key)) for line in lines]
    return Table("", time_titles(lines[0].base_precision, xla=lines[0].xla), cells)


def inference_table(rows: Sequence[ReferenceRow]) -> Table:
    """Throughput and latencies by batch size, for rows of one precision and XLA state."""
    cells = [
        (
            str(row.batch_size),
            f"{_digits(row.throughput_img_s)} img/s",
            *(_latency(row.value(metric)) for metric in list(Metric)[1:]),
        )
        for row in rows
    ]
    title = inference_subtitle(rows[0].precision, xla=rows[0].xla)
    return Table(title, INFERENCE_TITLES, cells)


def further_columns(table: ReferenceTable) -> Table | None:
    """What a file's columns beyond the published ones hold; None where there are none."""
    titles = dict.fromkeys(title for row in table.rows for title in row.extra)
    rows = [
        (_conditions(row), *(row.extra.get(title) or MISSING for title in titles))
        for row in table.rows
        if any(row.extra.values())
    ]
    headers = ("Row", *titles)
    return Table("Further columns", headers, rows, left=len(headers)) if rows else None


def _title(row: ReferenceRow) -> str:
    system = system_by_key(row.system)
    return system.title if system else f"{row.system} ({row.gpu} {row.gpu_memory_gb}G)"


def _inference_title(row: ReferenceRow) -> str:
    system = system_by_key(row.system)
    if system and row.gpus == 1:
        return system.one_gpu_title
    return f"{row.system} ({row.gpus}x {row.gpu} {row.gpu_memory_gb}G)"


def _notes(rows: Iterable[ReferenceRow]) -> Iterator[str]:
    for row in rows:
        if row.note:
            yield f"{_conditions(row)}: {row.note}"


def _conditions(row: ReferenceRow) -> str:
    xla = " + XLA" if row.xla else ""
    gpus = f", {row.gpus} GPUs" if row.gpus > 1 else ""
    return f"{row.mode.value}, {row.precision.value}{xla}, batch size {row.batch_size}{gpus}"


def _digits(number: float) -> str:
    """The digits that the number was printed with; two decimals where it was computed."""
    return number.digits if isinstance(number, Printed) else f"{number:.2f}"


def _latency(milliseconds: float | None) -> str:
    return MISSING if milliseconds is None else f"{_digits(milliseconds)} ms"


def _factor(number: float | None) -> str:
    return MISSING if number is None else f"{number:.2f}x"
