"""Trainings beside each other, by groups that differ in more than the seed."""

from collections.abc import Iterator, Sequence
from string import ascii_uppercase

from suite.formats.documents import fill_template
from suite.formats.frame_csv import frame_csv
from suite.formats.numbers import MISSING, spread
from suite.formats.projection import hours
from suite.formats.run_list import training_state
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.formats.training import SIMULATED
from suite.model.cell import KernelName
from suite.model.comparability import Value
from suite.model.text import shown
from suite.model.training_groups import (
    GroupedTraining,
    SettingDifference,
    Top1Difference,
    TrainingGroup,
    TrainingGroups,
)
from suite.model.training_record import Outcome

_HOUR = 3600.0
_TITLE = "Trainings beside each other"
_EXPLANATION = (
    "Trainings of a group differ in the seed alone. Top-1 is that of the last evaluation. Of a"
    " group, top-1 and hours are means over its seeds, and sd is the standard deviation of top-1"
    " (n - 1) in percentage points, as is a difference. Hours are those of steps, evaluations and"
    " checkpoints."
)
_NO_SPREAD = (
    "No group has two finished seeds, so no difference has an interval: three seeds of each group"
    " would give one, such as --set seed=0, 1 and 2. Until then nothing tells a difference from"
    " chance."
)
_NO_SPREAD_AT_ALL = (
    "The seeds of no group differ at all in top-1, which does not tell how far seeds may differ: no"
    " difference has an interval."
)
_NOT_WILSON = (
    "The trainings share their validation images, so the binomial interval of top-1 in a training's"
    " own report is not the one to use between them."
)
_NO_BASE = "No training of A counts, so nothing can be set beside it."
_NOT_COUNTED = "What is not finished, or was never evaluated, is in no mean."
_SAME_SEED = "Of finished trainings of one seed the first counts: others are no independent trial."


def training_groups_text(found: TrainingGroups, width: int = TEXT_WIDTH) -> str:
    """The groups for the terminal."""
    parts = [_TITLE]
    parts += [paragraph(shown(line), width, hanging="   ") for line in _headings(found)]
    parts += ["", write_table(_groups(found), Dialect.TERMINAL, width), ""]
    parts += [paragraph(line, width) for line in _remarks(found)]
    parts += ["", write_table(_trainings(found), Dialect.TERMINAL, width), ""]
    parts += [f"{name}: {shown(each.summary.directory)}" for name, each in _named(found)]
    return "\n".join(parts)


def training_groups_markdown(found: TrainingGroups) -> str:
    """The same as a Markdown document."""
    return fill_template(
        "trainings.md.j2",
        title=_TITLE,
        headings=list(_headings(found)),
        groups=write_table(_groups(found), Dialect.MARKDOWN),
        remarks=list(_remarks(found)),
        trainings=write_table(_trainings(found), Dialect.MARKDOWN),
        directories=[f"{name}: {each.summary.directory}" for name, each in _named(found)],
    )


def training_groups_csv(found: TrainingGroups) -> str:
    """A line for each training, with the numbers of its group; shares between 0 and 1."""
    import pandas as pd

    lines = [
        _line(_letter(place), group, each)
        for place, group in enumerate(found.groups)
        for each in group.trainings
    ]
    return frame_csv(pd.DataFrame(lines).astype(dict.fromkeys(_COUNTS, "Int64")))


def _letter(place: int) -> str:
    """What the group in this place is called: A for the base, then B, C and so on."""
    return ascii_uppercase[place] if place < len(ascii_uppercase) else f"group {place + 1}"


def _named(found: TrainingGroups) -> Iterator[tuple[str, GroupedTraining]]:
    """Each training with its name: A1, A2 and so on."""
    for place, group in enumerate(found.groups):
        for number, each in enumerate(group.trainings, 1):
            yield f"{_letter(place)}{number}", each


def _headings(found: TrainingGroups) -> Iterator[str]:
    """What each group trained, and in what it differs from the base."""
    for place, group in enumerate(found.groups):
        header = group.trainings[0].summary.header
        about = f"{_letter(place)}: {header.training.name}, {header.training.cell.id}"
        differs = "; ".join(map(_difference_words, group.differences))
        yield f"{about}, not as A: {differs}" if differs else f"{about} on {header.device}"


def _difference_words(difference: SettingDifference) -> str:
    name = difference.name.removeprefix("variables.")
    return f"{name} {_setting(difference.other)} (A: {_setting(difference.base)})"


