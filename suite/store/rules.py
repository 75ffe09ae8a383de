"""The rules of a gate from a YAML file, read as strictly as a matrix."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt

from suite.analysis.comparability import CONDITIONS, condition_of
from suite.model.cell import BATCH_SIZES
from suite.model.comparability import DifferenceKind
from suite.model.gate import Metric
from suite.model.rules import LOSS_PERCENT, GateRules, MinimumLoss, SmallBatches
from suite.model.text import shown
from suite.store.located_yaml import LocatedYaml, read_yaml
from suite.store.nearest import nearest
from suite.store.yaml_model import Model, fitted, within

_EXAMPLE = "docs/gate-rules.yaml"
_SHOWN = 60

Percent = Annotated[StrictFloat, within(LOSS_PERCENT)]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class SmallBatchesModel(Model):
    """Another minimum loss for cells of small batches."""

    up_to: Annotated[StrictInt, within(BATCH_SIZES)]
    """The largest batch size per GPU for which it holds."""
    percent: Percent
    """The minimum loss of these cells, in percent of time."""


class MinimumLossModel(Model):
    """The smallest loss of a metric that is worth a verdict."""

    usual: Percent
    """That of all cells but those named below, in percent of time."""
    small_batches: list[SmallBatchesModel] = Field(default=[])
    """Those of cells of small batches, by rising batch size; the first that takes a cell counts."""


class MinimumLossesModel(Model):
    """The minimum loss of each metric; one that is left out keeps its default."""

    throughput: MinimumLossModel | None = None
    """Of images / elapsed time; by default 5, and 10 up to a batch size of 2."""
    latency_p50: MinimumLossModel | None = None
    """Of the median step; by default as for throughput."""
    latency_p99: MinimumLossModel | None = None
    """Of the 99th percentile of steps, which is shown and never decides; by default 10."""


class RulesModel(Model):
    """The rules of a gate."""

    gated: Annotated[list[Metric], Field(min_length=1)] = Field(default=[Metric.THROUGHPUT])
    """The metrics that decide: throughput, latency_p50."""
    minimum_loss_percent: MinimumLossesModel = MinimumLossesModel()
    allow: list[Text] = Field(default=[])
    """Differences from the baseline that are allowed although they may change times: [driver]."""
    canary: Text | None = None
    """The id of a cell that no change of the code touches."""
    wanted_loss_percent: Percent | None = None
    """The loss that a comparison has to be able to find; by default 5/3 of the minimum loss."""


def read_rules(path: Path) -> GateRules:
    """Read and check a file of rules; what it leaves out keeps its default.

    Raises:
        InputError: anything wrong with the file, as `path:line: place: problem; remedy`.
    """
    source = read_yaml(path, "rules file", _EXAMPLE)
    model = fitted(RulesModel, source)
    _check_gated(source, model.gated)
    _check_allowed(source, model.allow)
    usual = GateRules()
    given = {
        metric: _minimum_loss(source, metric, getattr(model.minimum_loss_percent, metric.value))
        for metric in Metric
    }
    return GateRules(
        gated=tuple(model.gated),
        minimum_losses={
            metric: given[metric] or default for metric, default in usual.minimum_losses.items()
        },
        allowed=tuple(model.allow),
        canary=model.canary,
        wanted_loss=_share(model.wanted_loss_percent) if model.wanted_loss_percent else None,
    )


def rules_schema() -> str:
    """The JSON Schema of a rules file, with which editors complete and check it."""
    schema = RulesModel.model_json_schema()
    schema["title"] = "Rules of a gate"
    return json.dumps(schema, indent=2) + "\n"


def _minimum_loss(
    source: LocatedYaml, metric: Metric, model: MinimumLossModel | None
) -> MinimumLoss | None:
    if model is None:
        return None
    for place, (one, other) in enumerate(pairwise(model.small_batches), 1):
        if other.up_to <= one.up_to:
            raise source.error(
                ("minimum_loss_percent", metric.value, "small_batches", place, "up_to"),
                f"{other.up_to} does not rise after {one.up_to}; order them by batch size",
            )
    return MinimumLoss(
        usual=_share(model.usual),
        small_batches=tuple(
            SmallBatches(up_to=each.up_to, loss=_share(each.percent))
            for each in model.small_batches
        ),
    )


def _share(percent: float) -> float:
    return percent / 100


def _check_gated(source: LocatedYaml, gated: Sequence[Metric]) -> None:
    for place, metric in enumerate(gated):
        if metric.is_advisory:
            problem = f"{metric.value} is shown and never decides; remove it"
            raise source.error(("gated", place), problem)
        if metric in gated[:place]:
            raise source.error(("gated", place), f"{metric.value} a second time; remove it")


def _check_allowed(source: LocatedYaml, names: Sequence[str]) -> None:
    """A name that allows nothing is a mistake, or a belief that the rules do not share."""
    known = _allowable()
    for place, name in enumerate(names):
        if any(each == name or each.startswith(f"{name}.") for each in known):
            continue
        condition = condition_of(name)
        if condition.name == "variables":
            continue
        word = shown(name, _SHOWN)
        problem = f"unknown difference '{word}'; {nearest(name, known)}"
        if condition.kind is DifferenceKind.BLOCKING:
            problem = f"{word} cannot be allowed: {condition.why}; save a baseline of its own"
        elif condition.kind is DifferenceKind.HARMLESS:
            problem = f"{word} needs no allowing: {condition.why}; remove it"
        raise source.error(("allow", place), problem)


def _allowable() -> list[str]:
    """The names of the differences that a rule may allow."""
    return [each.name for each in CONDITIONS if each.kind is DifferenceKind.EXPLAINED]
