"""A comparison in the page's layout: its tables, each line as measured, published and ratio."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from textwrap import wrap

from suite.formats.annotations import (
    NOT_WHOLE,
    NOT_WHOLE_LEGEND,
    beside_number,
    legend,
    shortfalls,
)
from suite.formats.documents import fill_template
from suite.formats.numbers import MISSING, page_number, ratio, ratio_interval
from suite.formats.scaling import comparison_plot_name, comparison_table
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model import page
from suite.model.cell import Mode
from suite.model.reference import Metric
from suite.model.report import (
    ComparedCell,
    ComparedNumber,
    Comparison,
    Report,
    ReportedRun,
    Side,
    TrainingTable,
)
from suite.model.text import shown

_EXPLANATION = (
    "Throughput is the mean of per-step rates, the published estimator, in img/s; latencies are ms"
    " per step. A ratio is measured / published: above 1 is faster for throughput, slower for"
    " latency. Words say how it stands to what separates the two published V100 systems"
    " (reference/bands.csv); no word means not judged. n is the number of measured steps."
)
_ENCLOSED = (
    "Under a ratio stands its 95 % interval, by how the launches of the cell differ (Student's t on"
    " logarithms); a cell of one launch has none."
)
_NOT_ENCLOSED = "No ratio has an interval: that takes two launches of a cell or more, which differ."
_INTERVAL = "95 %"

# So that the page's widest table, with its column of kinds, fits a terminal.
_LABEL_WIDTH = 12


def comparison_text(report: Report, width: int = TEXT_WIDTH) -> str:
    """The comparisons of a report for the terminal."""
    texts = [_text(report, each, width) for each in report.comparisons]
    return "\n\n\n".join(texts)


def _text(report: Report, comparison: Comparison, width: int) -> str:
    run = report.runs[comparison.run]
    above = (*_remarks(comparison, run), _explanation(comparison), *_legend(comparison))
    parts = [
        shown(_title(report, comparison)),
        *(paragraph(shown(text), width) for text in above),
        "",
    ]
    for table in _tables(comparison):
        parts += [table.title, write_table(table, Dialect.TERMINAL, width), ""]
    for heading, lines in without_ratio(comparison, run):
        parts += [heading, *(paragraph(shown(line), width, "  ") for line in lines), ""]
    return "\n".join(parts).rstrip()


def comparison_markdown(report: Report) -> str:
    """The same as a Markdown document."""
    return "\n".join(
        _markdown(report, each, place) for place, each in enumerate(report.comparisons)
    )


def _markdown(report: Report, comparison: Comparison, place: int) -> str:
    run = report.runs[comparison.run]
    return fill_template(
        "comparison.md.j2",
        title=_title(report, comparison),
        remarks=_remarks(comparison, run),
        explanation=_explanation(comparison),
        legend=_legend(comparison),
        tables=[
            (table.title, write_table(table, Dialect.MARKDOWN)) for table in _tables(comparison)
        ],
        plot=comparison_plot_name(comparison, place),
        without_ratio=list(without_ratio(comparison, run)),
    )


def _title(report: Report, comparison: Comparison) -> str:
    header = report.runs[comparison.run].header
    started = f", started {header.started_at}," if len(report.runs) > 1 else ""
    return f"{header.matrix} on {comparison.device}{started} beside {comparison.reference}"


def _explanation(comparison: Comparison) -> str:
    enclosed = any(
        number.ratio_interval for cell in comparison.cells for number in cell.numbers.values()
    )
    return f"{_EXPLANATION} {_ENCLOSED if enclosed else _NOT_ENCLOSED}"


def _legend(comparison: Comparison) -> list[str]:
    """What the letters and marks in the tables mean."""
    measured = [
        number
        for cell in comparison.cells
        if cell.side is Side.BOTH and (number := cell.numbers[Metric.THROUGHPUT]).samples
    ]
    cautions = [caution for number in measured for caution in number.cautions]
    lines = comparison.measured_scaling.lines
    are_shown = any(line.factor is not None for line in lines)
    scaled = [caution for line in lines for caution in line.cautions if are_shown]
    is_partial = any(NOT_WHOLE in beside_number(number) for number in measured)
    return [*legend([*cautions, *scaled]), *([NOT_WHOLE_LEGEND] if is_partial else [])]


def _remarks(comparison: Comparison, run: ReportedRun) -> list[str]:
    """What differs between the two sides besides the numbers, said once."""
    header, coverage = run.header, run.coverage
    published = comparison.published_for
    if comparison.same_gpu:
        remarks = [f"Hardware: {comparison.device}, the GPU of the published {published}."]
    else:
        sides = f"measured on {comparison.device}, published for {published}"
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


def _tables(comparison: Comparison) -> Iterator[Table]:
    both = [cell for cell in comparison.cells if cell.side is Side.BOTH]
    inference = [cell for cell in both if cell.key.mode is Mode.INFERENCE]
    for (precision, xla), group in groupby(
        inference, key=lambda cell: (cell.key.precision, cell.key.xla)
    ):
        rows = [row for cell in group for row in _inference_rows(cell)]
        title = page.inference_subtitle(precision, xla=xla)
        first, *rest = page.INFERENCE_TITLES
        yield Table(title, (first, "", *rest), rows, left=2)
    for table in comparison.training:
        yield from _training_tables(table)
    scaling = comparison_table(comparison.measured_scaling, comparison.published_scaling)
    if scaling is not None:
        yield scaling


def _inference_rows(cell: ComparedCell) -> Iterator[tuple[str, ...]]:
    throughput, *_ = numbers = [cell.numbers[metric] for metric in Metric]
    mark = beside_number(throughput) if throughput.samples else ""
    yield (
        str(cell.key.batch_size),
        f"measured n={throughput.samples} {mark}".rstrip(),
        *(page_number(number.measured) for number in numbers),
    )
    yield ("", "published", *(page_number(number.published) for number in numbers))
    yield ("", "ratio", *(_ratio(number) for number in numbers))
    if any(number.ratio_interval for number in numbers):
        yield ("", _INTERVAL, *(_interval(number) for number in numbers))


def _training_tables(table: TrainingTable) -> Iterator[Table]:
    """The page's training table and its table of hours."""
    rows: list[tuple[str, ...]] = []
    hours: list[tuple[str, ...]] = []
    base, xla = table.base_precision, table.xla
    for line in table.lines:
        sizes = page.batch_sizes_text(base, line.batch_size_base, line.batch_size_amp)
        rows += _rows((str(line.gpus), sizes), line.performance)
        hours += _rows((str(line.gpus),), line.hours)
    gpus, batch_size, *columns = page.training_titles(base, xla=xla)
    yield Table("Training performance", (gpus, batch_size, "", *columns), rows, left=3)
    gpus, *columns = page.time_titles(base, xla=xla)
    yield Table("Training time for 90 epochs, in hours", (gpus, "", *columns), hours, left=2)