def _setting(value: Value) -> str:
    """As a recipe would write it."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _remarks(found: TrainingGroups) -> Iterator[str]:
    """What the numbers are, and what they do not tell."""
    trainings = [each for _, each in _named(found)]
    counted = [each for each in trainings if each.counts]
    headers = [each.summary.header for each in trainings]
    yield _EXPLANATION
    if any(group.difference for group in found.groups):
        yield from _about_differences(found, counted)
    if found.groups[0].mean is None and len(found.groups) > 1:
        yield _NO_BASE
    if len(epochs := {header.training.epochs for header in headers}) > 1:
        yield f"Epochs differ ({_listed(epochs)}), and with them how long was learnt."
    if any(_lacks(each) for each in trainings):
        yield _NOT_COUNTED
    if any(not each.counts and not _lacks(each) for each in trainings):
        yield _SAME_SEED
    if any(header.training.cell.kernel is KernelName.SIMULATED for header in headers):
        yield f"{SIMULATED.capitalize()}."


def _about_differences(found: TrainingGroups, counted: Sequence[GroupedTraining]) -> Iterator[str]:
    if found.deviation is None:
        yield _NO_SPREAD
    elif not found.deviation:
        yield _NO_SPREAD_AT_ALL
    else:
        degrees = f"{found.freedom} degree{'s' * (found.freedom > 1)} of freedom"
        yield (
            "95 % is the interval of a difference by how seeds differ: Student's t with"
            f" {degrees} and a standard deviation of {spread(found.deviation)} points, pooled over"
            " the groups with two seeds or more and assumed to be the same in all. Of twenty such"
            " intervals about one misses the true difference. Only one without 0 shows which group"
            " is better."
        )
    images = {each.validation_images for each in counted if each.validation_images is not None}
    if len(images) > 1:
        yield (
            f"Validation images differ ({_listed(images)}), so a difference may be that of the"
            " images."
        )
    else:
        yield _NOT_WILSON


def _listed(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _groups(found: TrainingGroups) -> Table:
    headers = ("group", "seeds", "mean top-1", "sd", "hours", "over A", "95 %", "")
    rows = [
        (
            _letter(place),
            str(len(group.counted)),
            _share(group.mean),
            spread(group.deviation),
            hours(group.mean_seconds and group.mean_seconds / _HOUR),
            *_difference(group.difference),
        )
        for place, group in enumerate(found.groups)
    ]
    return Table("", headers, rows)


def _difference(difference: Top1Difference | None) -> tuple[str, str, str]:
    if difference is None:
        return MISSING, MISSING, ""
    if difference.interval is None:
        return _points(difference.value), MISSING, "chance not excluded"
    low, high = difference.interval
    word = "higher" if difference.value > 0 else "lower"
    return (
        _points(difference.value),
        f"{_points(low)} to {_points(high)}",
        word if difference.is_shown else "chance not excluded",
    )


def _trainings(found: TrainingGroups) -> Table:
    headers = ("training", "seed", "top-1", "best", "after epoch", "images", "hours", "")
    rows = [
        (
            name,
            str(each.seed),
            _share(each.summary.top1),
            _share(each.best_top1),
            _count(each.best_epoch),
            _count(each.validation_images),
            hours(each.seconds / _HOUR),
            _state(each),
        )
        for name, each in _named(found)
    ]
    return Table("", headers, rows)


def _lacks(training: GroupedTraining) -> str:
    """What a training lacks to count, whatever others there are; empty if nothing."""
    if training.summary.ended is not Outcome.FINISHED:
        return f"not finished: {training_state(training.summary)}"
    return "" if training.summary.top1 is not None else "never evaluated"


def _state(training: GroupedTraining) -> str:
    """Why a training does not count, empty for one that does."""
    return "" if training.counts else _lacks(training) or "its seed again: not counted"


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2%}"


def _count(value: int | None) -> str:
    return MISSING if value is None else str(value)


def _points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{share * 100:+.2f}"


_COUNTS = ["seed", "best_epoch", "validation_images", "epochs", "group_seeds"]


def _line(name: str, group: TrainingGroup, training: GroupedTraining) -> dict[str, object]:
    header, difference = training.summary.header, group.difference
    low, high = (difference and difference.interval) or (None, None)
    return {
        "group": name,
        "recipe": header.training.name,
        "cell": header.training.cell.id,
        "device": header.device,
        "differs": "; ".join(map(_difference_words, group.differences)),
        "seed": training.seed,
        "state": training_state(training.summary),
        "counts": training.counts,
        "top1": training.summary.top1,
        "best_top1": training.best_top1,
        "best_epoch": training.best_epoch,
        "validation_images": training.validation_images,
        "epochs": training.summary.epochs,
        "seconds": training.seconds,
        "group_seeds": len(group.counted),
        "group_top1_mean": group.mean,
        "group_top1_sd": group.deviation,
        "group_over_base": difference and difference.value,
        "group_over_base_low": low,
        "group_over_base_high": high,
        "directory": training.summary.directory,
    }
