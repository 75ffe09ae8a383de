"""`bench.py train`: train by a recipe to an accuracy."""

import argparse
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from suite.cli.doctor import diagnosis_for, recorded_findings, say_findings
from suite.cli.headers import directory_name, new_header
from suite.cli.terminal import text_width
from suite.cli.training_files import read_training, write_training
from suite.cli.training_progress import TrainingProgress
from suite.cli.training_scalars import MISSING_NOTE, LiveScalars
from suite.cli.training_start import (
    hosts_of,
    matrix_of,
    record_options,
    record_splits,
    training_header,
)
from suite.cli.training_work import (
    TrainingPart,
    TrainingRequest,
    new_training,
    resumed_training,
)
from suite.formats.tables import paragraph
from suite.formats.tensorboard import FOLDER
from suite.formats.training import training_text
from suite.machine.devices import detect_machine
from suite.model.device import Machine, labelling_machine, used_gpus
from suite.model.distributed import RankLauncher
from suite.model.errors import ExitCode, InputError, UnfinishedError
from suite.model.launch import Launch, Status
from suite.model.matrix import Matrix
from suite.model.text import bench, command, shown
from suite.model.training_course import TrainingCourse
from suite.model.training_record import (
    Ended,
    Outcome,
    TrainingHeader,
    TrainingWork,
)
from suite.run.flag_table import PROGRAM
from suite.run.locks import hold_devices, locks_for
from suite.run.plan import PlannedLaunch, plan_launches
from suite.run.ranks.command import choose_launcher
from suite.run.ranks.hosts import check_hosts
from suite.run.session import Conduct, run_session
from suite.run.stop import Stop
from suite.store.checkpoints import checkpoint_steps
from suite.store.recipes import read_recipe, recipe_path
from suite.store.training_runs import as_stored_training, event_log, read_events

# The part of a training that a request is for, by the header of a new one and a name for it.
OpenPart = Callable[[TrainingHeader, str], AbstractContextManager[TrainingPart]]


def run(arguments: argparse.Namespace) -> ExitCode:
    """Train by a recipe and report; the exit code is that of `train`."""
    chosen = read_recipe(recipe_path(arguments.recipe), arguments.precision, arguments.settings)
    request = TrainingRequest(
        chosen=chosen,
        matrix=matrix_of(chosen, hosts_of(arguments, chosen)),
        options=record_options(arguments, chosen),
        subject=str(arguments.recipe),
        command=arguments.command,
        waits=arguments.wait,
        eval_every=arguments.eval_every,
        checkpoint_every=arguments.checkpoint_every,
        max_seconds=arguments.max_time,
    )
    return train(request, partial(_part, arguments))


def train(request: TrainingRequest, open_part: OpenPart) -> ExitCode:
    """Train and report; exit 3 if it failed or its time is over, and 130 if it was stopped.

    Raises:
        SuiteError: it cannot be trained here, not gone on with, or it failed.
    """
    chosen, matrix, options = request.chosen, request.matrix, request.options
    splits = record_splits(options, chosen.training.cell)
    machine = detect_machine()
    launcher = choose_launcher(matrix.distributed, os.environ)
    (planned,) = plan_launches(matrix, machine, options, launcher).launches
    if planned.skip_reason is not None:
        raise InputError(f"{request.subject}: cannot be trained here: {planned.skip_reason}")
    if planned.cell.gpus > 1 and isinstance(launcher, RankLauncher):
        check_hosts(matrix.distributed, launcher, os.environ)
    on_wait = _say_waiting if request.waits else None
    with hold_devices(locks_for(matrix.cells, machine), on_wait) as announce, Stop() as stop:
        diagnosis = diagnosis_for(matrix.cells, used_gpus(matrix.cells, machine), machine)
        say_findings(diagnosis)
        run_header = new_header(matrix, options, machine, recorded_findings(diagnosis))
        run_header = replace(run_header, command=request.command)
        header = as_stored_training(
            training_header(chosen, run_header, splits, by_hand=request.by_hand)
        )
        name = directory_name(run_header, labelling_machine(matrix.cells, machine))
        with open_part(header, f"{name}-train") as part:
            announce(part.directory)
            _say_beginning(part)
            ended = None
            if not part.is_finished:
                conduct = Conduct(
                    stop=stop,
                    launcher=launcher
                    if isinstance(launcher, RankLauncher)
                    else RankLauncher.MPIRUN,
                )
                ended = _train(_ordered(request, planned, part), matrix, machine, part, conduct)
            return _report(request, part, ended, stop)


def _part(
    arguments: argparse.Namespace, header: TrainingHeader, name: str
) -> AbstractContextManager[TrainingPart]:
    if arguments.resume is not None:
        return resumed_training(arguments, header)
    return new_training(arguments.out, name, header)


def _say_beginning(part: TrainingPart) -> None:
    """Say what is trained, what the user changed of it, and where it begins."""
    training = part.header.training
    words = [f"{training.name}: {training.epochs} epochs of {training.cell.id}"]
    words += [f"{each.name} {each.given}, not {each.declared}" for each in part.header.overrides]
    print(shown("; ".join(words)), flush=True)
    for note in part.notes:
        print(f"note: {shown(note)}", flush=True)
    if part.is_resumed and not part.is_finished:
        place = "the beginning" if part.step is None else f"step {part.step}"
        print(f"going on from {place}", flush=True)


