"""A training for the terminal, as Markdown and as CSV: its epochs, and what accuracy it reached."""

from collections.abc import Iterator, Mapping, Sequence

from suite.formats.documents import fill_template
from suite.formats.frame_csv import frame_csv
from suite.formats.numbers import (
    MISSING,
    duration,
    joules,
    kilowatt_hours,
    milliseconds,
    percent,
    rate,
)
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, plain_table, write_table
from suite.formats.telemetry import parts_telemetry_table
from suite.model.cell import KernelName, Precision
from suite.model.text import shown
from suite.model.training import TrainedStep
from suite.model.training_course import (
    Accuracy,
    Epoch,
    TrainingCourse,
    TrainingEnergy,
)
from suite.model.training_record import TrainingHeader

# A terminal has this many of the first and of the last epochs; the files have all.
_FIRST, _LAST = 3, 10
SIMULATED = "a small problem stood in for the network: no number here says anything of one"
# What the names of facts take beside their values.
_NAMES = 19
EXPLANATION = (
    "Loss is the mean over the epoch's steps, weight decay included; the learning rate is that of"
    " its last step; img/s is images / elapsed time of its steps. The interval of top-1 is"
    " Wilson's with 95 %, of the validation images alone: another seed changes top-1 as well."
)


def epoch_line(epoch: Epoch, header: TrainingHeader, left: float | None) -> str:
    """An epoch in one line."""
    accuracy = epoch.accuracy
    parts = [
        f"epoch {epoch.number}/{header.training.epochs}",
        f"loss {loss(epoch.loss)}",
        f"learning rate {learning_rate(epoch.learning_rate)}",
        *(
            [f"top-1 {percent(accuracy.top1)}", f"top-5 {percent(accuracy.top5)}"]
            if accuracy
            else []
        ),
        f"{rate(epoch.images_per_second)} img/s",
        duration(epoch.total_seconds),
        *([f"{duration(left)} left"] if left is not None else []),
    ]
    return ", ".join(parts)


def step_line(
    recent: Sequence[TrainedStep],
    header: TrainingHeader,
    per_epoch: int,
    phase: str,
    accuracy: Accuracy | None,
    left: float | None,
) -> str:
    """Where a training is, by its recent steps, in one line."""
    step = recent[-1]
    epoch = (step.step - 1) // per_epoch + 1
    parts = [
        f"{phase}: epoch {epoch}/{header.training.epochs}",
        f"step {step.step - (epoch - 1) * per_epoch}/{per_epoch}",
        f"loss {loss(step.loss)}",
        f"learning rate {learning_rate(step.learning_rate)}",
        *([f"top-1 {percent(accuracy.top1)}"] if accuracy else []),
        *([f"{duration(left)} left"] if left is not None else []),
    ]
    return ", ".join(parts)


def training_text(course: TrainingCourse, width: int = TEXT_WIDTH) -> str:
    """The training for the terminal."""
    epochs = course.epochs
    if len(epochs) > _FIRST + _LAST:
        epochs = (*epochs[:_FIRST], *epochs[-_LAST:])
    parts = [plain_table(list(training_facts(course)), width - _NAMES), ""]
    if epochs:
        parts += [write_table(epoch_table(epochs), Dialect.TERMINAL, width)]
    if len(epochs) < len(course.epochs):
        parts += [f"epochs {_FIRST + 1} to {course.epochs[-_LAST].number - 1} are in training.csv"]
    parts += [paragraph(EXPLANATION, width)]
    parts += [paragraph(f"note: {shown(note)}", width) for note in training_notes(course)]
    return "\n".join(parts)


def training_markdown(course: TrainingCourse, plots: Sequence[str]) -> str:
    """The same as a Markdown document, with these pictures."""
    facts = Table("", ("", ""), list(training_facts(course)), left=2)
    machine = parts_telemetry_table(course)
    return fill_template(
        "training.md.j2",
        name=course.header.training.name,
        purpose=course.header.training.purpose,
        facts=write_table(facts, Dialect.MARKDOWN),
        epochs=write_table(epoch_table(course.epochs), Dialect.MARKDOWN) if course.epochs else "",
        explanation=EXPLANATION,
        machine=write_table(machine, Dialect.MARKDOWN) if machine else "",
        notes=list(training_notes(course)),
        plots=list(plots),
    )


