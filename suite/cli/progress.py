"""The progress of a run: a live table on a terminal, else one plain line as each launch ends.

Redrawn on each message of the worker and at the start of a launch, and every second during startup.
From the first step on there is no timer: the runner must stay idle while a step is measured.
"""

import os
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from suite.analysis.forecast import Forecast
from suite.analysis.summary import launch_summary
from suite.cli.live_table import STOPPING, Row, View, live_table
from suite.formats.annotations import words
from suite.formats.numbers import milliseconds
from suite.model.cell import Protocol
from suite.model.launch import WARM_UP, Caution, Launch, Status
from suite.model.summary import Summary
from suite.model.text import shown
from suite.run.channel import Progress
from suite.run.plan import PlannedLaunch
from suite.streams import drawing_stream

_FINISHED_SHOWN = 5
_STARTING = Progress("starting")


class RunProgress:
    """Shows the progress of a run, given each message and the end of each launch.

    `estimates` holds the expected seconds of each planned launch, None if nothing is known. If
    stderr is not a terminal, or the variable CI is set, only ends of launches are printed.
    """

    def __init__(
        self,
        planned: Sequence[PlannedLaunch],
        estimates: Sequence[float | None],
        protocol: Protocol,
    ) -> None:
        self._planned = planned
        self._protocol = protocol
        cells = (item.cell for item in planned)
        self._forecast = Forecast(list(zip(cells, estimates, strict=True)))
        self._finished: deque[Row] = deque(maxlen=_FINISHED_SHOWN)
        self._done = self._failed = self._skipped = 0
        self._launch_began = self._phase_began = time.monotonic()
        self._phase = ""
        self._is_stopping = False
        self._console = Console(file=drawing_stream(), highlight=False)
        self._is_live = shows_live(self._console)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> "RunProgress":
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

    def on_stop(self) -> None:
        """Say that the run stops. For a signal handler, which may interrupt a drawing.

        Printing through buffered streams is not safe there. The table's last line is overwritten
        in place, so that the next drawing still finds the table.
        """
        self._is_stopping = True
        text = f"\r\x1b[2K{STOPPING}" if self._is_live else f"\n{STOPPING}\n"
        with suppress(OSError):
            os.write(2, text.encode())

    def on_progress(self, planned: PlannedLaunch, progress: Progress) -> None:
        """Show how far the running launch is."""
        now = time.monotonic()
        if progress.phase != self._phase or progress.done <= 1:
            self._phase, self._phase_began = progress.phase, now
        self._draw(planned, progress)

    def on_finished(self, launch: Launch) -> None:
        """Report the end of a launch; on a terminal only failures stay, as the report has all.

        Its time counts from the end of the launch before, so it includes the time between them.
        """
        summary = launch_summary(launch)
        is_ok = launch.status is Status.OK
        outcome = _outcome(summary, launch.cautions) if summary and is_ok else _failure(launch)
        is_failure = not is_ok and launch.status is not Status.SKIPPED
        if not self._is_live or is_failure:
            text = f"{self._position()} {launch.cell.id}  {outcome}"
            self._console.print(Text(shown(text)), soft_wrap=True)
        if is_ok:
            self._forecast.learn(time.monotonic() - self._launch_began)
        self._finished.append((launch.cell.id, outcome))
        self._failed += is_failure
        self._skipped += launch.status is Status.SKIPPED
        self._done += 1
        self._begin()

    def _begin(self) -> None:
        """The next launch starts; unless it is forked, that takes as long as an import."""
        self._launch_began = time.monotonic()
        self._phase = ""
        if self._done == len(self._planned):
            return
        self._forecast.begin()
        upcoming = self._planned[self._done]
        if upcoming.skip_reason is None:
            self._draw(upcoming, _STARTING)

    def _draw(self, planned: PlannedLaunch, progress: Progress) -> None:
        if not self._is_live:
            return
        now = time.monotonic()
        left, later = self._seconds_left(progress, now), self._forecast.later_seconds
        view = View(
            done=self._done,
            total=len(self._planned),
            failed=self._failed,
            skipped=self._skipped,
            finished=tuple(self._finished),
            cell=planned.cell.id,
            doing=progress.phase + (f" {progress.done}/{progress.total}" * bool(progress.total)),
            # Nothing redraws before the worker's first message: a frozen time looks like a hang.
            elapsed_seconds=None if progress is _STARTING else now - self._launch_began,
            left_seconds=left,
            run_left_seconds=None if left is None or later is None else left + later,
            is_own=self._forecast.has_learned,
            stopping=self._is_stopping,
        )
        self._live.update(live_table(view), refresh=True)

    def _position(self) -> str:
        total = str(len(self._planned))
        return f"[{self._done + 1:>{len(total)}}/{total}]"

    def _seconds_left(self, progress: Progress, now: float) -> float | None:
        """Seconds to the end of this launch: by the steps of its phase, else by the forecast."""
        if progress.done <= 1:
            expected = self._forecast.present_seconds
            return None if expected is None else max(0.0, expected - (now - self._launch_began))
        steps = progress.total - progress.done
        steps += self._protocol.measured_steps if progress.phase == WARM_UP else 0
        seconds = steps * (now - self._phase_began) / (progress.done - 1)
        cap = self._protocol.max_seconds
        return seconds if cap is None else min(seconds, cap)


def shows_live(console: Console) -> bool:
    """Whether a user can watch; escape sequences do not belong in a log."""
    return console.file.isatty() and console.is_interactive and not os.environ.get("CI")


def _outcome(summary: Summary, cautions: Sequence[Caution]) -> str:
    doubts = f" ({words(cautions)})" if cautions else ""
    return (
        f"{summary.images_per_second:.2f} img/s, p50 {milliseconds(summary.p50_seconds)} ms,"
        f" {summary.count} steps{doubts}"
    )


def _failure(launch: Launch) -> str:
    status = launch.status.words
    return f"{status}: {launch.reason}" if launch.status is not Status.OK else status
