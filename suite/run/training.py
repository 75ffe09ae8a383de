"""Training to an accuracy in a launched process: the loop, its events and its checkpoints.

Every rank runs this loop. Only rank 0 writes; the others take part in what all ranks do together.
"""

import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from suite.analysis.cautions import contention, machine_cautions
from suite.kernels.interface import Framework, InvalidLaunchError, Trainer
from suite.machine.telemetry import Recorder
from suite.model.errors import InputError
from suite.model.facts import Facts
from suite.model.launch import MEASURING, Caution, Launch, Status
from suite.model.telemetry import Telemetry
from suite.model.training import TrainedStep
from suite.model.training_record import (
    Began,
    Ended,
    Evaluated,
    Event,
    Outcome,
    Saved,
    TrainingWork,
)
from suite.run.channel import Progress
from suite.run.order import LaunchOrder
from suite.run.own_device import finish, own_device, recorder_of
from suite.run.phases import phase
from suite.run.requests import stop_on_request
from suite.store.checkpoints import check_room, prune, read_checkpoint, write_checkpoint
from suite.store.training_runs import event_log, read_events

TRAINING, EVALUATING, SAVING = "training", "evaluating", "saving"
# Ranks agree on their last step this often: each time they wait for one another.
_AGREE_EVERY = 10
# Of the machine: a record of days stays as small as one of some minutes.
_MOST_READINGS = 500
# The newest checkpoints that stay, besides the one of the best epoch.
_NEWEST = 2

Append = Callable[[Event], None]
Notify = Callable[[Progress], None]


def train(
    order: LaunchOrder,
    framework: Framework,
    launch: Launch,
    notify: Notify,
    stop_requested: Callable[[], bool] | None = None,
) -> Launch:
    """Train from the beginning or from a checkpoint, until the last epoch or a request to stop.

    `launch` is the record so far. The one returned has the steps of this process.

    Raises:
        InputError: the records, the disk or the checkpoint do not allow the training.
        InvalidLaunchError: it cannot run as declared, or it diverged.
    """
    work = order.training
    if work is None:
        raise ValueError("an order without a training")
    device = own_device(order)
    recorder = recorder_of(order, device, _MOST_READINGS)
    writes = device.rank.index == 0
    with event_log(Path(work.directory)) if writes else nullcontext(_ignore) as append:
        loop = _Loop(order, work, framework, append, notify, recorder, writes=writes)
        try:
            loop.start()
            # Before, SIGTERM ends the process: there is nothing to keep.
            outcome = loop.run(stop_requested or stop_on_request(order))
            telemetry = finish(recorder, order, device)
            # What was declared and had no effect makes a training of many days a failed one.
            facts = Facts() if outcome is Outcome.STOPPED else loop.trainer.facts()
            alone = () if outcome is Outcome.STOPPED else loop.trainer.all_reduce_seconds()
            loop.end(outcome, "" if outcome is Outcome.FINISHED else loop.place)
        except (InputError, InvalidLaunchError) as error:
            is_refused = isinstance(error, InputError) and not loop.steps
            loop.end(Outcome.REFUSED if is_refused else Outcome.FAILED, str(error))
            raise
        except Exception as error:
            loop.end(Outcome.FAILED, framework.cause(error))
            raise
    telemetry = device.own_readings(telemetry, facts)
    launch = replace(
        launch,
        startup_seconds=loop.startup,
        step_seconds=tuple(step.seconds for step in loop.steps),
        all_reduce_seconds=tuple(alone),
        telemetry=telemetry,
        cautions=_cautions(order, telemetry),
    )
    if outcome is Outcome.STOPPED:
        return replace(launch, status=Status.INTERRUPTED, reason=loop.place)
    return replace(launch, status=Status.OK, conditions=facts)


def _cautions(order: LaunchOrder, telemetry: Telemetry | None) -> tuple[Caution, ...]:
    """What of the machine made the training slower."""
    if telemetry is None:
        return ()
    # Of several ranks, each would take the others on its host for foreign processes.
    others = contention([telemetry]) if order.cell.gpus == 1 else None
    return (*machine_cautions(telemetry), *([others] if others else []))


def _ignore(_: Event) -> None:
    """Other ranks than the first write nothing."""


