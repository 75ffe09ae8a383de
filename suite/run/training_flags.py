"""A training to an accuracy by the published scripts' flags, in place of a recipe file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suite.kernels.interface import KernelOptions
from suite.model.cell import Data, KernelName, Mode
from suite.model.distributed import rank_of, unknown_launcher
from suite.model.errors import InputError
from suite.model.training import EPOCHS, Training
from suite.model.training_record import ChosenTraining
from suite.run.flag_table import TrainingMode, settings_of
from suite.run.flags import cell_and_options

_NAME = "by_hand"
# Flags by which a benchmark is measured, and what else a training has no use for.
_OF_BENCHMARKS = (
    "weights",
    "gpu",
    "graph",
    "synthetic_device",
    "compression",
    "threads",
    "launch",
    "no_telemetry",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingByHand:
    """What the flags of `--mode=train` or `--mode=train_and_evaluate` ask for.

    `options` has the folders of the records. `directory` is the training directory, new or to go on
    with. `evaluates` says whether the last epoch is followed by an evaluation, and `max_seconds`
    when to stop before. `notes` name flags that published scripts give and that change nothing.
    """

    mode: TrainingMode
    chosen: ChosenTraining
    options: KernelOptions
    directory: str
    evaluates: bool
    max_seconds: float | None
    notes: tuple[str, ...]


def training_of(given: Mapping[str, Any], environment: Mapping[str, str]) -> TrainingByHand:
    """The training that flags of a training mode give, from `given_flags`.

    `environment` is where a launcher of ranks would say that this process is one of several.

    Raises:
        InputError: flags that no training has, or that contradict each other, or this process is
            one of several.
    """
    mode: TrainingMode = given["mode"]
    values = settings_of(given)
    _refuse(given, environment, simulated=values["cell.kernel"] is KernelName.SIMULATED)
    condition = {
        "cell.mode": Mode.TRAINING,
        "cell.gpus": given.get("gpus", 1),
        "cell.data": Data.DALI if "dali" in given else Data.TFRECORD,
    }
    cell, options = cell_and_options({**values, **condition})
    epochs: int = given.get("num_iter", 1)
    if epochs not in EPOCHS:
        raise InputError(
            f"--num_iter {epochs}: a training has at most {EPOCHS.highest} epochs; lower it"
        )
    return TrainingByHand(
        mode=mode,
        chosen=ChosenTraining(
            training=Training(
                name=_NAME,
                purpose=f"--mode={mode.value} with the published scripts' flags",
                cell=cell,
                epochs=epochs,
                recipe=options.recipe,
                reading=options.reading,
                seed=options.seed,
            ),
            system=None,
            overrides=(),
        ),
        options=KernelOptions(
            data_dir=options.data_dir,
            data_idx_dir=options.data_idx_dir if cell.data is Data.DALI else None,
        ),
        directory=given.get("model_dir") or values["results_dir"],
        evaluates=mode is TrainingMode.TRAIN_AND_EVALUATE,
        max_seconds=values["protocol.max_seconds"],
        notes=_notes(given),
    )


def _refuse(given: Mapping[str, Any], environment: Mapping[str, str], *, simulated: bool) -> None:
    mode = f"--mode={given['mode'].value}"
    for name in _OF_BENCHMARKS:
        if name in given:
            raise InputError(f"--{name} is of the benchmarks; leave it out of {mode}")
    if given.get("iter_unit") == "batch":
        raise InputError(
            f"{mode} trains whole epochs; give --iter_unit epoch, or --mode=training_benchmark to"
            " measure a number of steps"
        )
    if not (given.get("data_dir") or simulated):
        raise InputError(
            f"{mode} trains on records; give --data_dir DIR with train-* and validation-* shards"
        )
    if given.get("data_dir") and simulated:
        raise InputError("--kernel simulated reads no records; leave out --data_dir")
    if "to_predict" in given:
        raise InputError(f"--to_predict is for --mode=predict; leave it out of {mode}")
    if "export_dir" in given and given["mode"] is TrainingMode.TRAIN:
        raise InputError(
            "--export_dir is written after an evaluation; give it with --mode=train_and_evaluate"
        )
    refuse_ranks(given, environment)


def refuse_ranks(given: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    """Refuse to be one of several processes that would all do the same.

    Raises:
        InputError: this process is one.
    """
    ranks = rank_of(environment).size
    stray = unknown_launcher(environment)
    if ranks > 1 or stray is not None:
        several = f"{ranks} ranks" if stray is None else f"several processes ({stray})"
        raise InputError(
            f"--mode={given['mode'].value} was started as {several}; start it once, without mpirun"
            " or srun: a training starts its own ranks, as many as --gpus says"
        )


def _notes(given: Mapping[str, Any]) -> tuple[str, ...]:
    """What the published scripts say that has no effect on a training."""
    notes = []
    if "warmup_steps" in given:
        notes.append("--warmup_steps changes nothing of a training: every step is recorded")
    if "data_idx_dir" in given and "dali" not in given:
        notes.append("--data_idx_dir changes nothing without --dali")
    if "results_dir" in given and "model_dir" in given:
        notes.append("--results_dir changes nothing beside --model_dir")
    return tuple(notes)
