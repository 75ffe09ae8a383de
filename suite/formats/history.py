"""Runs over time, and one cell in each of them."""

from collections.abc import Iterator

from suite.formats.annotations import beside_result, legend, shortfall
from suite.formats.differences import DIRTY, version
from suite.formats.documents import fill_template
from suite.formats.frame_csv import frame_csv
from suite.formats.numbers import (
    MISSING,
    percentile_milliseconds,
    rate,
    rate_interval,
    signed_percent,
)
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.history import ChangePoint, History, Trend, TrendPoint
from suite.model.run import RunHeader
from suite.model.text import shown

_EXPLANATION = (
    "img/s is images / elapsed time, and 95 % its interval by how the launches of the run differ"
    " (Student's t on logarithms): none for a single launch. It does not cover what changed on a"
    " machine from run to run. p50 is the median latency of a step. Runs of different devices are"
    " never joined."
)
_CHANGE_POINTS = (
    "A change point is where img/s goes to another level, 1 % or more away, beyond chance and"
    " unlike a slow drift. It says where to look, not why, and decides nothing."
)


def history_text(history: History, width: int = TEXT_WIDTH) -> str:
    """The runs and the trends for the terminal."""
    parts = [write_table(_runs(history), Dialect.TERMINAL, width), ""]
    parts += [paragraph(line, width) for line in _remarks(history)]
    for trend in history.trends:
        table = _trend(history, trend)
        parts += ["", shown(table.title), write_table(table, Dialect.TERMINAL, width)]
        parts += [paragraph(shown(line), width, "  ") for line in _notes(trend)]
    return "\n".join(parts)


def history_markdown(history: History) -> str:
    """The same as a Markdown document."""
    tables = [(trend, _trend(history, trend)) for trend in history.trends]
    return fill_template(
        "history.md.j2",
        cell=history.cell_id,
        remarks=list(_remarks(history)),
        trends=[
            (table.title, write_table(table, Dialect.MARKDOWN), list(_notes(trend)))
            for trend, table in tables
        ],
        runs=write_table(_runs(history), Dialect.MARKDOWN),
    )


def history_csv(history: History) -> str:
    """A line for each run that has the cell, the oldest of each device first."""
    import pandas as pd

    lines = [
        _line(history.cell_id, trend.device, point, trend.change_point_at(place))
        for trend in history.trends
        for place, point in enumerate(trend.points)
    ]
    frame = pd.DataFrame(lines)
    return frame_csv(frame.astype({"launches": "Int64", "launches_planned": "Int64"}))


def _runs(history: History) -> Table:
    headers = ("started", "device", "commit", "matrix", "run directory")
    rows = [
        (
            _started(run.header),
            run.header.device,
            _commit(run.header),
            run.header.matrix,
            run.directory,
        )
        for run in history.runs
    ]
    return Table("", headers, rows, left=len(headers))


def _started(header: RunHeader) -> str:
    return header.began.strftime("%Y-%m-%d %H:%M")


def _commit(header: RunHeader) -> str:
    """The beginning of the commit, with a mark if the code differed from it."""
    commit, dirty = (header.environment.get(name) for name in ("commit", "dirty"))
    return version(commit if isinstance(commit, str) else None, is_dirty=bool(dirty))


def _remarks(history: History) -> Iterator[str]:
    yield _EXPLANATION
    if any(trend.change_points for trend in history.trends):
        yield _CHANGE_POINTS
    if history.without:
        yield f"Not in {len(history.without)} of {len(history.runs)} runs: {history.cell_id}."
    results = [point.result for trend in history.trends for point in trend.points]
    if any(result.summary and result.summary.p50_interval_seconds is None for result in results):
        yield "~ = not enclosed with 95 % confidence: too few independent steps"
    if any(_commit(run.header).endswith("+") for run in history.runs):
        yield DIRTY
    yield from legend(caution for result in results for caution in result.cautions)


def _trend(history: History, trend: Trend) -> Table:
    headers = ("started", "commit", "matrix", "img/s", "95 %", "p50 ms", "launches", "")
    rows = [_row(point) for point in trend.points]
    return Table(f"{history.cell_id} on {trend.device}", headers, rows, left=3)


def _row(point: TrendPoint) -> tuple[str, ...]:
    header, result = point.run.header, point.result
    summary = result.summary
    return (
        _started(header),
        _commit(header),
        header.matrix,
        rate(summary.images_per_second if summary else None),
        rate_interval(point.interval),
        percentile_milliseconds(summary.p50_seconds, summary.p50_interval_seconds)
        if summary
        else MISSING,
        str(result.ok_launches),
        beside_result(result) if summary else result.status.words,
    )


def _notes(trend: Trend) -> Iterator[str]:
    """Where the level changed, what a run changed of what the one before had, and what it lacks."""
    for place, point in enumerate(trend.points):
        started = _started(point.run.header)
        found = trend.change_point_at(place)
        if found:
            counts = f"{found.before} runs before, {found.after} after"
            yield f"change point before {started}: {signed_percent(found.change)} ({counts})"
        if point.changed:
            names = ", ".join(name.replace("_", " ") for name in point.changed)
            yield f"changed before {started}: {names}"
        if not point.result.is_whole:
            yield f"of {started}: {shortfall(point.result)}"


def _line(
    cell_id: str, device: str, point: TrendPoint, change_point: ChangePoint | None
) -> dict[str, object]:
    header, result = point.run.header, point.result
    low, high = point.interval or (None, None)
    return {
        "started_at": header.started_at,
        "device": device,
        "commit": header.environment.get("commit"),
        "dirty": header.environment.get("dirty"),
        "matrix": header.matrix,
        "cell": cell_id,
        "status": result.status.value,
        "reason": result.reason,
        "launches": result.ok_launches,
        "launches_planned": result.planned_launches,
        "cautions": " ".join(dict.fromkeys(each.kind.value for each in result.cautions)),
        "images_per_second": result.summary.images_per_second if result.summary else None,
        "images_per_second_low": low,
        "images_per_second_high": high,
        "p50_seconds": result.summary.p50_seconds if result.summary else None,
        "change_point_ratio": change_point.ratio if change_point else None,
        "changed": ", ".join(point.changed),
        "directory": point.run.directory,
    }