def training_csv(course: TrainingCourse) -> str:
    """A line for each epoch; times in seconds, shares between 0 and 1."""
    import pandas as pd

    frame = pd.DataFrame([_line(epoch) for epoch in course.epochs], columns=_COLUMNS)
    return frame_csv(frame.astype({"validation_images": "Int64"}))


def loss(value: float | None) -> str:
    """A loss with four decimals."""
    return MISSING if value is None else f"{value:.4f}"


def learning_rate(value: float) -> str:
    """A learning rate with four digits."""
    return f"{value:.4g}"


def training_facts(course: TrainingCourse) -> Iterator[tuple[str, str]]:
    """What was trained and what it came to, each fact with its name."""
    header = course.header
    training = header.training
    yield "recipe", f"{training.name}: {training.purpose}"
    yield "cell", training.cell.id
    yield "device", header.device
    yield "settings", ", ".join(" ".join(each) for each in training_settings(header).items())
    overrides = [f"{each.name} {each.given} (not {each.declared})" for each in header.overrides]
    yield "overrides", ", ".join(overrides) or "none"
    yield "epochs", f"{course.whole_epochs} of {training.epochs}" + _state(course)
    if course.last and course.last.accuracy:
        yield "top-1", _accuracy(course.last, course.last.accuracy)
        yield "published top-1", _published(course)
    if course.best and course.best.accuracy and course.best != course.last:
        yield "best epoch", _accuracy(course.best, course.best.accuracy)
    if course.images_per_second is not None:
        yield "speed", _speed(course)
    yield "time", _time(course)
    if course.published_hours is not None:
        hours = f"{course.published_hours:g} h, estimated from the throughput of steps with XLA"
        yield "published time", hours
    if course.parts:
        yield "energy", _energy(course.energy)
    if alone := all_reduce_words(course):
        yield "all-reduce", alone


def _energy(spent: TrainingEnergy) -> str:
    if spent.joules is None:
        return f"not known: {energy_basis(spent)}"
    return f"{joules(spent.joules)} ({kilowatt_hours(spent.joules)} kWh) {energy_basis(spent)}"


def energy_basis(spent: TrainingEnergy) -> str:
    """What the energy of a training is of, and of which parts it is not known."""
    if spent.joules is None:
        return "; ".join(dict.fromkeys(spent.missing.values()))
    missing = [f"part {part + 1}: {reason}" for part, reason in spent.missing.items()]
    of = f"; without {'; '.join(missing)}" if missing else ""
    return (
        f"by {', '.join(spent.sources)}, evaluations and checkpoints included, first"
        f" step{'s' * (spent.known_parts > 1)} not{of}"
    )


def all_reduce_words(course: TrainingCourse) -> str:
    """How long ranks exchange gradients, by the last part that timed it; empty where none did."""
    timed = [each for each in course.machine if each.all_reduce_seconds is not None]
    if not timed:
        return ""
    share = timed[-1].all_reduce_share
    of = "" if share is None else f", {percent(share)} of a mean step"
    return f"{milliseconds(timed[-1].all_reduce_seconds)} ms for the gradients alone{of}"


def training_notes(course: TrainingCourse) -> Iterator[str]:
    """What to know of its numbers: what stood in, what was lost, and what slowed the machine."""
    if course.header.training.cell.kernel is KernelName.SIMULATED:
        yield SIMULATED
    yield from course.notes
    for each in course.machine:
        yield from (f"part {each.part + 1}: {caution.seen}" for caution in each.cautions)
    if course.conditions.onednn_remedy:
        yield f"oneDNN's kernels were off; {course.conditions.onednn_remedy}"


def _state(course: TrainingCourse) -> str:
    if course.ended is None or not course.ended.reason:
        return ""
    return f" ({course.ended.outcome.value}: {course.ended.reason})"


def training_settings(header: TrainingHeader) -> Mapping[str, str]:
    """The settings of the recipe by name, as far as they have an effect."""
    training = header.training
    recipe = training.recipe
    found: dict[str, object] = {}
    for name in type(recipe).__dataclass_fields__:
        value = getattr(recipe, name)
        if name == "static_loss_scale":
            if training.cell.precision is not Precision.AMP:
                continue
            value = "dynamic" if value is None else value
        found[name] = str(value).lower() if isinstance(value, bool) else value
    found |= {"global batch": training.cell.global_batch_size, "seed": training.seed}
    return {name: str(value) for name, value in found.items()}


