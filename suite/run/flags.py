"""What a worker is told, as flags that people type: one table, read in both directions."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar

from suite.kernels.interface import KernelOptions
from suite.model.bounds import Bounds
from suite.model.cell import (
    BATCH_SIZES,
    GPUS,
    IMAGE_SIZES,
    LAUNCHES,
    NUM_ITER,
    PUBLISHED_IMAGE_SIZE,
    SECONDS,
    WARMUP_STEPS,
    Cell,
    Data,
    Graph,
    KernelName,
    Layout,
    Mode,
    Precision,
    Protocol,
    XlaMode,
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
    LR_INITS,
    LR_WARMUP_EPOCHS,
    MIXUPS,
    SCALES,
    WEIGHT_DECAYS,
    Recipe,
)
from suite.model.text import command
from suite.run.order import LaunchOrder, started_ranks
from suite.run.published_flags import MODES, mode_of, own_names
from suite.store.data_set import epoch_steps
from suite.store.flags import Parser, path_text

# Steps measured where --num_iter does not say how many, and where no records make an epoch of 1.
_DEFAULT_MEASURED_STEPS = 50

# The environment of a process that no launcher of ranks started.
_NO_LAUNCHER: Mapping[str, str] = MappingProxyType({})

_CELL = "the cell"
_PLACE = "what it runs on"
_MEASURING = "how it is measured"
_READING = "reading of records, as published where left out"
_RECIPE = "training recipe, with the published defaults"
# In the order of --help.
_GROUPS = (_CELL, _PLACE, _MEASURING, _READING, _RECIPE)

_DEFAULT = Recipe()
_SHARES = Bounds(0, 1)
# The published value of --static_loss_scale for a scale that adapts itself.
_DYNAMIC = "-1"

_Member = TypeVar("_Member", bound=Enum)
_Part = TypeVar("_Part", Cell, Protocol, KernelOptions, Recipe, Reading, LaunchOrder)


@dataclass(frozen=True, slots=True)
class _Switch:
    """A flag without a value, which gives a field of the order another than its default."""

    name: str
    field: str
    present: object
    group: str
    help: str

    def settings(self) -> dict[str, Any]:
        """What argparse is told."""
        return {"action": "store_true", "help": self.help}

    def words(self, order: LaunchOrder) -> list[str]:
        """What a command says of it."""
        return [f"--{self.name}"] if attrgetter(self.field)(order) == self.present else []

    def values(self, given: Mapping[str, Any]) -> dict[str, object]:
        """The field's value, unless another switch may have it."""
        return {self.field: self.present} if self.name in given else {}


@dataclass(frozen=True, slots=True)
class _Flag:
    """A flag with a value, which is that of a field of the order, such as `cell.batch_size`.

    `read` makes it of a text, unless it is one of the `choices`, and `write` is the way back. A
    flag that has its default is left out of a command, unless `always`. One that is `joined` to its
    value by `=` is so on the published page.
    """

    name: str
    field: str
    default: object
    group: str
    help: str | None = None
    read: Callable[[str], object] | None = None
    write: Callable[[Any], str] = str
    choices: Mapping[str, object] | None = None
    metavar: str | None = None
    always: bool = False
    joined: bool = False

    def settings(self) -> dict[str, Any]:
        """What argparse is told."""
        shown = {"default": None if self.default is None else self.write(self.default)}
        return {
            "help": self.help % shown if self.help else None,
            "type": self.read,
            "choices": list(self.choices) if self.choices else None,
            "metavar": self.metavar,
        }

    def words(self, order: LaunchOrder) -> list[str]:
        """What a command says of it."""
        value = attrgetter(self.field)(order) if self.field else self.default
        if value == self.default and not self.always:
            return []
        text = self.write(value)
        return [f"--{self.name}={text}"] if self.joined else [f"--{self.name}", text]

    def values(self, given: Mapping[str, Any]) -> dict[str, object]:
        """The field's value."""
        value = given.get(self.name, self.default)
        if self.choices and self.name in given:
            value = self.choices[value]
        return {self.field: value}


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


def _mode_text(mode: Mode) -> str:
    return f"{mode.value}_benchmark"


def _value(member: Enum) -> str:
    return str(member.value)


def _name(member: Enum) -> str:
    return member.name


def _by(text_of: Callable[[_Member], str], kind: type[_Member]) -> dict[str, object]:
    return {text_of(member): member for member in kind}


