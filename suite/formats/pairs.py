"""Runs beside another: what differs between the two, and each cell's numbers, ratio and doubts."""

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from suite.formats.annotations import NOT_WHOLE, NOT_WHOLE_LEGEND, legend, letters, shortfalls
from suite.formats.differences import differences_table
from suite.formats.documents import fill_template
from suite.formats.numbers import (
    MISSING,
    percentile_milliseconds,
    rate,
    ratio,
    ratio_interval,
)
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.report import PairedCell, PairedNumber, PairedRun, Report, RunPair
from suite.model.run import CellResult
from suite.model.text import shown

_EXPLANATION = (
    "img/s is images / elapsed time. Beside a published table the same run is shown by the mean of"
    " per-step rates, the published estimator, which is never lower. p50 is the median latency of a"
    " step. Of a ratio, above 1 is faster for img/s, slower for p50."
)
_ENCLOSED = (
    "95 % is the interval of a ratio, by how the launches of each side differ (Welch's t on"
    " logarithms); a cell with a single launch on a side has none. It does not cover what changed"
    " on a machine between the runs, and of twenty such intervals about one misses the true ratio."
)
_NOT_ENCLOSED = (
    "No ratio has an interval: that takes two launches of a cell or more on each side, which"
    " differ. Without one, a ratio does not tell a difference from chance."
)
_NOT_TOLD = (
    "One side is a saved table, which does not tell software, machine, protocol or launches: what"
    " differs is unknown, and no ratio has an interval."
)
_FEW = "~ = not enclosed with 95 % confidence: too few independent steps"
_NOTHING_DIFFERS = "Nothing differs of what the runs recorded of device, software and protocol."


def pairs_text(report: Report, width: int = TEXT_WIDTH) -> str:
    """The pairs of a report for the terminal."""
    return "\n\n\n".join(_text(report, place, width) for place in range(len(report.pairs)))


def _text(report: Report, place: int, width: int) -> str:
    pair = report.pairs[place]
    sides = _names(place)
    parts = [_title(sides), *(paragraph(shown(line), width) for line in _headings(report, place))]
    differences = _differences(pair, sides)
    if differences is not None:
        parts += ["", differences.title, write_table(differences, Dialect.TERMINAL, width)]
    parts += ["", *(paragraph(line, width) for line in _remarks(pair)), ""]
    if pair.cells:
        parts += [write_table(_cells(pair, sides), Dialect.TERMINAL, width), ""]
    for heading, lines in _lacking(report, pair, sides):
        parts += [heading, *(paragraph(shown(line), width, "  ") for line in lines), ""]
    return "\n".join(parts).rstrip()


def pairs_markdown(report: Report) -> str:
    """The same as a Markdown document."""
    return "\n".join(_markdown(report, place) for place in range(len(report.pairs)))


def _markdown(report: Report, place: int) -> str:
    pair = report.pairs[place]
    sides = _names(place)
    differences = _differences(pair, sides)
    return fill_template(
        "pairs.md.j2",
        title=_title(sides),
        sides=list(_headings(report, place)),
        differences=differences,
        differences_table=write_table(differences, Dialect.MARKDOWN) if differences else "",
        remarks=list(_remarks(pair)),
        cells=write_table(_cells(pair, sides), Dialect.MARKDOWN) if pair.cells else "",
        lacking=list(_lacking(report, pair, sides)),
    )


def _letter(place: int) -> str:
    """What the side in this place is called: A for the base, then B, C and so on."""
    return ascii_uppercase[place] if place < len(ascii_uppercase) else f"run {place + 1}"


def _names(place: int) -> tuple[str, str]:
    """The names of the two sides of the pair in this place; all pairs have one base."""
    return _letter(0), _letter(place + 1)


def _title(sides: tuple[str, str]) -> str:
    return f"{sides[1]} over {sides[0]}"


def _headings(report: Report, place: int) -> Iterator[str]:
    pair = report.pairs[place]
    for letter, side in zip(_names(place), (pair.base, pair.other), strict=True):
        state = _state(report, side)
        yield f"{letter}: {side.matrix} on {side.device}, started {side.started_at}{state}"


