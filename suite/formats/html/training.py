"""The page of a training: one file that loads nothing and runs no script."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from suite.formats.html.cells import proven_facts
from suite.formats.html.environment import device_facts, software_facts
from suite.formats.html.filling import filled_page
from suite.formats.html.text import Named, cell_look, day, moment
from suite.formats.numbers import duration, joules, kilowatt_hours, rate
from suite.formats.palette import Look
from suite.formats.plots import PanelGroup, panel_group
from suite.formats.plots.style import drawing
from suite.formats.plots.training import training_charts
from suite.formats.tables import Table
from suite.formats.telemetry import parts_telemetry_table
from suite.formats.training import (
    EXPLANATION,
    all_reduce_words,
    energy_basis,
    epoch_table,
    training_notes,
    training_settings,
)
from suite.model.text import command
from suite.model.training_course import TrainingCourse
from suite.model.training_record import Outcome, Override, TrainingHeader

_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of the numbers at the top: in `unit`, or `words` where there is none; and `lines`."""

    name: str
    number: str = ""
    unit: str = ""
    words: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPart:
    """Everything of a training that the page shows."""

    title: str
    purpose: str
    look: Look
    progress: str
    day: str
    cell: str
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    overrides: tuple[Override, ...]
    changed: tuple[Named, ...]
    figures: tuple[Figure, ...]
    plots: PanelGroup | None
    epochs: Table | None
    explanation: str
    began_with: str
    settings: tuple[Named, ...]
    records: tuple[Named, ...]
    machine: Table | None
    device: tuple[Named, ...]
    software: tuple[Named, ...]
    proven: tuple[Named, ...]


def training_html(course: TrainingCourse) -> str:
    """The whole page, by the same style as a run's report."""
    header = course.header
    training = header.training
    began = moment(header.started_at)
    part = TrainingPart(
        title=f"{training.name} on {header.device}",
        purpose=training.purpose,
        look=cell_look(training.cell),
        progress=f"{course.whole_epochs} of {training.epochs} epochs",
        day=day(began) if began else "",
        cell=training.cell.id,
        problems=tuple(_problems(course)),
        notes=tuple(training_notes(course)),
        overrides=header.overrides,
        changed=tuple(
            Named(name=each.name, text=f"{each.given} (the recipe has {each.declared})")
            for each in header.overrides
        ),
        figures=tuple(_figures(course)),
        plots=_plots(course),
        epochs=epoch_table(course.epochs) if course.epochs else None,
        explanation=EXPLANATION,
        began_with=command(["python", "bench.py", *header.command]) if header.command else "",
        settings=tuple(_named(_settings(header))),
        records=tuple(_named(_records(header))),
        machine=parts_telemetry_table(course),
        device=tuple(device_facts(header)),
        software=tuple(software_facts(header)),
        proven=tuple(proven_facts(course.conditions)),
    )
    return filled_page("training.html.j2", part=part)


def _plots(course: TrainingCourse) -> PanelGroup | None:
    if not course.points:
        return None
    with drawing():
        return panel_group(training_charts(course), "t")


def _problems(course: TrainingCourse) -> Iterator[str]:
    """Why the training is not whole, where it is not."""
    ended = course.ended
    if ended is not None and ended.outcome is not Outcome.FINISHED:
        yield f"{ended.outcome.value}: {ended.reason}"
    elif course.parts and not course.is_finished:
        yield "not finished: a process trains at the moment, or was killed"


def _figures(course: TrainingCourse) -> Iterator[Figure]:
    yield _accuracy(course)
    yield _time(course)
    yield _speed(course)
    yield _energy(course)


def _accuracy(course: TrainingCourse) -> Figure:
    published = course.header.training.published_top1
    beside = "nothing published for it" if published is None else f"published {published:.2%}"
    if published is not None and course.published_within is not None:
        beside += ", within the interval" if course.published_within else ", outside the interval"
    last = course.last
    if last is None or last.accuracy is None:
        return Figure(name="Top-1", words="not evaluated", lines=(beside,))
    accuracy = last.accuracy
    lines = [
        beside,
        f"95 %: {accuracy.top1_low:.2%} to {accuracy.top1_high:.2%}, of {accuracy.images} images",
        f"top-5 {accuracy.top5:.2%}, after epoch {last.number}",
    ]
    best = course.best
    if best is not None and best.accuracy is not None and best != last:
        lines.append(f"best: {best.accuracy.top1:.2%} after epoch {best.number}")
    return Figure(name="Top-1", number=f"{accuracy.top1:.2%}", lines=tuple(lines))


def _time(course: TrainingCourse) -> Figure:
    published = course.published_hours
    lines = [
        "of steps, evaluations and checkpoints",
        "nothing published for it"
        if published is None
        else f"published {published:g} h, estimated from the throughput of steps with XLA",
    ]
    if course.lost_steps:
        lines.append(f"{course.lost_steps} steps were made again, which is not counted")
    if course.seconds < _HOUR:
        return Figure(name="Time", words=duration(course.seconds), lines=tuple(lines))
    return Figure(name="Time", number=f"{course.seconds / _HOUR:.2f}", unit="h", lines=tuple(lines))


def _speed(course: TrainingCourse) -> Figure:
    if course.images_per_second is None:
        return Figure(name="Speed", words="no step")
    computed = course.conditions.compute_type
    alone = all_reduce_words(course)
    lines = [
        "of all steps, compilation included",
        f"computed in {computed}" if computed else "",
        f"all-reduce: {alone}" if alone else "",
    ]
    return Figure(
        name="Speed",
        number=rate(course.images_per_second),
        unit="img/s",
        lines=tuple(filter(None, lines)),
    )


def _energy(course: TrainingCourse) -> Figure:
    spent, basis = course.energy.joules, energy_basis(course.energy)
    if spent is None:
        return Figure(name="Energy", words="not known", lines=(basis,) if basis else ())
    number, unit = joules(spent).split()
    return Figure(
        name="Energy", number=number, unit=unit, lines=(f"{kilowatt_hours(spent)} kWh", basis)
    )


def _settings(header: TrainingHeader) -> Mapping[str, str]:
    training = header.training
    return {
        "epochs": str(training.epochs),
        "image size": str(training.cell.image_size),
        **training_settings(header),
    }


def _records(header: TrainingHeader) -> Mapping[str, str]:
    folders = {name: folder for name, folder in header.data.items() if folder}
    splits = {
        name: f"{split.shards} shards, {split.bytes / 2**20:,.1f} MiB"
        for name, split in header.splits.items()
    }
    return {**folders, **splits}


def _named(found: Mapping[str, str]) -> Iterator[Named]:
    return (Named(name=name, text=text) for name, text in found.items())
