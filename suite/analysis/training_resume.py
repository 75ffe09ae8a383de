"""Going on with a training: what must be as it was for the same result."""

from collections.abc import Mapping
from dataclasses import asdict

from suite.analysis.resume import differences
from suite.model.training_record import TrainingHeader

# Fields of the environment fingerprint on which the result of a step depends: what computes, and
# the variables that tell it how. A commit alone may change the words of a document.
_SOFTWARE = (
    "suite", "code", "python", "tensorflow", "keras", "horovod", "dali", "cuda_runtime", "cudnn",
    "nccl", "variables",
)  # fmt: skip


def training_changes(before: TrainingHeader, now: TrainingHeader) -> tuple[str, ...]:
    """What differs between a training and its continuation, one phrase each; empty if nothing.

    Compares the recipe with its overrides, the ranks and everything else in the cell, the records
    by the names and sizes of their shards, the device and the software. The folders of the records
    may differ, and so may how often the training is evaluated and saved: neither changes a weight.
    """
    return tuple(differences("", facts_of_result(before), facts_of_result(now)))


def facts_of_result(header: TrainingHeader) -> dict[str, object]:
    """All that the result of a training depends on, by name.

    `records` has what each split holds; it and the environment's `variables` are nested.
    """
    return {
        **_recipe(header),
        "records": _records(header),
        "device": header.device,
        **_software(header.environment),
    }


def _recipe(header: TrainingHeader) -> dict[str, object]:
    """All that the training is, less its words, and what was published, which changes nothing."""
    fields = asdict(header.training)
    return {
        "recipe": fields["name"],
        **{name: getattr(value, "value", value) for name, value in fields["cell"].items()},
        **fields["recipe"],
        **fields["reading"],
        "epochs": fields["epochs"],
        "seed": fields["seed"],
    }


def _records(header: TrainingHeader) -> dict[str, str]:
    return {
        name: f"{split.shards} shards of {split.bytes} bytes"
        for name, split in header.splits.items()
    }


def _software(environment: Mapping[str, object]) -> dict[str, object]:
    return {name: environment[name] for name in _SOFTWARE if name in environment}