def _ordered(request: TrainingRequest, planned: PlannedLaunch, part: TrainingPart) -> PlannedLaunch:
    """The launch with the training as its order."""
    work = TrainingWork(
        training=part.header.training,
        directory=str(part.directory.resolve()),
        step=part.step,
        notes=part.notes,
        eval_every=request.eval_every,
        checkpoint_every=request.checkpoint_every,
        max_seconds=request.max_seconds,
    )
    order = replace(planned.order, training=work, launch=part.number)
    return replace(planned, order=order)


def _train(
    planned: PlannedLaunch,
    matrix: Matrix,
    machine: Machine,
    part: TrainingPart,
    conduct: Conduct,
) -> Ended:
    """Train until the end or a request to stop; how that ended, which the events have as well."""
    scalars = LiveScalars(part.directory, part.header, read_events(part.directory).events)
    if scalars.problem:
        print(f"note: {shown(scalars.problem)}", flush=True)
    progress = TrainingProgress(part.directory, part.header, scalars.take)
    launches: list[Launch] = []
    try:
        with (
            scalars,
            progress as seen,
            conduct.stop.passed_to(seen.on_stop),
            suppress(KeyboardInterrupt),
        ):
            launches += run_session(
                [planned], matrix, machine, part.directory, seen.on_progress, conduct
            )
        if scalars.problem not in {"", MISSING_NOTE}:
            print(f"note: {shown(scalars.problem)}; `report` makes what is missing", flush=True)
        return _end_of(progress, launches) or _end_unsaid(part.directory, launches, conduct.stop)
    except InputError as error:
        raise UnfinishedError(f"{error}; what was written before is kept") from None


def _end_of(progress: TrainingProgress, launches: Sequence[Launch]) -> Ended | None:
    """What the worker said; None if it could not, or if the runner knows better.

    Such as that another device computed than that of the run.
    """
    is_invalid = any(launch.status is Status.INVALID for launch in launches)
    ended = progress.ended
    believes = ended is not None and ended.outcome in {Outcome.FINISHED, Outcome.TIME_OVER}
    return None if is_invalid and believes else ended


def _end_unsaid(directory: Path, launches: Sequence[Launch], stop: Stop) -> Ended:
    """Record the end of a worker that could not: it was ended, ended itself, or knew no better."""
    reason = launches[0].reason if launches else "stopped by a second Ctrl-C"
    is_stopped = all(launch.status is Status.INTERRUPTED for launch in launches)
    ended = Ended(
        at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        step=max(checkpoint_steps(directory), default=0),
        outcome=Outcome.STOPPED if stop.by is not None and is_stopped else Outcome.FAILED,
        reason=reason,
    )
    with event_log(directory) as append:
        append(ended)
    return ended


def _report(
    request: TrainingRequest, part: TrainingPart, ended: Ended | None, stop: Stop
) -> ExitCode:
    way_on = _way_on(request, part.directory)
    if ended is not None and ended.outcome is Outcome.REFUSED:
        raise InputError(f"{ended.reason}; nothing was trained")
    course = read_training(part.directory).course
    files, unwritten = _written(course, part.directory)
    print(f"\n{training_text(course, text_width())}")
    has_scalars = (part.directory / FOLDER).is_dir()
    files += [f"{FOLDER}/"] * has_scalars
    held = ", ".join([*files, "training.json", "events.jsonl", "checkpoints/", "cells/"])
    print(paragraph(f"training directory: {shown(str(part.directory))} ({held})", text_width()))
    if unwritten is not None:
        raise UnfinishedError(f"{unwritten}; make room, then write the rest with: {way_on}")
    if ended is None:
        print("nothing was missing")
    if ended is None or ended.outcome is Outcome.FINISHED:
        return ExitCode.GOOD
    if ended.outcome is Outcome.FAILED:
        kept = max(checkpoint_steps(part.directory), default=None)
        last = (
            "no checkpoint was written" if kept is None else f"the checkpoint of step {kept} stays"
        )
        raise UnfinishedError(f"{ended.reason}; {last}; go on with: {way_on}")
    is_late = ended.outcome is Outcome.TIME_OVER
    by = f"stopped by {stop.by or 'a SIGTERM to the worker'}"
    limit = "--max_seconds" if request.by_hand else "--max-time"
    why = f"{limit} is over" if is_late else by
    print(f"not finished ({why}): {ended.reason}; go on with: {way_on}")
    return ExitCode.CELL_FAILED if is_late else ExitCode.INTERRUPTED


def _written(course: TrainingCourse, directory: Path) -> tuple[list[str], InputError | None]:
    """The files that could be written of it, and why others could not."""
    try:
        return write_training(course, directory), None
    except InputError as error:
        return [], error


def _way_on(request: TrainingRequest, directory: Path) -> str:
    """The same command, to go on in this directory."""
    words = request.command
    if request.by_hand:
        return f"{PROGRAM} {command(words)}"
    kept: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        is_value = before == "--resume" and not word.startswith("-")
        if not is_value and word.partition("=")[0] != "--resume":
            kept.append(word)
    return bench(*kept, "--resume", str(directory))


def _say_waiting(text: str) -> None:
    print(f"waiting: {shown(text)}", flush=True)