def _state(report: Report, side: PairedRun) -> str:
    if side.run is None:
        return ", from a saved table"
    run = report.runs[side.run]
    ended, planned = run.coverage.ended_launches, run.coverage.planned_launches
    quick = "; quick protocol: a first look, not numbers to quote" * run.header.protocol.quick
    left = "" if run.coverage.is_finished else f"; not finished: {ended} of {planned} launches"
    return f"{quick}{left}"


def _differences(pair: RunPair, sides: tuple[str, str]) -> Table | None:
    return differences_table(pair.differences, sides) if pair.differences else None


def _remarks(pair: RunPair) -> Iterator[str]:
    """What the numbers are, and the sides and marks beside them."""
    enclosed = any(
        cell.throughput.ratio_interval or cell.latency_p50.ratio_interval for cell in pair.cells
    )
    if pair.differences is None:
        yield _NOT_TOLD
    elif not pair.differences:
        yield _NOTHING_DIFFERS
    if not pair.cells:
        yield "The two have no cell in common."
        return
    yield _EXPLANATION
    if pair.differences is not None:
        yield _ENCLOSED if enclosed else _NOT_ENCLOSED
    results = [result for cell in pair.cells for result in (cell.base, cell.other)]
    summaries = [result.summary for result in results if result.summary]
    if any(summary.p50_interval_seconds is None for summary in summaries):
        yield _FEW
    yield from legend(caution for result in results for caution in result.cautions)
    if any(result.summary and not result.is_whole for result in results):
        yield NOT_WHOLE_LEGEND


def _cells(pair: RunPair, sides: tuple[str, str]) -> Table:
    """Two rows a cell; cells that neither side has a number of are named below."""
    base, other = sides
    headers = ("cell", "", base, other, f"{other} / {base}", "95 %", "")
    rows = [
        row
        for cell in pair.cells
        if cell.base.summary or cell.other.summary
        for row in _rows(cell, sides)
    ]
    return Table("", headers, rows, left=2)


def _rows(cell: PairedCell, sides: tuple[str, str]) -> Iterator[tuple[str, ...]]:
    yield (
        cell.cell_id,
        "img/s",
        rate(cell.throughput.base),
        rate(cell.throughput.other),
        *_ratio(cell.throughput),
        _doubts(cell, sides),
    )
    yield (
        f"launches: {cell.base.ok_launches} and {cell.other.ok_launches}",
        "p50 ms",
        _median(cell.base),
        _median(cell.other),
        *_ratio(cell.latency_p50),
        "",
    )


def _median(result: CellResult) -> str:
    summary = result.summary
    if summary is None:
        return MISSING
    return percentile_milliseconds(summary.p50_seconds, summary.p50_interval_seconds)


def _ratio(number: PairedNumber) -> tuple[str, str]:
    return ratio(number.ratio), ratio_interval(number.ratio_interval)


def _doubts(cell: PairedCell, sides: tuple[str, str]) -> str:
    """What is to be said of each side's number, or its status where it has none."""
    said = [
        (letter, _beside(result) if result.summary else result.status.words)
        for letter, result in zip(sides, (cell.base, cell.other), strict=True)
    ]
    return ", ".join(f"{letter}: {text}" for letter, text in said if text)


def _beside(result: CellResult) -> str:
    """The sides of its cautions, and a mark where some of its launches are missing."""
    return " ".join(filter(None, (letters(result.cautions), NOT_WHOLE * (not result.is_whole))))


def _lacking(
    report: Report, pair: RunPair, sides: tuple[str, str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """Cells that a side lacks, or has no whole measurement of: a heading and lines a kind."""
    lines = [
        f"{letter}: {line}"
        for letter, side, common in (
            (sides[0], pair.base, [cell.base for cell in pair.cells]),
            (sides[1], pair.other, [cell.other for cell in pair.cells]),
        )
        for line in _shortfalls(report, side, common)
    ]
    if lines:
        yield "Without a whole measurement:", lines
    for letter, only in zip(sides, (pair.only_base, pair.only_other), strict=True):
        if only:
            yield f"Only in {letter}:", only


def _shortfalls(report: Report, side: PairedRun, common: Sequence[CellResult]) -> Sequence[str]:
    """Of every cell of a run; of a saved table, of those that both sides have."""
    if side.run is None:
        return shortfalls(common, ())
    run = report.runs[side.run]
    return shortfalls(run.results, run.coverage.not_run, run.coverage.damaged)
