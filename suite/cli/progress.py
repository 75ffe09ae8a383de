"""The live line of a run: one cell at a time, redrawn when the worker speaks, never by a timer."""

import sys
import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from suite.core.forecast import Forecast
from suite.core.launch import Launch, Status
from suite.core.summary import Summary
from suite.render.numbers import duration
from suite.runner.channel import Progress
from suite.runner.session import PlannedLaunch


class ProgressLine:
    """Shows each launch as it goes on a terminal; elsewhere, one plain line as each ends.

    `estimates` holds the expected seconds of each planned launch, None where nothing is known.
    """

    def __init__(self, planned: Sequence[PlannedLaunch], estimates: Sequence[float | None]) -> None:
        self._planned = list(planned)
        cells = (item.cell for item in planned)
        self._forecast = Forecast(list(zip(cells, estimates, strict=True)))
        self._done = 0
        self._launch_began = self._loop_began = time.monotonic()
        console = Console(file=sys.stderr, highlight=False)
        self._live = Live(Text(""), console=console, auto_refresh=False, transient=True)
        self._is_live = console.is_terminal
        self._console = console

    def __enter__(self) -> "ProgressLine":
        if self._is_live:
            self._live.start()
        self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_live:
            self._live.stop()

    def on_progress(self, planned: PlannedLaunch, progress: Progress) -> None:
        """Redraw the line of the launch under way."""
        now = time.monotonic()
        if progress.done <= 1:
            self._loop_began = now
        if not self._is_live:
            return
        text = f"{self._position()} {planned.cell.id}  {progress.phase}"
        if progress.total:
            text += f" {progress.done}/{progress.total}"
        text += f"  {duration(now - self._launch_began)} elapsed"
        left = self._seconds_left(progress, now)
        if left is not None:
            text += f", {duration(left)} left"
        after = self._forecast.later_seconds
        if after is not None:
            text += f", then {duration(after)} more" if after else ""
        self._live.update(Text(text, style="bold", overflow="ellipsis", no_wrap=True), refresh=True)

    def on_finished(self, launch: Launch) -> None:
        """Print the line of a launch that has ended."""
        summary = launch.summary
        is_ok = launch.status is Status.OK
        outcome = _outcome(summary) if summary and is_ok else _failure(launch)
        text = f"{self._position()} {launch.cell.id}  {outcome}"
        self._console.print(Text(text), soft_wrap=True)
        if is_ok:
            self._forecast.learn(time.monotonic() - self._launch_began)
        self._done += 1
        self._begin()

    def _begin(self) -> None:
        self._launch_began = time.monotonic()
        if self._done < len(self._planned):
            self._forecast.begin()

    def _position(self) -> str:
        total = str(len(self._planned))
        return f"[{self._done + 1:>{len(total)}}/{total}]"

    def _seconds_left(self, progress: Progress, now: float) -> float | None:
        """Seconds to the end of this launch: by its own steps, else by the estimate."""
        if progress.total and progress.done > 1:
            per_step = (now - self._loop_began) / (progress.done - 1)
            return per_step * (progress.total - progress.done)
        expected = self._forecast.present_seconds
        return None if expected is None else max(0.0, expected - (now - self._launch_began))


def _outcome(summary: Summary) -> str:
    return (
        f"{summary.images_per_second:.2f} img/s, p50 {summary.p50_seconds * 1e3:.2f} ms,"
        f" {summary.count} steps"
    )


def _failure(launch: Launch) -> str:
    status = launch.status.value.replace("_", " ")
    return f"{status}: {launch.reason}" if launch.status is not Status.OK else status
