"""Trainings beside each other: which differ in the seed alone, and how far the others are apart."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev

from suite.analysis.ratios import t_quantile
from suite.analysis.training_resume import facts_of_result
from suite.model.cell import Data
from suite.model.comparability import Value
from suite.model.training_course import TrainingCourse
from suite.model.training_groups import (
    GroupedTraining,
    SettingDifference,
    Top1Difference,
    TrainingGroup,
    TrainingGroups,
)
from suite.model.training_record import Outcome, TrainingHeader
from suite.model.training_summary import TrainingSummary

# They name a training, or say which of several equal GPUs it takes, and change no weight. The seed
# is what may differ within a group.
_IGNORED = {
    "seed", "recipe", "variables.CUDA_VISIBLE_DEVICES", "variables.NVIDIA_VISIBLE_DEVICES",
}  # fmt: skip
# Software that one rank does not use.
_BETWEEN_RANKS = {"horovod", "nccl"}


def grouped_training(summary: TrainingSummary, course: TrainingCourse) -> GroupedTraining:
    """A training as a member of a group; a finished one counts."""
    best, last = course.best, course.last
    return GroupedTraining(
        summary=summary,
        best_top1=best.accuracy.top1 if best and best.accuracy else None,
        best_epoch=best.number if best else None,
        validation_images=last.accuracy.images if last and last.accuracy else None,
        seconds=course.seconds,
        counts=summary.ended is Outcome.FINISHED and summary.top1 is not None,
    )


def training_groups(trainings: Sequence[GroupedTraining]) -> TrainingGroups:
    """Group one training or more, and set each group beside the first.

    The interval of a difference is Student's t for two independent samples of one variance
    ("Student", "The probable error of a mean", Biometrika 6, 1908; R. A. Fisher, "Statistical
    Methods for Research Workers", 1925, section 24.1): the standard deviation over seeds is pooled
    over all groups, as two or three seeds tell little of their own. Seeds that do not differ at all
    do not tell how far they may: then there is no interval either.
    """
    facts: list[dict[str, Value]] = []
    members: list[list[GroupedTraining]] = []
    for training in trainings:
        own = _facts(training.summary.header)
        if own in facts:
            _add(members[facts.index(own)], training)
        else:
            facts.append(own)
            members.append([training])
    groups = [
        _group(own, _differences(facts[0], its)) for own, its in zip(members, facts, strict=True)
    ]
    spreads = [
        (group.deviation, len(group.counted) - 1) for group in groups if group.deviation is not None
    ]
    freedom = sum(less_one for _, less_one in spreads)
    squares = sum(deviation**2 * less_one for deviation, less_one in spreads)
    deviation = math.sqrt(squares / freedom) if freedom else None
    base, *others = groups
    return TrainingGroups(
        groups=(
            base,
            *(replace(g, difference=_difference(base, g, deviation, freedom)) for g in others),
        ),
        deviation=deviation,
        freedom=freedom,
    )


def _facts(header: TrainingHeader) -> dict[str, Value]:
    """What the result depends on besides the seed, flat."""
    found: dict[str, Value] = {}
    for name, value in facts_of_result(header).items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{part}": _value(each) for part, each in value.items()}
        else:
            found[name] = _value(value)
    cell = header.training.cell
    unused = (_BETWEEN_RANKS if cell.gpus == 1 else set()) | (
        {"dali"} if cell.data is not Data.DALI else set()
    )
    return {name: value for name, value in found.items() if name not in _IGNORED | unused}


def _value(value: object) -> Value:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _differences(
    base: Mapping[str, Value], other: Mapping[str, Value]
) -> tuple[SettingDifference, ...]:
    return tuple(
        SettingDifference(name=name, base=base.get(name), other=other.get(name))
        for name in dict.fromkeys([*base, *other])
        if base.get(name) != other.get(name)
    )


def _add(group: list[GroupedTraining], training: GroupedTraining) -> None:
    """Add a training to a group; of those of one seed that are finished the first counts."""
    is_new = training.seed not in {each.seed for each in group if each.counts}
    group.append(replace(training, counts=training.counts and is_new))


def _group(
    trainings: Sequence[GroupedTraining], differences: tuple[SettingDifference, ...]
) -> TrainingGroup:
    counted = [each for each in trainings if each.counts]
    shares = [each.summary.top1 for each in counted if each.summary.top1 is not None]
    return TrainingGroup(
        trainings=tuple(trainings),
        differences=differences,
        mean=fmean(shares) if shares else None,
        deviation=stdev(shares) if len(shares) > 1 else None,
        mean_seconds=fmean(each.seconds for each in counted) if counted else None,
        difference=None,
    )


def _difference(
    base: TrainingGroup, other: TrainingGroup, deviation: float | None, freedom: int
) -> Top1Difference | None:
    if base.mean is None or other.mean is None:
        return None
    value = other.mean - base.mean
    if not deviation:
        return Top1Difference(value=value, interval=None)
    error = deviation * math.sqrt(1 / len(base.counted) + 1 / len(other.counted))
    half = t_quantile(freedom) * error
    return Top1Difference(value=value, interval=(value - half, value + half))