def _rows(labels: Sequence[str], numbers: Sequence[ComparedNumber]) -> list[tuple[str, ...]]:
    """The measured, the published and the ratio row of one line of the page, and its intervals.

    A long label goes on in the rows below its own.
    """
    columns = [[*wrap(label, _LABEL_WIDTH), "", "", ""] for label in labels]
    rows = {
        "measured": [
            f"{page_number(number.measured)} {beside_number(number)}".rstrip()
            if number.measured is not None
            else MISSING
            for number in numbers
        ],
        "published": [page_number(number.published) for number in numbers],
        "ratio": [_ratio(number) for number in numbers],
    }
    if any(number.ratio_interval for number in numbers):
        rows[_INTERVAL] = [_interval(number) for number in numbers]
    return [
        (*(column[place] for column in columns), kind, *cells)
        for place, (kind, cells) in enumerate(rows.items())
    ]


def _ratio(number: ComparedNumber) -> str:
    """The ratio, and its word where it is judged."""
    word = number.judgement.said if number.judgement else ""
    return f"{ratio(number.ratio)} {word}".rstrip()


def _interval(number: ComparedNumber) -> str:
    """The interval of the ratio, and nothing under a ratio that has none."""
    return ratio_interval(number.ratio_interval) if number.ratio_interval else ""


def without_ratio(comparison: Comparison, run: ReportedRun) -> Iterator[tuple[str, list[str]]]:
    """Cells that have no ratio, or one that is not whole, and why: a heading and lines a kind."""
    cells = comparison.cells
    results = [cell.result for cell in cells if cell.result]
    lacking = shortfalls(results, run.coverage.not_run, run.coverage.damaged)
    if lacking:
        yield "Without a whole measurement:", lacking
    unscaled = [
        f"{line.cell.id}: {line.problem}"
        for line in comparison.measured_scaling.lines
        if line.problem
    ]
    if unscaled:
        yield "Without weak scaling:", unscaled
    unjudged = {
        f"batch {cell.key.batch_size}, {page.precision_title(cell.key.precision)}"
        f"{' + XLA' * cell.key.xla}: {judgement.reason}"
        for cell in cells
        if cell.row
        and not cell.row.estimators_agree
        and (judgement := cell.judgement(Metric.THROUGHPUT)) is not None
    }
    if unjudged:
        yield "Not judged:", sorted(unjudged)
    for side, heading in (
        (Side.MEASURED, "Measured, but not published:"),
        (Side.PUBLISHED, "Published, but not in this run:"),
    ):
        rows = [cell for cell in cells if cell.side is side and _has_a_number(cell)]
        if rows:
            yield heading, list(_by_condition(rows))


def _has_a_number(cell: ComparedCell) -> bool:
    return cell.row is not None or (cell.result is not None and cell.result.summary is not None)


def _by_condition(cells: Sequence[ComparedCell]) -> Iterator[str]:
    for alike, group in groupby(cells, key=lambda cell: replace(cell.key, batch_size=1)):
        several = f", {alike.gpus} GPUs" if alike.gpus > 1 else ""
        sizes = ", ".join(str(cell.key.batch_size) for cell in group)
        name = page.precision_title(alike.precision)
        yield f"{alike.mode.value}, {name}{' + XLA' * alike.xla}{several}: batch {sizes}"
