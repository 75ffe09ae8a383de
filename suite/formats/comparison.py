"""A comparison in the page's layout: its tables, each line as measured, published and ratio."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap

from suite.analysis.bands import Word
from suite.analysis.comparison import ComparedCell, Side, weak_scaling_of
from suite.analysis.measured_scaling import ScalingLine, published_lines, scaling_curves
from suite.analysis.scaling import speedup, time_to_train_hours
from suite.formats.documents import fill_template
from suite.formats.leftovers import leftovers
from suite.formats.marks import NOT_WHOLE, NOT_WHOLE_LEGEND, legend, letters, marks
from suite.formats.numbers import MISSING, ratio
from suite.formats.scaling import comparison_table
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model import page
from suite.model.cell import Cell, Mode, Precision
from suite.model.reference import Key, Metric, Reference, ReferenceTable, ScalingRow
from suite.model.run import Coverage, RunHeader
from suite.model.systems import system_by_key, system_of_gpu
from suite.model.text import shown

EXPLANATION = (
    "Throughput is the mean of per-step rates, the published estimator, in img/s; latencies are ms"
    " per step. A ratio is measured / published: above 1 is faster for throughput, slower for"
    " latency. Words say how it stands to what separates the two published V100 systems"
    " (reference/bands.csv); no word means not judged. n is the number of measured steps."
)

# The file under `plots/` of a run directory.
COMPARISON_PLOT = "weak_scaling_compared.svg"

# So that the page's widest table, with its column of kinds, fits a terminal.
_LABEL_WIDTH = 12


def comparison_text(
    cells: Sequence[ComparedCell],
    reference: Reference,
    title: str,
    remarks: Sequence[str],
    coverage: Coverage,
    width: int = TEXT_WIDTH,
) -> str:
    """The comparison for the terminal."""
    above = (*remarks, EXPLANATION, *_legend(cells))
    parts = [shown(title), *(paragraph(shown(text), width) for text in above), ""]
    for table in _tables(cells, reference):
        parts += [table.title, write_table(table, Dialect.TERMINAL, width), ""]
    for heading, lines in leftovers(cells, coverage):
        parts += [heading, *(paragraph(shown(line), width, "  ") for line in lines), ""]
    return "\n".join(parts).rstrip()


def comparison_markdown(
    cells: Sequence[ComparedCell],
    reference: Reference,
    title: str,
    remarks: Sequence[str],
    coverage: Coverage,
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
        legend=_legend(cells),
        tables=tables,
        plot=COMPARISON_PLOT if scaling_curves(weak_scaling_of(cells)) else None,
        leftovers=list(leftovers(cells, coverage)),
    )


def _legend(cells: Sequence[ComparedCell]) -> list[str]:
    """What the marks in the tables mean."""
    results = [cell.result for cell in cells if cell.side is Side.BOTH and cell.result is not None]
    cautions = [caution for result in results for caution in result.cautions if result.summary]
    lines = weak_scaling_of(cells)
    are_shown = any(line.factor is not None for line in lines)
    scaled = [caution for line in lines for caution in line.cautions if are_shown]
    is_partial = any(NOT_WHOLE in marks(result) for result in results)
    return [*legend([*cautions, *scaled]), *([NOT_WHOLE_LEGEND] if is_partial else [])]


def remarks_on(header: RunHeader, table: ReferenceTable, coverage: Coverage) -> list[str]:
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
    if not coverage.is_finished:
        remarks.append(
            f"Not finished: {coverage.ended_launches} of {coverage.planned_launches} launches have"
            " ended."
        )
    return remarks


def _tables(cells: Sequence[ComparedCell], reference: Reference) -> Iterator[Table]:
    both = [cell for cell in cells if cell.side is Side.BOTH]
    inference = [cell for cell in both if cell.key.mode is Mode.INFERENCE]
    for (precision, xla), group in groupby(
        inference, key=lambda cell: (cell.key.precision, cell.key.xla)
    ):
        rows = [row for cell in group for row in _inference_rows(cell)]
        title = page.inference_subtitle(precision, xla=xla)
        first, *rest = page.INFERENCE_TITLES
        yield Table(title, (first, "", *rest), rows, left=2)
    training = {cell.key: cell for cell in both if cell.key.mode is Mode.TRAINING}
    lines = [
        line for line in reference.scaling if line.base_key in training or line.amp_key in training
    ]
    scaled = weak_scaling_of(cells)
    by_cell = {line.cell: line for line in scaled}
    for (base, xla), alike in groupby(lines, key=lambda line: (line.base_precision, line.xla)):
        yield from _training_tables(base, list(alike), training, by_cell, reference, xla=xla)
    scaling = comparison_table(scaled, published_lines(reference))
    if scaling is not None:
        yield scaling


def _inference_rows(cell: ComparedCell) -> Iterator[tuple[str, ...]]:
    samples = cell.result.summary.count if cell.result and cell.result.summary else 0
    yield (
        str(cell.key.batch_size),
        f"measured n={samples} {marks(cell.result)}".rstrip(),
        *(_number(cell.measured(metric)) for metric in Metric),
    )
    yield ("", "published", *(_number(cell.published(metric)) for metric in Metric))
    yield ("", "ratio", *(_judged(cell, metric) for metric in Metric))


def _judged(cell: ComparedCell, metric: Metric) -> str:
    return f"{ratio(cell.ratio(metric))}{_word(cell, metric)}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A number of the page's training tables as measured and as published.

    `mark` stands beside the measured number and `word` beside the ratio.
    """

    measured: float | None
    published: float | None
    mark: str = ""
    word: str = ""


