"""The runs and the trainings under a folder as tables."""

from collections.abc import Sequence

from suite.formats.numbers import MISSING
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, write_table
from suite.model.run import RunSummary
from suite.model.training_record import Outcome
from suite.model.training_summary import TrainingSummary

_HEADERS = ("started", "device", "matrix", "launches", "run directory")
# Their device is in the names of their directories, which are long.
_OF_TRAININGS = ("started", "recipe", "state", "top-1", "training directory")


def run_list(runs: Sequence[RunSummary], width: int = TEXT_WIDTH) -> str:
    """A row for each run: when and on what it ran, how many of its launches have a record."""
    rows = [
        (
            run.header.began.strftime("%Y-%m-%d %H:%M"),
            run.header.device,
            run.header.matrix,
            f"{run.recorded_launches} of {run.planned_launches}",
            run.directory,
        )
        for run in runs
    ]
    return write_table(Table("", _HEADERS, rows, left=len(_HEADERS)), Dialect.TERMINAL, width)


def training_list(trainings: Sequence[TrainingSummary], width: int = TEXT_WIDTH) -> str:
    """A row for each training: how far it came, and the accuracy of its last evaluation."""
    rows = [
        (
            each.header.began.strftime("%Y-%m-%d %H:%M"),
            each.header.training.name,
            _state(each),
            MISSING if each.top1 is None else f"{each.top1:.2%}",
            each.directory,
        )
        for each in trainings
    ]
    left = len(_OF_TRAININGS)
    return write_table(Table("", _OF_TRAININGS, rows, left=left), Dialect.TERMINAL, width)


def _state(training: TrainingSummary) -> str:
    if training.ended is Outcome.FINISHED:
        return f"finished, {training.epochs} epochs"
    # A process that is killed cannot say how it ends.
    unsaid = "running" if training.is_running else "killed"
    how = unsaid if training.ended is None else training.ended.value
    return f"{how} at epoch {training.epochs} of {training.header.training.epochs}"
