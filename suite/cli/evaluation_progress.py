"""The progress of an evaluation: a live line on a terminal, else a plain line a cell."""

import time

from suite.cli.live_line import LiveLine
from suite.formats.numbers import duration
from suite.model.launch import Launch
from suite.run.channel import Progress
from suite.run.plan import PlannedLaunch

_STOPPING = "stopping after the current batch; Ctrl-C again ends at once"


class EvaluationProgress(LiveLine):
    """Shows how far an evaluation is, given each message of a worker and the end of each launch."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def on_stop(self) -> None:
        """Say that the evaluation stops, from a signal handler."""
        self.interrupt(_STOPPING)

    def on_progress(self, planned: PlannedLaunch, progress: Progress) -> None:
        """Show how far the running launch is."""
        if progress.done == 0:
            self._began = time.monotonic()
        self.draw(f"{planned.cell.id}: {progress.phase}{self._place(progress)}")

    def on_finished(self, launch: Launch) -> None:
        """Report the end of a launch."""
        reason = f": {launch.reason}" if launch.reason else ""
        self.keep(f"{launch.cell.id}  {launch.status.words}{reason}")

    def _place(self, progress: Progress) -> str:
        if not progress.total:
            return " ..."
        place = f" batch {progress.done}/{progress.total}"
        if progress.done <= 1:  # the first one compiles
            return place
        each = (time.monotonic() - self._began) / progress.done
        return f"{place}, {duration(each * (progress.total - progress.done))} left"
