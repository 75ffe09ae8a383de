"""How the page writes numbers, states and conditions."""

from dataclasses import dataclass
from datetime import datetime, timezone

from suite.formats.annotations import words
from suite.formats.numbers import milliseconds, ratio
from suite.formats.palette import Look, look
from suite.formats.scaling import other_conditions
from suite.model.cell import Cell, Mode
from suite.model.report import CellState
from suite.model.run import CellResult
from suite.model.summary import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A fact: what it is of, and its text."""

    name: str
    text: str


# The SVG symbol that stands beside the word for a state; none beside "ok" in lists.
GLYPHS = {
    CellState.OK: "ok",
    CellState.DOUBTED: "doubt",
    CellState.FAILED: "failed",
    CellState.NOT_MEASURED: "none",
}


def times(value: float | None) -> str:
    """A ratio as `1.02×`."""
    return ratio(value).replace("x", "×")


def cell_look(cell: Cell) -> Look:
    """The colour and shape of a cell's condition."""
    return look(cell.precision, xla=cell.xla)


def conditions(cell: Cell, rank: str) -> str:
    """What tells a cell from another of its precision, XLA and batch size: `training, 8 GPUs`.

    Empty for inference on one GPU with every other condition at its default.
    """
    training = ["training"] if cell.mode is Mode.TRAINING else []
    several = [f"{cell.gpus} {rank}s"] if cell.gpus > 1 else []
    return ", ".join([*training, *several, *other_conditions(cell)])


def cell_name(cell: Cell, rank: str) -> str:
    """A cell in words: `AMP + XLA, training, 8 GPUs, batch 256`."""
    named = [cell_look(cell).name, conditions(cell, rank), f"batch {cell.batch_size}"]
    return ", ".join(filter(None, named))


def state_words(result: CellResult, state: CellState) -> str:
    """The state of a cell in words: `ok`, `throttled, unsteady`, `out of memory`."""
    if state is CellState.OK:
        return str(state.value)
    if state is not CellState.DOUBTED:
        return result.status.words
    of = f"{result.ok_launches} of {result.planned_launches} launches"
    return ", ".join(filter(None, (words(result.cautions), "" if result.is_whole else of)))


def from_to(interval: Interval | None) -> str:
    """An interval of ratios, with as many decimals as tell its ends apart; empty without one."""
    if interval is None:
        return ""
    decimals = 2 if interval[1] - interval[0] > _NARROW else 3
    return " to ".join(f"{bound:.{decimals}f}" for bound in interval)


_NARROW = 0.015


def milliseconds_from_to(interval: Interval) -> str:
    """An interval of latencies, which are given in seconds, in ms."""
    return " to ".join(milliseconds(bound) for bound in interval)


def moment(text: str | None) -> datetime | None:
    """A time of a record in UTC; None if it is not one."""
    try:
        return datetime.fromisoformat(text or "").astimezone(timezone.utc)
    except ValueError:
        return None


def day(found: datetime) -> str:
    """`26 November 2026`, in English whatever the locale."""
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