def _training_tables(
    base_precision: Precision,
    lines: Sequence[ScalingRow],
    cells: Mapping[Key, ComparedCell],
    scaled: Mapping[Cell, ScalingLine],
    reference: Reference,
    *,
    xla: bool,
) -> Iterator[Table]:
    """The page's training table and its table of hours, for the lines that were measured."""
    rows: list[tuple[str, ...]] = []
    hours: list[tuple[str, ...]] = []
    for line in lines:
        base, amp = (cells.get(key) if key else None for key in (line.base_key, line.amp_key))
        base_rate = _rate_entry(base, reference.table.rate(line.base_key))
        amp_rate = _rate_entry(amp, reference.table.rate(line.amp_key))
        entries = (
            base_rate,
            amp_rate,
            _speedup_entry(base_rate, amp_rate, line.throughput_speedup),
            _scaling_entry(base, line.weak_scaling_base, scaled),
            _scaling_entry(amp, line.weak_scaling_amp, scaled),
        )
        sizes = page.batch_sizes_text(base_precision, line.batch_size_base, line.batch_size_amp)
        rows += _three((str(line.gpus), sizes), entries)
        times = (
            _hours_entry(amp_rate, reference.hours(line.amp_key)),
            _hours_entry(base_rate, reference.hours(line.base_key)),
        )
        hours += _three((str(line.gpus),), times)
    gpus, batch_size, *columns = page.training_titles(base_precision, xla=xla)
    yield Table("Training performance", (gpus, batch_size, "", *columns), rows, left=3)
    gpus, *columns = page.time_titles(base_precision, xla=xla)
    yield Table("Training time for 90 epochs, in hours", (gpus, "", *columns), hours, left=2)


def _rate_entry(cell: ComparedCell | None, published: float | None) -> _Entry:
    if cell is None:
        return _Entry(None, published)
    measured = cell.measured(Metric.THROUGHPUT)
    return _Entry(measured, published, marks(cell.result), _word(cell, Metric.THROUGHPUT))


def _speedup_entry(base: _Entry, amp: _Entry, published: float | None) -> _Entry:
    measured = speedup(amp.measured, base.measured) if base.measured and amp.measured else None
    both = " ".join(dict.fromkeys(f"{base.mark} {amp.mark}".split()))
    return _Entry(measured, published, both)


def _scaling_entry(
    cell: ComparedCell | None, published: float | None, scaled: Mapping[Cell, ScalingLine]
) -> _Entry:
    """Weak scaling, with the doubts about either of its cells; that of one GPU is 1."""
    result = cell.result if cell else None
    if result is None or result.summary is None:
        return _Entry(None, published)
    if result.cell.gpus == 1:
        return _Entry(1.0, published)
    line = scaled.get(result.cell)
    if line is None:
        return _Entry(None, published)
    return _Entry(line.factor, published, letters(line.cautions))


def _hours_entry(rate: _Entry, published: float | None) -> _Entry:
    measured = time_to_train_hours(rate.measured) if rate.measured else None
    return _Entry(measured, published, rate.mark)


def _three(labels: Sequence[str], entries: Sequence[_Entry]) -> list[tuple[str, ...]]:
    """The measured, the published and the ratio row of one line of the page.

    A long label goes on in the rows below its own.
    """
    columns = [[*wrap(label, _LABEL_WIDTH), "", ""] for label in labels]
    rows = {
        "measured": [
            f"{_number(entry.measured)} {entry.mark}".rstrip()
            if entry.measured is not None
            else MISSING
            for entry in entries
        ],
        "published": [_number(entry.published) for entry in entries],
        "ratio": [
            f"{ratio(entry.measured / entry.published)}{entry.word}"
            if entry.measured is not None and entry.published is not None
            else MISSING
            for entry in entries
        ],
    }
    return [
        (*(column[place] for column in columns), kind, *numbers)
        for place, (kind, numbers) in enumerate(rows.items())
    ]


def _word(cell: ComparedCell, metric: Metric) -> str:
    """The word of a ratio, with a space before it; nothing where it is not judged."""
    judgement = cell.judgements.get(metric)
    judged = judgement is not None and judgement.word is not Word.NOT_JUDGED
    return f" {judgement.word.value}" if judgement and judged else ""


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"
