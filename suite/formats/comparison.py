"""A comparison in the page's layout: its tables, each line as measured, published and ratio."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap

from suite.analysis.bands import Word
from suite.analysis.comparison import ComparedCell, Side, weak_scaling_of
from suite.analysis.measured_scaling import published_lines, scaling_curves
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
    inference = [cell for cell in both if cell.key[0] is Mode.INFERENCE]
    for (precision, xla), group in groupby(inference, key=lambda cell: cell.key[1:3]):
        rows = [row for cell in group for row in _inference_rows(cell)]
        title = page.inference_subtitle(precision, xla=xla)
        first, *rest = page.INFERENCE_TITLES
        yield Table(title, (first, "", *rest), rows, left=2)
    training = {cell.key: cell for cell in both if cell.key[0] is Mode.TRAINING}
    lines = [line for line in reference.scaling if any(key in training for key in _keys(line))]
    factors, doubts = _factors(cells), _factor_marks(cells)
    for (base, xla), alike in groupby(lines, key=lambda line: (line.base_precision, line.xla)):
        yield from _training_tables(
            base, list(alike), training, factors, doubts, reference, xla=xla
        )
    scaling = comparison_table(weak_scaling_of(cells), published_lines(reference))
    if scaling is not None:
        yield scaling


def _factors(cells: Sequence[ComparedCell]) -> dict[Cell, float | None]:
    """Weak scaling by cell; that of one GPU is 1 by definition."""
    ones = {
        cell.result.cell: 1.0
        for cell in cells
        if cell.key[3] == 1 and cell.result is not None and cell.result.summary is not None
    }
    return {**ones, **{line.cell: line.factor for line in weak_scaling_of(cells)}}


def _factor_marks(cells: Sequence[ComparedCell]) -> dict[Cell, str]:
    """The doubts of each weak scaling: those of either of its cells."""
    return {line.cell: letters(line.cautions) for line in weak_scaling_of(cells)}


def _inference_rows(cell: ComparedCell) -> Iterator[tuple[str, ...]]:
    samples = cell.result.summary.count if cell.result and cell.result.summary else 0
    yield (
        str(cell.key[4]),
        f"measured n={samples} {marks(cell.result)}".rstrip(),
        *(_number(cell.measured(metric)) for metric in Metric),
    )
    yield ("", "published", *(_number(cell.published(metric)) for metric in Metric))
    yield ("", "ratio", *(_judged(cell, metric) for metric in Metric))


def _judged(cell: ComparedCell, metric: Metric) -> str:
    return f"{ratio(cell.ratio(metric))}{_word(cell, metric)}"


def _keys(line: ScalingRow) -> tuple[Key, Key]:
    """The cells of the base and of the AMP column of a training line."""
    return (
        (Mode.TRAINING, line.base_precision, line.xla, line.gpus, line.batch_size_base or 0),
        (Mode.TRAINING, Precision.AMP, line.xla, line.gpus, line.batch_size_amp or 0),
    )


def _training_tables(
    base: Precision,
    lines: Sequence[ScalingRow],
    cells: Mapping[Key, ComparedCell],
    factors: Mapping[Cell, float | None],
    doubts: Mapping[Cell, str],
    reference: Reference,
    *,
    xla: bool,
) -> Iterator[Table]:
    """The page's training table and its table of hours, for the lines that were measured."""
    published_rates = {row.key: row.throughput_img_s for row in reference.table.rows}
    rows: list[tuple[str, ...]] = []
    hours: list[tuple[str, ...]] = []
    for line in lines:
        keys = _keys(line)
        results = [cells[key].result if key in cells else None for key in keys]
        beside = [marks(result) for result in results]
        both = " ".join(dict.fromkeys(" ".join(beside).split()))
        scaled = [doubts.get(result.cell, "") if result else "" for result in results]
        measured = _measured_line(cells, factors, keys)
        published = (
            *(published_rates.get(key) for key in keys),
            line.throughput_speedup,
            line.weak_scaling_base,
            line.weak_scaling_amp,
        )
        words = [_word(cells[key], Metric.THROUGHPUT) if key in cells else "" for key in keys]
        sizes = page.batch_sizes_text(base, line.batch_size_base, line.batch_size_amp)
        rows += _three(
            (str(line.gpus), sizes),
            measured,
            published,
            words=(*words, "", "", ""),
            beside=(*beside, both, *scaled),
        )
        times = [rate and time_to_train_hours(rate) for rate in (measured[1], measured[0])]
        printed = [reference.hours(key) for key in reversed(keys)]
        hours += _three((str(line.gpus),), times, printed, words=("", ""), beside=beside[::-1])
    gpus, batch_size, *columns = page.training_titles(base, xla=xla)
    yield Table("Training performance", (gpus, batch_size, "", *columns), rows, left=3)
    gpus, *columns = page.time_titles(base, xla=xla)
    yield Table("Training time for 90 epochs, in hours", (gpus, "", *columns), hours, left=2)


def _measured_line(
    cells: Mapping[Key, ComparedCell],
    factors: Mapping[Cell, float | None],
    keys: tuple[Key, Key],
) -> list[float | None]:
    """Base and AMP throughput, their speedup, and the weak scaling of each."""

    def scaled(key: Key) -> float | None:
        result = cells[key].result if key in cells else None
        return factors.get(result.cell) if result else None

    base, amp = (cells[key].measured(Metric.THROUGHPUT) if key in cells else None for key in keys)
    faster = speedup(amp, base) if base and amp else None
    return [base, amp, faster, *map(scaled, keys)]


def _three(
    labels: tuple[str, ...],
    measured: Sequence[float | None],
    published: Sequence[float | None],
    *,
    words: Sequence[str],
    beside: Sequence[str],
) -> list[tuple[str, ...]]:
    """The measured, the published and the ratio row of one line of the page.

    `beside` are the marks of the measured numbers, `words` those of the ratios. A long label goes
    on in the rows below its own.
    """
    columns = [[*wrap(label, _LABEL_WIDTH), "", ""] for label in labels]
    ratios = [
        MISSING if m is None or p is None else f"{ratio(m / p)}{word}"
        for m, p, word in zip(measured, published, words, strict=True)
    ]
    marked = [
        f"{_number(m)} {mark}".rstrip() if m is not None else MISSING
        for m, mark in zip(measured, beside, strict=True)
    ]
    kinds = [("measured", iter(marked)), ("published", map(_number, published))]
    return [
        (*(column[row] for column in columns), kind, *numbers)
        for row, (kind, numbers) in enumerate([*kinds, ("ratio", iter(ratios))])
    ]


def _word(cell: ComparedCell, metric: Metric) -> str:
    """The word of a ratio, with a space before it; nothing where it is not judged."""
    judgement = cell.judgements.get(metric)
    judged = judgement is not None and judgement.word is not Word.NOT_JUDGED
    return f" {judgement.word.value}" if judgement and judged else ""


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"