class _Loop:
    """One process of a training: where it is, and what follows each step."""

    trainer: Trainer

    def __init__(
        self,
        order: LaunchOrder,
        work: TrainingWork,
        framework: Framework,
        append: Append,
        notify: Notify,
        recorder: Recorder | None,
        *,
        writes: bool,
    ) -> None:
        self._order = order
        self._work = work
        self._framework = framework
        self._append = append
        self._notify = notify
        self._recorder = recorder
        self._writes = writes
        self._directory = Path(work.directory)
        self._best: tuple[int, int] = (-1, 0)
        self._newest: list[int] = []
        self._evaluated = 0
        self.startup: dict[str, float] = {}
        self.steps: list[TrainedStep] = []
        self.done = work.step or 0
        self.total = 0

    @property
    def place(self) -> str:
        """How far the training is."""
        return f"after step {self.done} of {self.total}"

    def start(self) -> None:
        """Import, build, restore, and begin this part of the record."""
        training = self._work.training
        with phase("import", self.startup, self._notify):
            self._framework.import_for(self._order.cell)
        with phase("build", self.startup, self._notify):
            self.trainer = self._framework.train(training, self._order.options)
            if self._work.step is not None:
                self.trainer.restore(read_checkpoint(self._directory, self._work.step))
        self.total = self.trainer.steps_per_epoch * training.epochs
        most = self._order.protocol.measured_steps
        if self.total > most:
            raise InputError(
                f"{training.name}: {training.epochs} epochs are {self.total} steps, and at most"
                f" {most} are kept; lower epochs or raise batch_size"
            )
        state = self.trainer.state()
        if self._writes:
            check_room(self._directory, state)
            self._recall()
        self._append(
            Began(
                at=_now(),
                step=self.done,
                steps_per_epoch=self.trainer.steps_per_epoch,
                notes=self._work.notes,
            )
        )

    def run(self, stop_requested: Callable[[], bool]) -> Outcome:
        """Train until the last step, or until a request or the time limit; always save then."""
        began = time.monotonic()
        if self._ended_before_evaluating():
            self._evaluate_if_due()
        self._tell(TRAINING)
        while self.done < self.total:
            step = self.trainer.step()
            self.steps.append(step)
            self.done = step.step
            if self._recorder is not None:
                self._recorder.on_step(MEASURING, len(self.steps), self.total)
            self._append(step)
            self._tell(TRAINING)
            limit = self._work.max_seconds
            is_late = limit is not None and time.monotonic() - began >= limit
            stop = self._agreed(is_late=is_late, is_asked=stop_requested())
            is_end = self.done % self.trainer.steps_per_epoch == 0
            every = self._work.checkpoint_every
            if is_end or stop is not None or (every and self.done % every == 0):
                self._save()
            if is_end:  # after the checkpoint, as it takes long and may meet a bad record
                self._evaluate_if_due()
            if stop is not None and self.done < self.total:
                return stop
        return Outcome.FINISHED

    def end(self, outcome: Outcome, reason: str = "") -> None:
        """Say how this part ended."""
        self._append(Ended(at=_now(), step=self.done, outcome=outcome, reason=reason))

    def _tell(self, phase: str) -> None:
        self._notify(Progress(phase, self.done, self.total))

    def _recall(self) -> None:
        """What earlier parts say of the best epoch and of the newest checkpoints."""
        for event in read_events(self._directory).events:
            if isinstance(event, Evaluated) and event.step <= self.done:
                self._note_accuracy(event.step, event.evaluation.top1)
                self._evaluated = event.step
            if isinstance(event, Saved) and event.step <= self.done:
                self._note_saved(event.step)

    def _note_accuracy(self, step: int, top1: int) -> None:
        """Remember the best epoch; of several, the first."""
        if top1 > self._best[0]:
            self._best = (top1, step)

    def _note_saved(self, step: int) -> None:
        """Remember the newest checkpoints; a part that went on from an older one repeats some."""
        self._newest = [*(other for other in self._newest if other < step), step][-_NEWEST:]

    def _agreed(self, *, is_late: bool, is_asked: bool) -> Outcome | None:
        """Why this step is the last one, the same on every rank; None if it is not."""
        own = Outcome.STOPPED if is_asked else Outcome.TIME_OVER if is_late else None
        if self._order.cell.gpus == 1:
            return own
        if self.done % _AGREE_EVERY and self.done % self.trainer.steps_per_epoch:
            return None
        said = self._framework.gather(json.dumps(own and own.value))
        found = {json.loads(text) for text in said} - {None}
        return Outcome(min(found)) if found else None

    def _ended_before_evaluating(self) -> bool:
        """Whether the part before ended between a checkpoint of an epoch and its evaluation."""
        if not self.done or self.done % self.trainer.steps_per_epoch:
            return False
        own = self._evaluated < self.done
        if self._order.cell.gpus == 1:
            return own
        first, *_ = self._framework.gather(json.dumps(own))  # which alone reads the record
        return bool(json.loads(first))

    def _evaluate_if_due(self) -> None:
        epoch, every = self.done // self.trainer.steps_per_epoch, self._work.eval_every
        if every is None or (epoch % every and self.done < self.total):
            return
        self._tell(EVALUATING)
        evaluation = self.trainer.evaluate()
        self._note_accuracy(self.done, evaluation.top1)
        self._append(Evaluated(step=self.done, evaluation=evaluation))
        self._prune()

    def _save(self) -> None:
        self._tell(SAVING)
        state = self.trainer.state()
        if not self._writes:
            return
        began = time.perf_counter()
        written = write_checkpoint(self._directory, self.done, state)
        self._append(
            Saved(
                step=self.done,
                file=written.file,
                bytes=written.bytes,
                sha256=written.sha256,
                seconds=time.perf_counter() - began,
            )
        )
        self._note_saved(self.done)
        self._prune()

    def _prune(self) -> None:
        if self._writes:
            prune(self._directory, {*self._newest, self._best[1]}, self.done)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