# In the order of a command. Two are not a field as it stands: --num_iter may count epochs, see
# `_steps`, and --iter_unit is always "batch" in a command.
_FLAGS: tuple[_Flag | _Switch, ...] = (
    _Flag(
        "mode",
        "cell.mode",
        Mode.INFERENCE,
        _CELL,
        "which half of the work to measure (%(default)s)",
        read=mode_of,
        write=_mode_text,
        metavar="{" + ",".join(MODES) + "}",
        always=True,
        joined=True,
    ),
    _Switch(
        "amp",
        "cell.precision",
        Precision.AMP,
        _CELL,
        "mixed precision (float16 on a GPU, bfloat16 on a CPU)",
    ),
    _Switch(
        "tf32",
        "cell.precision",
        Precision.TF32,
        _CELL,
        "TensorFloat-32 (Ampere or newer); without it, FP32",
    ),
    _Switch("xla", "cell.xla", True, _CELL, "compile the step with XLA"),
    _Flag(
        "xla_mode",
        "cell.xla_mode",
        XlaMode.JIT_COMPILE,
        _CELL,
        "how XLA compiles: the whole step (jit_compile, the default) or the parts that"
        " TensorFlow chooses (auto_clustering, as published)",
        write=_value,
        choices=_by(_value, XlaMode),
    ),
    _Flag(
        "data_format",
        "cell.layout",
        Layout.NHWC,
        _CELL,
        "layout that the network computes in (%(default)s); the published tables used NCHW",
        write=_name,
        choices=_by(_name, Layout),
    ),
    _Flag(
        "graph",
        "cell.graph",
        Graph.EVALUATION,
        _CELL,
        "inference: the published evaluation step, the logits alone (forward), or evaluation"
        " with the variables folded into constants (frozen)",
        write=_value,
        choices=_by(_value, Graph),
    ),
    _Switch("dali", "cell.data", Data.DALI, _CELL, "read records with NVIDIA DALI"),
    _Switch(
        "synthetic_device",
        "cell.data",
        Data.SYNTHETIC_DEVICE,
        _CELL,
        "put the synthetic images on the GPU once, not in every step",
    ),
    _Flag(
        "batch_size",
        "cell.batch_size",
        8,
        _CELL,
        "images per step and GPU (%(default)s)",
        read=whole(BATCH_SIZES),
        always=True,
    ),
    _Flag(
        "gpus",
        "cell.gpus",
        1,
        _CELL,
        "ranks (default: as many as were started)",
        read=whole(GPUS),
        metavar="N",
    ),
    _Flag(
        "warmup_steps",
        "protocol.warmup_steps",
        50,
        _MEASURING,
        "steps before measuring (%(default)s)",
        read=whole(WARMUP_STEPS),
        always=True,
    ),
    _Flag(
        "num_iter",
        "protocol.num_iter",
        None,
        _MEASURING,
        "epochs or steps, warm-up included (1 epoch of records, else the warm-up and"
        f" {_DEFAULT_MEASURED_STEPS} steps)",
        read=whole(NUM_ITER),
        always=True,
    ),
    _Flag(
        "iter_unit",
        "",
        "batch",
        _MEASURING,
        "unit of --num_iter (epoch of records, else batch)",
        choices={"epoch": "epoch", "batch": "batch"},
        always=True,
    ),
    _Flag(
        "data_dir",
        "options.data_dir",
        None,
        _PLACE,
        "TFRecord shards; without it, synthetic images",
        read=path_text,
        metavar="DIR",
    ),
    _Flag(
        "data_idx_dir",
        "options.data_idx_dir",
        None,
        _PLACE,
        "DALI index files of those shards",
        read=path_text,
        metavar="DIR",
    ),
    _Flag(
        "synthetic_data_size",
        "cell.image_size",
        PUBLISHED_IMAGE_SIZE,
        _CELL,
        "side of the images, of records as well (%(default)s)",
        read=whole(IMAGE_SIZES),
        metavar="PIXELS",
    ),
    _Flag(
        "kernel",
        "cell.kernel",
        KernelName.RESNET50,
        _CELL,
        "the workload",
        write=_value,
        choices=_by(_value, KernelName),
    ),
    _Flag(
        "max_seconds",
        "protocol.max_seconds",
        None,
        _MEASURING,
        "cap on warm-up and measuring together",
        read=decimal(SECONDS),
        write=_short,
    ),
    _Flag(
        "seed",
        "options.seed",
        0,
        _PLACE,
        "seed of weights and images (%(default)s)",
        read=whole(SEEDS),
    ),
    _Flag(
        "weight_init",
        "options.recipe.weight_init",
        _DEFAULT.weight_init,
        _RECIPE,
        choices={"fan_out": "fan_out", "fan_in": "fan_in"},
    ),
    _Flag(
        "lr_init",
        "options.recipe.lr_init",
        _DEFAULT.lr_init,
        _RECIPE,
        "rate per 256 images",
        read=decimal(LR_INITS),
    ),
    _Flag(
        "lr_warmup_epochs",
        "options.recipe.lr_warmup_epochs",
        _DEFAULT.lr_warmup_epochs,
        _RECIPE,
        read=whole(LR_WARMUP_EPOCHS),
    ),
    _Switch(
        "cosine_lr",
        "options.recipe.cosine_lr",
        True,
        _RECIPE,
        "cosine instead of steps at 30, 60, 80, 90",
    ),
    _Flag("momentum", "options.recipe.momentum", _DEFAULT.momentum, _RECIPE, read=checked(_share)),
    _Flag(
        "weight_decay",
        "options.recipe.weight_decay",
        _DEFAULT.weight_decay,
        _RECIPE,
        read=decimal(WEIGHT_DECAYS),
    ),
    _Flag(
        "label_smoothing",
        "options.recipe.label_smoothing",
        _DEFAULT.label_smoothing,
        _RECIPE,
        read=checked(_share),
    ),
    _Flag(
        "mixup",
        "options.recipe.mixup",
        _DEFAULT.mixup,
        _RECIPE,
        "alpha; 0 mixes nothing",
        read=decimal(MIXUPS),
    ),
    _Flag(
        "static_loss_scale",
        "options.recipe.static_loss_scale",
        _DEFAULT.static_loss_scale,
        _RECIPE,
        "with --amp in float16; -1 adapts it (%(default)s, as the published scripts give)",
        read=checked(_scale),
        write=_scale_text,
    ),
    _Flag(
        "shuffled_records",
        "options.reading.shuffled_records",
        None,
        _READING,
        "shuffle buffer in records; 0 keeps file order (training 4096, DALI 10000)",
        read=whole(SHUFFLED_RECORDS),
        metavar="N",
    ),
    _Flag(
        "decode_threads",
        "options.reading.decode_threads",
        None,
        _READING,
        "images decoded at once (10, DALI 4)",
        read=whole(DECODE_THREADS),
        metavar="N",
    ),
    _Flag(
        "open_files",
        "options.reading.open_files",
        None,
        _READING,
        "shards read in turn (10; not DALI)",
        read=whole(OPEN_FILES),
        metavar="N",
    ),
    _Flag(
        "compression",
        "options.compression",
        Compression.NONE,
        _PLACE,
        "type in which gradients cross between ranks (%(default)s)",
        write=_value,
        choices=_by(_value, Compression),
    ),
    _Flag(
        "threads",
        "options.threads",
        None,
        _PLACE,
        "cap on CPU threads (default: every core)",
        read=whole(THREADS),
    ),
    _Flag(
        "launch",
        "launch",
        0,
        _MEASURING,
        "number of this launch of the cell (%(default)s); if there is a record of it, the next"
        " free number is taken",
        read=whole(Bounds(0, LAUNCHES.highest - 1)),
    ),
    _Switch(
        "no_telemetry",
        "telemetry",
        False,
        _MEASURING,
        "leave power, clocks and memory unread",
    ),
    _Flag(
        "results_dir",
        "results_dir",
        ".",
        _MEASURING,
        "where the record goes (%(default)s)",
        read=path_text,
        metavar="DIR",
        always=True,
    ),
)


