"""Weak and strong scaling of training as tables, and the words that their curves share."""

from dataclasses import MISSING as NO_DEFAULT
from dataclasses import fields
from enum import Enum

from suite.formats.annotations import letters, words
from suite.formats.numbers import MISSING, percent, rate
from suite.formats.tables import Table
from suite.model.cell import Cell
from suite.model.page import precision_title
from suite.model.report import Comparison, Estimator, Scaling, ScalingKind, ScalingLine
from suite.model.run import RunHeader

# What a label says in the page's words, and what has columns of its own.
_TOLD = {"mode", "precision", "xla", "batch_size", "gpus"}

_KEPT = {
    ScalingKind.WEAK: "the batch size of each unchanged",
    ScalingKind.STRONG: "the global batch size unchanged, so the factor is that of step times",
}
# What a throughput is, by its estimator.
ESTIMATOR_WORDS = {
    Estimator.ELAPSED: "images / elapsed time",
    Estimator.MEAN_OF_RATES: "mean of per-step rates",
}


def rank_word(header: RunHeader) -> str:
    """What a cell's `gpus` are on the machine of a run."""
    return "GPU" if header.gpu else "rank"


def rank_plural(rank: str) -> str:
    """Several of them."""
    return f"{rank}s"


def comparison_plot_name(comparison: Comparison, place: int) -> str | None:
    """The plot under `plots/` of the comparison in this place of a report.

    None without a curve, and on other hardware than was published for: nothing published stands
    in a plot of that.
    """
    scaling = comparison.measured_scaling
    if not scaling.curves or not comparison.same_gpu:
        return None
    return numbered(f"{scaling.kind.value}_scaling_compared", place) + ".svg"


def numbered(name: str, place: int) -> str:
    """The name of a file; all but the first of its kind in a report have a number."""
    return f"{name}_{place + 1}" if place else name


def scaling_table(scaling: Scaling, rank: str) -> Table:
    """A line for each cell on several GPUs or ranks; `rank` is the word for one of them."""
    return Table(
        f"{scaling_title(scaling.kind)}, by {ESTIMATOR_WORDS[scaling.estimator]}",
        _headers(scaling.kind, rank),
        [_row(line, scaling.kind) for line in scaling.lines],
    )


def scaling_explanation(kind: ScalingKind, rank: str) -> str:
    """What the columns of the table mean."""
    text = (
        f"Training on several {rank}s over the base, the same on one {rank}, with {_KEPT[kind]}."
        f" % of linear is the factor / {rank}s; hours are for ImageNet's training images at that"
        " throughput."
    )
    return f"{text} Ranks on one CPU share its cores." if rank == "rank" else text


def scaling_title(kind: ScalingKind) -> str:
    """The heading of a table or plot."""
    return f"{kind.value.capitalize()} scaling"


def conditions(cell: Cell) -> str:
    """A training cell's conditions in the page's words: `mixed precision + XLA, dali`.

    Batch size and GPUs are left out, and so is every other condition at its default.
    """
    name = precision_title(cell.precision) + " + XLA" * cell.xla
    return ", ".join([name, *other_conditions(cell)])


def other_conditions(cell: Cell) -> list[str]:
    """The conditions that a label does not say otherwise, as far as they are not the defaults."""
    return [
        _condition(field.name, getattr(cell, field.name))
        for field in fields(cell)
        if field.name not in _TOLD
        and field.default is not NO_DEFAULT
        and getattr(cell, field.name) != field.default
    ]


def comparison_table(measured: Scaling, published: Scaling) -> Table | None:
    """Weak scaling as measured and as published, one below the other; None where none is known."""
    if not any(line.factor is not None for line in measured.lines):
        return None
    sides = [
        *((f"measured {letters(line.cautions)}".rstrip(), line) for line in measured.lines),
        *(("published", line) for line in published.lines),
    ]
    rows = [
        (first, side, *rest)
        for side, line in sides
        for first, *rest, _ in [_row(line, ScalingKind.WEAK)]
    ]
    first, *rest, _ = _headers(ScalingKind.WEAK, "GPU")
    title = f"{scaling_title(measured.kind)}, by {ESTIMATOR_WORDS[measured.estimator]}"
    return Table(f"{title}; GPUs are ranks on a CPU", (first, "", *rest), rows, left=2)


def _headers(kind: ScalingKind, rank: str) -> tuple[str, ...]:
    return (
        "Training",
        f"{rank}s",
        f"Batch Size / {rank}",
        f"img/s on 1 {rank}",
        "img/s",
        scaling_title(kind),
        "% of linear",
        "Hours for 90 epochs",
        "",
    )


def _row(line: ScalingLine, kind: ScalingKind) -> tuple[str, ...]:
    size = str(line.cell.batch_size)
    return (
        conditions(line.cell),
        str(line.cell.gpus),
        size if kind is ScalingKind.WEAK else f"{size} of {line.cell.global_batch_size}",
        rate(line.base_img_s),
        rate(line.img_s),
        MISSING if line.factor is None else f"{line.factor:.2f}x",
        percent(line.of_linear),
        MISSING if line.hours is None else f"{line.hours:.2f}",
        line.problem or words(line.cautions),
    )


def _condition(name: str, value: object) -> str:
    text = str(value.value) if isinstance(value, Enum) else f"{name} {value}"
    return text.replace("_", " ")
