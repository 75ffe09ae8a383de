"""The progress of an evaluation: a live line on a terminal, else a plain line a cell."""

import os
import time
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from suite.cli.progress import shows_live
from suite.formats.numbers import duration
from suite.model.launch import Launch
from suite.model.text import shown
from suite.run.channel import Progress
from suite.run.plan import PlannedLaunch
from suite.streams import drawing_stream

_STOPPING = "stopping after the current batch; Ctrl-C again ends at once"


class EvaluationProgress:
    """Shows how far an evaluation is, given each message of a worker and the end of each launch."""

    def __init__(self) -> None:
        self._console = Console(file=drawing_stream(), highlight=False)
        self._is_live = shows_live(self._console)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._began = time.monotonic()

    def __enter__(self) -> "EvaluationProgress":
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_live:
            self._live.stop()

    def on_stop(self) -> None:
        """Say that the evaluation stops. For a signal handler, which may interrupt a drawing."""
        text = f"\r\x1b[2K{_STOPPING}" if self._is_live else f"{_STOPPING}\n"
        with suppress(OSError):
            os.write(2, text.encode())

    def on_progress(self, planned: PlannedLaunch, progress: Progress) -> None:
        """Show how far the running launch is."""
        if progress.done == 0:
            self._began = time.monotonic()
        if self._is_live:
            text = f"{planned.cell.id}: {progress.phase}{self._place(progress)}"
            self._live.update(Text(shown(text), no_wrap=True), refresh=True)

    def on_finished(self, launch: Launch) -> None:
        """Report the end of a launch."""
        reason = f": {launch.reason}" if launch.reason else ""
        text = f"{launch.cell.id}  {launch.status.words}{reason}"
        self._console.print(Text(shown(text)), soft_wrap=True)

    def _place(self, progress: Progress) -> str:
        if not progress.total:
            return " ..."
        place = f" batch {progress.done}/{progress.total}"
        if progress.done <= 1:  # the first one compiles
            return place
        each = (time.monotonic() - self._began) / progress.done
        return f"{place}, {duration(each * (progress.total - progress.done))} left"
