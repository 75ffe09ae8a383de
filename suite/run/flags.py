"""What a worker is told, as flags that people type: one table, read in both directions."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar

from suite.kernels.interface import KernelOptions
from suite.model.axis import Flag, Switch, Switches
from suite.model.bounds import Bounds
from suite.model.cell import (
    AXES,
    LAUNCHES,
    NUM_ITER,
    SECONDS,
    WARMUP_STEPS,
    Cell,
    Data,
    Mode,
    Precision,
    Protocol,
)
from suite.model.distributed import Compression
from suite.model.errors import InputError
from suite.model.flag_values import SEEDS, checked, decimal, whole
from suite.model.matrix import THREADS
from suite.model.reading import (
    DECODE_THREADS,
    OPEN_FILES,
    SHUFFLED_RECORDS,
    Reading,
    applicable_reading,
)
from suite.model.recipe import (
    CROP_MIN_AREAS,
    LR_INITS,
    LR_WARMUP_EPOCHS,
    MIXUPS,
    PREPARATION,
    SCALES,
    WEIGHT_DECAYS,
    Recipe,
)
from suite.model.text import command
from suite.run.order import LaunchOrder, started_ranks
from suite.run.published_flags import own_names
from suite.store.data_set import epoch_steps
from suite.store.flags import Parser, path_text

# Steps measured where --num_iter does not say how many, and where no records make an epoch of 1.
_DEFAULT_MEASURED_STEPS = 50

# What a person types for one cell.
_PROGRAM = "python -m suite.kernels"

# The environment of a process that no launcher of ranks started.
_NO_LAUNCHER: Mapping[str, str] = MappingProxyType({})

_SHARES = Bounds(0, 1)
# The published value of --static_loss_scale for a scale that adapts itself.
_DYNAMIC = "-1"

_Part = TypeVar("_Part", Cell, Protocol, KernelOptions, Recipe, Reading, LaunchOrder)


def _share(text: str) -> float:
    share = _SHARES.decimal(text)
    if share == 1:
        raise ValueError(f"{text} is not below 1")
    return share


def _scale(text: str) -> float | None:
    if text in {_DYNAMIC, f"{_DYNAMIC}.0"}:
        return None
    try:
        return SCALES.decimal(text)
    except ValueError as error:
        raise ValueError(f"{error}, nor -1") from None


def _scale_text(scale: float | None) -> str:
    return _DYNAMIC if scale is None else str(scale)


def _short(number: float) -> str:
    """A number without a superfluous `.0`; read back, it is the same."""
    return str(int(number)) if number == int(number) else str(number)


# What each flag sets, as a path in an order, under the titles of --help and in the order of a
# command. Two are not a field as it stands: --num_iter may count epochs, see `_steps`, and
# --iter_unit, which no field holds, is always "batch" in a command. A flag of an option has the
# default of the option.
_PLACE: dict[str, Flag | Switches] = {
    "options.data_dir": Flag(
        "data_dir",
        help="TFRecord shards; without it, synthetic images",
        read=path_text,
        metavar="DIR",
    ),
    "options.data_idx_dir": Flag(
        "data_idx_dir", help="DALI index files of those shards", read=path_text, metavar="DIR"
    ),
    "options.weights": Flag(
        "weights",
        help="a .ckpt or .keras file of a trained network, for inference (default: new weights)",
        read=path_text,
        metavar="FILE",
    ),
    "options.seed": Flag(
        "seed", help="seed of weights and images (%(default)s)", read=whole(SEEDS)
    ),
    "options.compression": Flag(
        "compression",
        help="type in which gradients cross between ranks (%(default)s)",
        choices={member.value: member for member in Compression},
    ),
    "options.threads": Flag(
        "threads", help="cap on CPU threads (default: every core)", read=whole(THREADS)
    ),
}
_MEASURING: dict[str, Flag | Switches] = {
    "protocol.warmup_steps": Flag(
        "warmup_steps",
        50,
        "steps before measuring (%(default)s)",
        read=whole(WARMUP_STEPS),
        always=True,
    ),
    "protocol.num_iter": Flag(
        "num_iter",
        help="epochs or steps, warm-up included (1 epoch of records, else the warm-up and"
        f" {_DEFAULT_MEASURED_STEPS} steps)",
        read=whole(NUM_ITER),
        always=True,
    ),
    "": Flag(
        "iter_unit",
        "batch",
        "unit of --num_iter (epoch of records, else batch)",
        choices={"epoch": "epoch", "batch": "batch"},
        always=True,
    ),
    "protocol.max_seconds": Flag(
        "max_seconds",
        help="cap on warm-up and measuring together",
        read=decimal(SECONDS),
        write=_short,
    ),
    "launch": Flag(
        "launch",
        0,
        "number of this launch of the cell (%(default)s); if there is a record of it, the next"
        " free number is taken",
        read=whole(Bounds(0, LAUNCHES.highest - 1)),
    ),
    "telemetry": Switches(
        True, (Switch("no_telemetry", False, "leave power, clocks and memory unread"),)
    ),
    "results_dir": Flag(
        "results_dir",
        ".",
        "where the record goes (%(default)s)",
        read=path_text,
        metavar="DIR",
        always=True,
    ),
}
_READING: dict[str, Flag | Switches] = {
    "options.reading.shuffled_records": Flag(
        "shuffled_records",
        help="shuffle buffer in records; 0 keeps file order (training 4096, DALI 10000)",
        read=whole(SHUFFLED_RECORDS),
        metavar="N",
    ),
    "options.reading.decode_threads": Flag(
        "decode_threads",
        help="images decoded at once (10, DALI 4)",
        read=whole(DECODE_THREADS),
        metavar="N",
    ),
    "options.reading.open_files": Flag(
        "open_files",
        help="shards read in turn (10; not DALI)",
        read=whole(OPEN_FILES),
        metavar="N",
    ),
}
_RECIPE: dict[str, Flag | Switches] = {
    "options.recipe.weight_init": Flag(
        "weight_init", choices={"fan_out": "fan_out", "fan_in": "fan_in"}
    ),
    "options.recipe.lr_init": Flag("lr_init", help="rate per 256 images", read=decimal(LR_INITS)),
    "options.recipe.lr_warmup_epochs": Flag("lr_warmup_epochs", read=whole(LR_WARMUP_EPOCHS)),
    "options.recipe.cosine_lr": Switches(
        False, (Switch("cosine_lr", True, "cosine instead of steps at 30, 60, 80, 90"),)
    ),
    "options.recipe.momentum": Flag("momentum", read=checked(_share)),
    "options.recipe.weight_decay": Flag("weight_decay", read=decimal(WEIGHT_DECAYS)),
    "options.recipe.label_smoothing": Flag("label_smoothing", read=checked(_share)),
    "options.recipe.mixup": Flag("mixup", help="alpha; 0 mixes nothing", read=decimal(MIXUPS)),
    "options.recipe.static_loss_scale": Flag(
        "static_loss_scale",
        help="with --amp in float16; -1 adapts it (%(default)s, as the published scripts give)",
        read=checked(_scale),
        write=_scale_text,
    ),
    "options.recipe.crop_min_area": Flag(
        "crop_min_area",
        help="smallest share of an image's area in a random crop of records (%(default)s)",
        read=decimal(CROP_MIN_AREAS),
    ),
    "options.recipe.mirror": Switches(
        True, (Switch("no_mirror", False, "mirror no images of records"),)
    ),
}


def _with_defaults(table: Mapping[str, Flag | Switches]) -> dict[str, Flag | Switches]:
    options = KernelOptions()
    return {
        path: replace(flag, default=attrgetter(path.removeprefix("options."))(options))
        if path.startswith("options.")
        else flag
        for path, flag in table.items()
    }


_GROUPS: Mapping[str, Mapping[str, Flag | Switches]] = {
    "the cell": {f"cell.{name}": axis.flag for name, axis in AXES.items()},
    "what it runs on": _with_defaults(_PLACE),
    "how it is measured": _MEASURING,
    "reading of records, as published where left out": _with_defaults(_READING),
    "training recipe, with the published defaults": _with_defaults(_RECIPE),
}
_FLAGS = {path: flag for group in _GROUPS.values() for path, flag in group.items()}


def to_arguments(order: LaunchOrder) -> list[str]:
    """The flags that make `python -m suite.kernels` execute this order, which parse_order reads.

    Flags say neither where a worker of the runner answers nor, of the protocol, its launches, its
    deadlines and whether it is quick.
    """
    return [
        word
        for path, flag in _FLAGS.items()
        for word in flag.words(attrgetter(path)(order) if path else flag.default)
    ]


def command_line(order: LaunchOrder) -> str:
    """The whole command, quoted for a shell, as the plan prints it."""
    return f"{_PROGRAM} {command(to_arguments(order))}"


def parse_order(
    arguments: Sequence[str], environment: Mapping[str, str] = _NO_LAUNCHER
) -> LaunchOrder:
    """Read the flags of a cell by hand; `environment` is where a launcher of ranks says who it is.

    Raises:
        InputError: an unknown flag, a bad value, a combination that cannot be measured, or an
            epoch of records that are not there, or another number of ranks than the flags say.
    """
    given = vars(_parser().parse_args(own_names(arguments)))
    _refuse_contradictions(given)
    values: dict[str, Any] = {path: flag.value(given) for path, flag in _FLAGS.items()}
    gpus = values["cell.gpus"] = started_ranks(given.get("gpus"), environment)
    if values["options.data_dir"] and not given.get("dali"):
        values["cell.data"] = Data.TFRECORD
    steps = _steps(given, values, gpus)
    values["protocol.measured_steps"] = steps - values["protocol.warmup_steps"]
    cell = _made(Cell, values, "cell.")
    if cell.contradiction:
        raise InputError(cell.contradiction)
    options = _made(
        KernelOptions,
        values,
        "options.",
        recipe=_made(Recipe, values, "options.recipe."),
        reading=_made(Reading, values, "options.reading."),
    )
    _refuse_ineffective(cell, options)
    protocol = _made(Protocol, values, "protocol.")
    return _made(LaunchOrder, values, cell=cell, protocol=protocol, options=options)


def _parser() -> argparse.ArgumentParser:
    """A parser that leaves out what was not given."""
    parser = Parser(
        prog=_PROGRAM,
        description="Run one cell by hand, with the flags of the published page. The record goes"
        " to <results_dir>/<cell id>.<launch>.json.",
        epilog=f"example: {_PROGRAM} --amp --batch_size 8 --results_dir out",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    for title, flags in _GROUPS.items():
        group = parser.add_argument_group(title)
        for flag in flags.values():
            for name, settings in flag.arguments().items():
                group.add_argument(f"--{name}", **settings)
    return parser


def _made(kind: type[_Part], values: Mapping[str, Any], of: str = "", **parts: Any) -> _Part:
    """A part of an order out of the values of its fields, which begin with `of`, and its parts."""
    names = [field.name for field in fields(kind) if of + field.name in values]
    return kind(**{name: values[of + name] for name in names}, **parts)


def _refuse_contradictions(given: Mapping[str, Any]) -> None:
    has = given.get
    if has("xla_mode") and not has("xla"):
        raise InputError("--xla_mode says how --xla compiles; add --xla or leave it out")
    if has("dali") and not (has("data_dir") and has("data_idx_dir")):
        raise InputError("--dali reads records: give --data_dir and --data_idx_dir with it")
    if has("data_idx_dir") and not has("dali"):
        raise InputError("--data_idx_dir is read by --dali only; add --dali or leave it out")
    if has("synthetic_device") and has("data_dir"):
        raise InputError("--synthetic_device reads no records; give it or --data_dir, not both")
    if has("iter_unit") == "epoch" and not has("data_dir"):
        raise InputError("synthetic images have no epoch; give --iter_unit batch, or --data_dir")
    for flag in _FLAGS.values():
        both = [f"--{name}" for name in flag.arguments() if has(name)]
        if len(both) > 1:
            raise InputError(f"{' and '.join(both)} exclude each other; give one")


def _steps(given: Mapping[str, Any], values: Mapping[str, Any], gpus: int) -> int:
    """Steps in all, warm-up included. As published, --num_iter counts batches without records."""
    data_dir, warmup_steps = values["options.data_dir"], values["protocol.warmup_steps"]
    in_epochs = bool(data_dir) and given.get("iter_unit") != "batch"
    iterations: int = given.get("num_iter") or (
        1 if in_epochs else warmup_steps + _DEFAULT_MEASURED_STEPS
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
    words = [_FLAGS[f"options.recipe.{name}"].words(getattr(recipe, name)) for name in names]
    return " and ".join(flag for flag, *_ in words)
