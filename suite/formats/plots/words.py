"""Words and numbers that several charts share."""

from suite.formats.annotations import words
from suite.formats.numbers import ratio
from suite.formats.plots.curves import Gap
from suite.formats.plots.series import PlottedRun
from suite.model.launch import Status
from suite.model.run import CellResult
from suite.model.summary import Summary

TIMES = "\N{MULTIPLICATION SIGN}"
# Before a percentile that has no interval, as in all other formats.
FEW = "~"
WHISKERS = "Whiskers: 95 % interval, from how launches differ; one at the edge goes on beyond it."
FEW_LEGEND = f"{FEW}: too few steps to enclose p99 with 95 % confidence."


def short(value: float) -> str:
    """A number of three to four digits, as it fits at the end of a curve."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{decimals}f}"


def times(value: float) -> str:
    """A factor, as in all other formats but with the sign of multiplication."""
    return ratio(value).replace("x", TIMES)


def tail(summary: Summary) -> str:
    """How far p99 lies above p50; after a tilde where p99 has no interval, as everywhere."""
    few = FEW * (summary.p99_interval_seconds is None)
    return few + times(summary.tail)


def status_word(result: CellResult) -> str:
    """Why a cell has no number, or not all of it."""
    if result.status is Status.OK:
        return "not finished"
    return result.status.words


def gap(result: CellResult, x: float) -> Gap:
    """A place of an axis where a cell has no number."""
    return Gap(x=x, word=status_word(result), is_failure=result.status.is_failure)


def left_out(count: int, what: str) -> list[str]:
    """How many more of them are not drawn; nothing for none."""
    plural = "s are" if count > 1 else " is"
    return [f"{count} more {what}{plural} not drawn."] if count > 0 else []


def about_all(plotted: PlottedRun) -> list[str]:
    """What holds for every cell of the run, and is not said again beside each."""
    common = words(plotted.common_doubts)
    conditions = ", ".join(plotted.common_conditions)
    return [
        *[f"Every cell: {conditions}."] * bool(conditions),
        *[f"Every number is doubted: {common}."] * bool(common),
    ]
