"""Each rank of the launches on several GPUs, how far they are apart, and what joins them."""

from collections.abc import Sequence
from statistics import fmean, median

from suite.analysis.ranks import rank_spread
from suite.formats.marks import letters
from suite.formats.numbers import MISSING, milliseconds
from suite.formats.tables import Table
from suite.model.launch import Launch

_HEADERS = (
    "cell", "launch", "rank", "host", "device", "img/s as published", "avg", "max", "n",
    "all-reduce alone", "",
)  # fmt: skip


def ranks_table(launches: Sequence[Launch]) -> Table | None:
    """One row a rank, times in ms; None where no launch had several.

    The rate is what the page's estimator makes of this rank's own steps; that of rank 0 is the
    published one.
    """
    rows = [row for launch in launches for row in _rows(launch)]
    return Table("", _HEADERS, rows) if rows else None


def _rows(launch: Launch) -> list[tuple[str, ...]]:
    images = launch.cell.global_batch_size
    return [
        (
            launch.cell.id,
            str(launch.launch),
            str(rank.rank),
            rank.host,
            rank.device or launch.device,
            *(
                (
                    f"{fmean(images / seconds for seconds in rank.step_seconds):.2f}",
                    milliseconds(fmean(rank.step_seconds)),
                    milliseconds(max(rank.step_seconds)),
                )
                if rank.step_seconds
                else (MISSING, MISSING, MISSING)
            ),
            str(len(rank.step_seconds)),
            milliseconds(median(rank.all_reduce_seconds)) if rank.all_reduce_seconds else MISSING,
            letters(launch.cautions),
        )
        for rank in launch.ranks
    ]


def rank_notes(launches: Sequence[Launch]) -> list[str]:
    """A line a launch: how far its ranks are apart in a step, and the share of its all-reduce."""
    return [note for launch in launches if (note := _note(launch)) is not None]


def _note(launch: Launch) -> str | None:
    spread = rank_spread(launch.ranks)
    if spread is None:
        return None
    text = f"{launch.cell.id}, launch {launch.launch}: ranks {spread:.1%} apart in a step"
    # The slowest rank's, as of everything else.
    alone = [median(rank.all_reduce_seconds) for rank in launch.ranks if rank.all_reduce_seconds]
    if alone:
        share = max(alone) / fmean(launch.step_seconds)
        text += f"; all-reduce alone {share:.1%} of one"
    return text