def accuracy_text(accuracy: Accuracy) -> str:
    """Top-1 with its interval, and top-5."""
    return (
        f"{accuracy.top1:.2%} (95 %: {accuracy.top1_low:.2%} to {accuracy.top1_high:.2%}),"
        f" top-5 {accuracy.top5:.2%}, of {accuracy.images} images"
    )


def _accuracy(epoch: Epoch, accuracy: Accuracy) -> str:
    return f"{accuracy_text(accuracy)} after epoch {epoch.number}"


def _published(course: TrainingCourse) -> str:
    published = course.header.training.published_top1
    if published is None:
        return "none for this recipe" + (" with these overrides" if course.header.overrides else "")
    if course.published_within is None:
        return f"{published:.2%}, after the last epoch"
    where = "within" if course.published_within else "outside"
    return f"{published:.2%}, {where} the interval"


def _speed(course: TrainingCourse) -> str:
    computed = course.conditions.compute_type
    where = f", computed in {computed}" if computed else ""
    return f"{rate(course.images_per_second)} img/s of all steps, compilation included{where}"


def _time(course: TrainingCourse) -> str:
    steps = sum(epoch.seconds for epoch in course.epochs)
    evaluations = sum(epoch.evaluation_seconds for epoch in course.epochs)
    lost = f"; steps made again, not counted: {course.lost_steps}" if course.lost_steps else ""
    return (
        f"{duration(course.seconds)} ({course.seconds / 3600:.2f} h) measured:"
        f" {duration(steps)} of steps,"
        f" {duration(evaluations)} of evaluations,"
        f" {duration(course.seconds - steps - evaluations)} of checkpoints{lost}"
    )


def epoch_table(epochs: Sequence[Epoch]) -> Table:
    """A row for each epoch."""
    has_scale = any(epoch.loss_scale is not None for epoch in epochs)
    scale = ("loss scale", "skipped") if has_scale else ()
    rates = ("learning rate", *scale)
    accuracies = ("top-1", "95 %", "top-5")
    headers = ("epoch", "steps", "loss", *rates, *accuracies, "img/s", "wait", "time")
    rows = [_row(epoch, has_scale=has_scale) for epoch in epochs]
    return Table("", headers, rows, left=0)


def _row(epoch: Epoch, *, has_scale: bool) -> tuple[str, ...]:
    accuracy = epoch.accuracy
    scale = MISSING if epoch.loss_scale is None else f"{epoch.loss_scale:g}"
    interval = f"{accuracy.top1_low:.1%} to {accuracy.top1_high:.1%}" if accuracy else MISSING
    return (
        str(epoch.number),
        str(epoch.steps),
        loss(epoch.loss),
        learning_rate(epoch.learning_rate),
        *([scale, str(epoch.skipped_steps)] if has_scale else []),
        f"{accuracy.top1:.2%}" if accuracy else MISSING,
        interval,
        f"{accuracy.top5:.2%}" if accuracy else MISSING,
        rate(epoch.images_per_second),
        percent(epoch.wait_share),
        duration(epoch.total_seconds),
    )


_COLUMNS = [
    "epoch", "steps", "loss", "cross_entropy", "learning_rate", "loss_scale", "skipped_steps",
    "top1", "top1_low", "top1_high", "top5", "validation_cross_entropy", "validation_images",
    "images_per_second", "wait_share", "steps_seconds", "evaluation_seconds", "saving_seconds",
]  # fmt: skip


def _line(epoch: Epoch) -> dict[str, object]:
    accuracy = epoch.accuracy
    return {
        "epoch": epoch.number,
        "steps": epoch.steps,
        "loss": epoch.loss,
        "cross_entropy": epoch.cross_entropy,
        "learning_rate": epoch.learning_rate,
        "loss_scale": epoch.loss_scale,
        "skipped_steps": epoch.skipped_steps,
        "top1": accuracy and accuracy.top1,
        "top1_low": accuracy and accuracy.top1_low,
        "top1_high": accuracy and accuracy.top1_high,
        "top5": accuracy and accuracy.top5,
        "validation_cross_entropy": accuracy and accuracy.cross_entropy,
        "validation_images": accuracy and accuracy.images,
        "images_per_second": epoch.images_per_second,
        "wait_share": epoch.wait_share,
        "steps_seconds": epoch.seconds,
        "evaluation_seconds": epoch.evaluation_seconds,
        "saving_seconds": epoch.saving_seconds,
    }
