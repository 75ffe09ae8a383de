"""What a worker is told, as flags that people type, in both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from suite.kernels.interface import KernelOptions
from suite.model.cell import NUM_ITER, Cell, Data, Mode, Precision, Protocol
from suite.model.errors import InputError
from suite.model.reading import Reading, applicable_reading
from suite.model.recipe import PREPARATION, Recipe
from suite.model.text import command
from suite.run.flag_table import (
    DEFAULT_MEASURED_STEPS,
    FLAGS,
    OF_OTHER_MODES,
    PROGRAM,
    given_flags,
    made,
    settings_of,
)
from suite.run.order import LaunchOrder, started_ranks
from suite.store.data_set import epoch_steps

# The environment of a process that no launcher of ranks started.
_NO_LAUNCHER: Mapping[str, str] = MappingProxyType({})


def to_arguments(order: LaunchOrder) -> list[str]:
    """The flags that make `python -m suite.kernels` execute this order, which parse_order reads.

    Flags say neither where a worker of the runner answers nor, of the protocol, its launches, its
    deadlines and whether it is quick.
    """
    return [
        word
        for path, flag in FLAGS.items()
        for word in flag.words(attrgetter(path)(order) if path else flag.default)
    ]


def command_line(order: LaunchOrder) -> str:
    """The whole command, quoted for a shell, as the plan prints it."""
    return f"{PROGRAM} {command(to_arguments(order))}"


def parse_order(
    arguments: Sequence[str], environment: Mapping[str, str] = _NO_LAUNCHER
) -> LaunchOrder:
    """Read the flags of a cell by hand; `environment` is where a launcher of ranks says who it is.

    Raises:
        InputError: as `given_flags` and `order_of`.
    """
    return order_of(given_flags(arguments), environment)


def order_of(given: Mapping[str, Any], environment: Mapping[str, str]) -> LaunchOrder:
    """The order that flags of a benchmark mode give, from `given_flags`.

    Raises:
        InputError: a combination that cannot be measured, an epoch of records that are not there,
            or another number of ranks than the flags say.
    """
    has = given.get
    if not isinstance(has("mode", Mode.INFERENCE), Mode):
        raise InputError(f"--mode={given['mode'].value} measures no speed; give training_benchmark")
    if has("data_idx_dir") and not has("dali"):
        raise InputError("--data_idx_dir is read by --dali only; add --dali or leave it out")
    if has("synthetic_device") and has("data_dir"):
        raise InputError("--synthetic_device reads no records; give it or --data_dir, not both")
    if has("iter_unit") == "epoch" and not has("data_dir"):
        raise InputError("synthetic images have no epoch; give --iter_unit batch, or --data_dir")
    for flag in OF_OTHER_MODES:
        if has(flag.name):
            raise InputError(f"--{flag.name} changes nothing of a benchmark; leave it out")
    values = settings_of(given)
    gpus = values["cell.gpus"] = started_ranks(has("gpus"), environment)
    if values["options.data_dir"] and not has("dali"):
        values["cell.data"] = Data.TFRECORD
    steps = _steps(given, values, gpus)
    values["protocol.measured_steps"] = steps - values["protocol.warmup_steps"]
    cell, options = cell_and_options(values)
    protocol = made(Protocol, values, "protocol.")
    return made(LaunchOrder, values, cell=cell, protocol=protocol, options=options)


def cell_and_options(values: Mapping[str, Any]) -> tuple[Cell, KernelOptions]:
    """The cell and the options that settings, by their paths in an order, make.

    Raises:
        InputError: no machine could run such a cell, or something would have no effect on it.
    """
    cell = made(Cell, values, "cell.")
    if cell.contradiction:
        raise InputError(cell.contradiction)
    options = made(
        KernelOptions,
        values,
        "options.",
        recipe=made(Recipe, values, "options.recipe."),
        reading=made(Reading, values, "options.reading."),
    )
    _refuse_ineffective(cell, options)
    return cell, options


def _steps(given: Mapping[str, Any], values: Mapping[str, Any], gpus: int) -> int:
    """Steps in all, warm-up included. As published, --num_iter counts batches without records."""
    data_dir, warmup_steps = values["options.data_dir"], values["protocol.warmup_steps"]
    in_epochs = bool(data_dir) and given.get("iter_unit") != "batch"
    iterations: int = given.get("num_iter") or (
        1 if in_epochs else warmup_steps + DEFAULT_MEASURED_STEPS
    )
    steps = iterations
    if in_epochs:
        steps *= epoch_steps(data_dir, values["cell.mode"], values["cell.batch_size"] * gpus)
    if steps <= warmup_steps:
        are = f" (epochs, {steps} steps)" if in_epochs else ""
        raise InputError(
            f"--num_iter {iterations}{are} includes the warm-up, so it must exceed"
            f" --warmup_steps {warmup_steps}; raise it"
        )
    if steps not in NUM_ITER:
        raise InputError(
            f"--num_iter {iterations} (epochs, {steps} steps): more than {NUM_ITER.highest}"
            " steps; lower it"
        )
    return steps


def _refuse_ineffective(cell: Cell, options: KernelOptions) -> None:
    """Refuse what the cell's mode, precision or pipeline has no use for."""
    recipe, reading = options.recipe, options.reading
    changed = [
        field.name
        for field in fields(Recipe)
        if field.name != "weight_init"
        and getattr(recipe, field.name) != getattr(Recipe(), field.name)
    ]
    if changed and cell.mode is Mode.INFERENCE:
        raise InputError(f"only training uses {_recipe_flags(recipe, changed)}; leave it out")
    of_records = [name for name in changed if name in PREPARATION]
    if of_records and not cell.reads_records:
        flags = _recipe_flags(recipe, of_records)
        raise InputError(
            f"only images of records are cropped and mirrored; give --data_dir or leave out {flags}"
        )
    if "static_loss_scale" in changed and cell.precision is not Precision.AMP:
        raise InputError("--static_loss_scale is for --amp; add --amp or leave it out")
    effective = applicable_reading(reading, cell).given
    for name in reading.given:
        if name not in effective:
            what = f"{cell.mode.value} on {cell.data.value} images"
            raise InputError(f"--{name} changes nothing of {what}; leave it out")


def _recipe_flags(recipe: Recipe, names: Sequence[str]) -> str:
    """The flags that gave these settings of a recipe, which are not as published."""
    words = [FLAGS[f"options.recipe.{name}"].words(getattr(recipe, name)) for name in names]
    return " and ".join(flag for flag, *_ in words)