def to_arguments(order: LaunchOrder) -> list[str]:
    """The flags that make `python -m suite.kernels` execute this order, which parse_order reads.

    Flags say neither where a worker of the runner answers nor, of the protocol, its launches, its
    deadlines and whether it is quick.
    """
    return [word for flag in _FLAGS for word in flag.words(order)]


def command_line(order: LaunchOrder) -> str:
    """The whole command, quoted for a shell, as the plan prints it."""
    return command(["python", "-m", "suite.kernels", *to_arguments(order)])


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
    # What no switch says, where a cell has no default of its own.
    values: dict[str, Any] = {"cell.precision": Precision.FP32, "cell.xla": False}
    for flag in _FLAGS:
        values |= flag.values(given)
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
        prog="python -m suite.kernels",
        description="Run one cell by hand, with the flags of the published page. The record goes"
        " to <results_dir>/<cell id>.<launch>.json.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    for title in _GROUPS:
        group = parser.add_argument_group(title)
        for flag in _FLAGS:
            if flag.group == title:
                group.add_argument(f"--{flag.name}", **flag.settings())
    return parser


def _made(kind: type[_Part], values: Mapping[str, Any], of: str = "", **parts: Any) -> _Part:
    """A part of an order out of the values of its fields, which begin with `of`, and its parts."""
    names = [field.name for field in fields(kind) if of + field.name in values]
    return kind(**{name: values[of + name] for name in names}, **parts)


def _refuse_contradictions(given: Mapping[str, Any]) -> None:
    has = given.get
    if has("amp") and has("tf32"):
        raise InputError("--amp and --tf32 exclude each other; give one")
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
        and getattr(recipe, field.name) != getattr(_DEFAULT, field.name)
    ]
    if changed and cell.mode is Mode.INFERENCE:
        flags = " and ".join(f"--{name}" for name in changed)
        raise InputError(f"only training uses {flags}; leave it out")
    if "static_loss_scale" in changed and cell.precision is not Precision.AMP:
        raise InputError("--static_loss_scale is for --amp; add --amp or leave it out")
    effective = applicable_reading(reading, cell).given
    for name in reading.given:
        if name not in effective:
            what = f"{cell.mode.value} on {cell.data.value} images"
            raise InputError(f"--{name} changes nothing of {what}; leave it out")
