"""The flags of `python -m suite.kernels`: one table, of which parser and commands are made."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from enum import Enum
from operator import attrgetter
from typing import Any, TypeVar, cast

from suite.kernels.interface import KernelOptions
from suite.model.axis import Flag, Switch, Switches
from suite.model.bounds import Bounds
from suite.model.cell import (
    AXES,
    LAUNCHES,
    NUM_ITER,
    SECONDS,
    WARMUP_STEPS,
)
from suite.model.distributed import Compression
from suite.model.errors import InputError
from suite.model.flag_values import SEEDS, checked, decimal, whole
from suite.model.matrix import THREADS
from suite.model.reading import (
    DECODE_THREADS,
    OPEN_FILES,
    SHUFFLED_RECORDS,
)
from suite.model.recipe import (
    CROP_MIN_AREAS,
    LR_INITS,
    LR_WARMUP_EPOCHS,
    MIXUPS,
    SCALES,
    WEIGHT_DECAYS,
)
from suite.run.published_flags import own_names
from suite.store.flags import Parser, path_text

# What a person types for one cell, or for a training by the published flags.
PROGRAM = "python -m suite.kernels"
# Steps measured where --num_iter does not say how many, and where no records make an epoch of 1.
DEFAULT_MEASURED_STEPS = 50

_SHARES = Bounds(0, 1)
# The published value of --static_loss_scale for a scale that adapts itself.
_DYNAMIC = "-1"

_Part = TypeVar("_Part")


class TrainingMode(str, Enum):
    """The published modes that train to an accuracy, in place of measuring."""

    TRAIN = "train"
    TRAIN_AND_EVALUATE = "train_and_evaluate"


class NetworkMode(str, Enum):
    """The published modes that use a trained network."""

    EVALUATE = "evaluate"
    PREDICT = "predict"


_AXIS_OF_MODE = cast("Flag", AXES["mode"].flag)
_MODES = {
    **(_AXIS_OF_MODE.choices or {}),
    **{mode.value: mode for modes in (TrainingMode, NetworkMode) for mode in modes},
}


def _mode(text: str) -> object:
    if text not in _MODES:
        raise ValueError(f"{text!r} is not one of {', '.join(_MODES)}")
    return _MODES[text]


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


# What each flag of a cell sets, as a path in an order, under the titles of --help and in the order
# of a command. Two are not a field as it stands: --num_iter may count epochs, see `_steps`, and
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
        f" {DEFAULT_MEASURED_STEPS} steps)",
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
        help="cap on warm-up and measuring together, or on a training",
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
    "the cell": {
        **{f"cell.{name}": axis.flag for name, axis in AXES.items()},
        "cell.mode": replace(
            _AXIS_OF_MODE,
            help="inference_benchmark (the default) and training_benchmark measure; train, and"
            " train_and_evaluate, which evaluates at its end, train to an accuracy; evaluate and"
            " predict use a trained network",
            read=checked(_mode),
            choices=None,
            metavar="MODE",
        ),
    },
    "what it runs on": _with_defaults(_PLACE),
    "how it is measured": _MEASURING,
    "reading of records, as published where left out": _with_defaults(_READING),
    "training recipe, with the published defaults": _with_defaults(_RECIPE),
}
FLAGS = {path: flag for group in _GROUPS.values() for path, flag in group.items()}


# Flags that no order of a cell has, but the modes that do not measure.
OF_OTHER_MODES = (
    Flag(
        "model_dir",
        help="the directory of the training, new, to go on with or to use (default: --results_dir)",
        read=path_text,
        metavar="DIR",
    ),
    Flag(
        "export_dir",
        help="a new directory, for the network as files after its evaluation",
        read=path_text,
        metavar="DIR",
    ),
    Flag("to_predict", help="the image that predict classifies", read=path_text, metavar="IMAGE"),
)


def given_flags(arguments: Sequence[str]) -> dict[str, Any]:
    """The flags that were given, by name, with their values.

    Raises:
        InputError: an unknown flag, a bad value, or flags that contradict each other in any mode.
    """
    given = vars(_parser().parse_args(own_names(arguments)))
    has = given.get
    if has("xla_mode") and not has("xla"):
        raise InputError("--xla_mode says how --xla compiles; add --xla or leave it out")
    if has("dali") and not (has("data_dir") and has("data_idx_dir")):
        raise InputError("--dali reads records: give --data_dir and --data_idx_dir with it")
    for flag in FLAGS.values():
        both = [f"--{name}" for name in flag.arguments() if has(name)]
        if len(both) > 1:
            raise InputError(f"{' and '.join(both)} exclude each other; give one")
    return given


def _parser() -> argparse.ArgumentParser:
    """A parser that leaves out what was not given."""
    parser = Parser(
        prog=PROGRAM,
        description="Run one cell by hand, with the flags of the published page: the record goes"
        " to <results_dir>/<cell id>.<launch>.json. Or train to an accuracy, as bench.py train"
        " does by a recipe: --model_dir, else --results_dir, becomes the training directory, and"
        " the same command again goes on with it. Or evaluate, or predict an image, with the"
        " network that a training left there, as bench.py evaluate and predict do.",
        epilog=f"example: {PROGRAM} --amp --batch_size 8 --results_dir out",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    groups = {
        **{title: tuple(group.values()) for title, group in _GROUPS.items()},
        "modes that do not measure": OF_OTHER_MODES,
    }
    for title, flags in groups.items():
        group = parser.add_argument_group(title)
        for flag in flags:
            for name, settings in flag.arguments().items():
                group.add_argument(f"--{name}", **settings)
    return parser


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What every flag of the table sets, given or by its default, by its path in an order."""
    return {path: flag.value(given) for path, flag in FLAGS.items()}


def made(kind: type[_Part], values: Mapping[str, Any], of: str = "", **parts: Any) -> _Part:
    """A dataclass out of the values of its fields, which begin with `of`, and of its parts."""
    names = [field.name for field in fields(kind) if of + field.name in values]  # type: ignore[arg-type]
    return kind(**{name: values[of + name] for name in names}, **parts)
