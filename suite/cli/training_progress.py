"""The progress of a training: live on a terminal, else one plain line an epoch.

What is shown comes from the events that the worker appends, read when it sends a message.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from suite.analysis.training_course import seconds_left, training_course
from suite.cli.live_line import LiveLine
from suite.formats.training import epoch_line, step_line
from suite.model.training import TrainedStep
from suite.model.training_course import Epoch
from suite.model.training_record import Began, Ended, Evaluated, Event, TrainingHeader
from suite.run.channel import Progress
from suite.run.plan import PlannedLaunch
from suite.store.training_runs import EventFollower

_STOPPING = "stopping after the current step and its checkpoint; Ctrl-C again ends at once"
# Steps by which the time left is judged.
_RECENT = 100


class TrainingProgress(LiveLine):
    """Shows a training while it runs; `ended` is how it says that it ended, None until then.

    `on_event` is called for each event as well.
    """

    def __init__(
        self, directory: Path, header: TrainingHeader, on_event: Callable[[Event], None]
    ) -> None:
        super().__init__()
        self._header = header
        self._on_event = on_event
        self._follower = EventFollower(directory)
        self._began: Began | None = None
        self._epoch: list[Event] = []
        self._past: list[Epoch] = []
        self._recent: deque[TrainedStep] = deque(maxlen=_RECENT)
        self.ended: Ended | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._take_events()
        super().__exit__(kind, error, trace)

    def on_stop(self) -> None:
        """Say that the training stops, from a signal handler."""
        self.interrupt(_STOPPING)

    def on_progress(self, _: PlannedLaunch, progress: Progress) -> None:
        """Show what has happened since the last message."""
        self._take_events()
        if self.is_drawn:
            self.draw(self._text(progress))

    def _take_events(self) -> None:
        for event in self._follower.new():
            self._on_event(event)
            if isinstance(event, Began):
                self._began = event
                continue
            if isinstance(event, TrainedStep | Ended):  # an epoch before it was not evaluated
                self._end_epoch()
            if isinstance(event, Ended):
                self.ended = event
            else:
                self._epoch.append(event)
            if isinstance(event, TrainedStep):
                self._recent.append(event)
            if isinstance(event, Evaluated):
                self._end_epoch()

    def _end_epoch(self) -> None:
        """Report an epoch if its last step was made."""
        if self._began is None or not self._epoch or not self._recent:
            return
        if self._recent[-1].step % self._began.steps_per_epoch:
            return
        self._past += training_course(self._header, [self._began, *self._epoch]).epochs
        self._epoch = []
        self.keep(epoch_line(self._past[-1], self._header, self._seconds_left()))

    def _text(self, progress: Progress) -> str:
        if not self._recent or not self._began:
            return f"{progress.phase} ..."
        accuracies = [epoch.accuracy for epoch in self._past if epoch.accuracy]
        return step_line(
            self._recent,
            self._header,
            self._began.steps_per_epoch,
            progress.phase,
            accuracies[-1] if accuracies else None,
            self._seconds_left(),
        )

    def _seconds_left(self) -> float | None:
        if self._began is None:
            return None
        per_epoch = self._began.steps_per_epoch
        return seconds_left(self._header, per_epoch, list(self._recent), self._past)
