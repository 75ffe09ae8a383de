"""suite.run.order, and its flags: what a worker is told is what was meant."""

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_order, make_training

from suite.kernels.interface import KernelOptions
from suite.model.axis import Axis
from suite.model.cell import (
    AXES,
    Cell,
    Data,
    Graph,
    Mode,
    Precision,
    Protocol,
)
from suite.model.distributed import Compression
from suite.model.errors import InputError
from suite.model.evaluation import EvaluationWork
from suite.model.reading import Reading, applicable_reading
from suite.model.recipe import Recipe
from suite.model.training_record import TrainingWork
from suite.run.flag_table import OF_OTHER_MODES
from suite.run.flags import parse_order, to_arguments
from suite.run.order import LaunchOrder, decode_order, encode_order

# Bytes that are not UTF-8 reach Python as halves of surrogate pairs.
PATHS = ("/data", ".", "~/ä 東", "100%/%41", "a'b\"c\\d$e\nf", "caf\udce9", "", "\u2028😀")
FLOATS = (0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 1234567.25, 2.0, 1e22, 0.30000000000000004)


def value_of(axis: Axis, draw: random.Random) -> Any:
    """A value of an axis drawn by chance, its default more often than others."""
    if axis.default is not ... and draw.random() < 0.5:
        return axis.default
    if axis.bounds:
        return draw.randint(int(axis.bounds.lowest), int(axis.bounds.highest))
    if axis.kind is bool:
        return draw.random() < 0.5
    return draw.choice([None, "t4", "h200"] if axis.kind == str | None else list(axis.kind))


def possible_cell(draw: random.Random) -> Cell:
    """A cell drawn by chance that some machine could run."""
    while True:
        cell = Cell(**{name: value_of(axis, draw) for name, axis in AXES.items()})
        if cell.contradiction is None:
            return cell


def drawn(seed: int) -> LaunchOrder:
    """An order with every field drawn by chance."""
    draw = random.Random(seed)  # noqa: S311 - the same orders in every run
    path = draw.choice
    cell = possible_cell(draw)
    return LaunchOrder(
        cell=cell,
        protocol=Protocol(
            warmup_steps=draw.randint(0, 10_000_000),
            measured_steps=draw.randint(1, 10_000_000),
            launches=draw.randint(1, 1000),
            max_seconds=draw.choice([None, *FLOATS]),
            startup_timeout_seconds=draw.choice(FLOATS),
            step_timeout_seconds=draw.choice(FLOATS),
            quick=draw.random() < 0.5,
        ),
        options=KernelOptions(
            data_dir=path([None, *PATHS]),
            data_idx_dir=path([None, *PATHS]),
            weights=None if cell.mode is Mode.TRAINING else path([None, *PATHS]),
            seed=draw.randrange(2**32),
            recipe=Recipe(
                weight_init=draw.choice(["fan_out", "fan_in"]),
                lr_init=draw.choice(FLOATS),
                lr_warmup_epochs=draw.randint(0, 1000),
                cosine_lr=draw.random() < 0.5,
                momentum=draw.random(),
                weight_decay=draw.random(),
                label_smoothing=draw.random(),
                mixup=draw.choice(FLOATS),
                static_loss_scale=draw.choice([None, *FLOATS]),
                crop_min_area=draw.choice(FLOATS),
                mirror=draw.random() < 0.5,
            ),
            reading=Reading(
                shuffled_records=draw.choice([None, 0, 1_300_000]),
                decode_threads=draw.choice([None, 1, 1024]),
                open_files=draw.choice([None, 1, 1024]),
            ),
            compression=draw.choice(list(Compression)),
            threads=draw.choice([None, 1, 64]),
        ),
        launch=draw.randint(0, 999),
        results_dir=path(PATHS),
        telemetry=draw.random() < 0.5,
        channel=draw.choice([None, 0, 5]),
        report_to=draw.choice([(), ("10.0.0.1:4000",), ("node-1:1", "node-2:65535")]),
    )


def test_a_worker_is_told_exactly_what_was_ordered() -> None:
    """Every field arrives as it was: enumerations, floats to the last bit, paths to the byte."""
    for seed in range(500):
        told = drawn(seed)
        text = encode_order(told)

        assert decode_order(text) == told, seed
        assert text.isascii()
        assert "\n" not in text


@pytest.mark.parametrize("directory", ["/ä 東/100%", "/caf\udce9"])
def test_a_training_arrives_as_it_was_ordered(directory: str) -> None:
    """The recipe to the last bit, and the directory to the byte."""
    training = make_training(recipe=Recipe(lr_init=0.1 + 0.2, static_loss_scale=None), seed=7)
    work = TrainingWork(
        training=training, directory=directory, step=3, notes=("why",), max_seconds=0.1
    )
    told = make_order(cell=training.cell, training=work)

    assert decode_order(encode_order(told)) == told
    assert encode_order(told).isascii()


def test_a_training_of_another_cell_is_refused() -> None:
    """A worker would launch one and train the other."""
    work = TrainingWork(training=make_training(), directory="/a")

    with pytest.raises(InputError, match="training: has another cell than the order"):
        decode_order(encode_order(make_order(training=work)))


@pytest.mark.parametrize("directory", ["/ä 東/100%", "/caf\udce9"])
def test_an_evaluation_arrives_as_it_was_ordered(directory: str) -> None:
    """The file of the network and the directory of the result, to the byte."""
    options = KernelOptions(weights=f"{directory}/4.ckpt")
    told = make_order(options=options, evaluation=EvaluationWork(directory=directory))

    assert decode_order(encode_order(told)) == told


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"evaluation": EvaluationWork(directory="/a")}, "whose file is not given"),
        (
            {
                "cell": make_cell(mode=Mode.TRAINING),
                "options": KernelOptions(weights="/a.ckpt"),
            },
            "a training begins with new ones",
        ),
    ],
)
def test_weights_are_those_that_an_order_can_use(facts: dict[str, Any], problem: str) -> None:
    """An evaluation needs them, and a measured training would not be the published one."""
    with pytest.raises(InputError, match=problem):
        decode_order(encode_order(make_order(**facts)))


def sayable(seed: int) -> LaunchOrder:
    """An order drawn by chance that flags can give: a cell by hand, within their bounds."""
    draw = random.Random(seed)  # noqa: S311 - the same orders in every run
    told = drawn(seed)
    cell = told.cell
    training = cell.mode is Mode.TRAINING
    scale = draw.choice([None, 64.0, draw.uniform(1, 2**24)])
    recipe = Recipe(
        weight_init=draw.choice(["fan_out", "fan_in"]),
        lr_init=draw.uniform(0, 1000),
        lr_warmup_epochs=draw.randint(0, 1000),
        cosine_lr=draw.random() < 0.5,
        momentum=draw.random(),
        weight_decay=draw.random() * 1e-9,
        label_smoothing=draw.random(),
        mixup=draw.uniform(0, 1000),
        static_loss_scale=scale if cell.precision is Precision.AMP else 128.0,
        crop_min_area=draw.uniform(1e-6, 1) if cell.reads_records else 0.05,
        mirror=not cell.reads_records or draw.random() < 0.5,
    )
    return LaunchOrder(
        cell=cell,
        protocol=Protocol(
            warmup_steps=draw.randint(0, 5_000_000),
            measured_steps=draw.randint(1, 5_000_000),
            max_seconds=draw.choice([None, 20.0, draw.uniform(0.001, 2_592_000)]),
        ),
        options=replace(
            told.options,
            data_dir="/caf\udce9 1" if cell.reads_records else None,
            data_idx_dir="/100%/'x'" if cell.data is Data.DALI else None,
            weights=None if training else draw.choice([None, "/caf\udce9 1/8.ckpt"]),
            recipe=recipe if training else Recipe(),
            reading=applicable_reading(told.options.reading, cell),
        ),
        launch=told.launch,
        results_dir=draw.choice([".", "/ä 東"]),
        telemetry=told.telemetry,
    )


def test_flags_say_whatever_may_be_ordered_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    """Every flag that --help lists, but of trainings, is said of some order and read as meant."""
    said: set[str] = set()
    for seed in range(200):
        told = sayable(seed)
        arguments = to_arguments(told)
        ranks = {"RANK": 0, "SIZE": told.cell.gpus, "LOCAL_RANK": 0, "LOCAL_SIZE": told.cell.gpus}
        environment = {f"OMPI_COMM_WORLD_{name}": str(value) for name, value in ranks.items()}

        assert parse_order(arguments, environment) == told, seed
        said |= {word.partition("=")[0] for word in arguments if word.startswith("--")}
    with pytest.raises(SystemExit):
        parse_order(["--help"])

    listed = set(re.findall(r"^  (--\w+)", capsys.readouterr().out, re.MULTILINE))
    assert said == listed - {f"--{flag.name}" for flag in OF_OTHER_MODES}


def test_an_order_from_before_gpus_had_types_is_read() -> None:
    """A cell that names no type is the same cell as ever."""
    told = replace(drawn(0), cell=replace(drawn(0).cell, gpu=None))
    stored = json.loads(encode_order(told))
    del stored["cell"]["gpu"]

    assert decode_order(json.dumps(stored)) == told


@pytest.mark.parametrize("graph", Graph)
def test_each_inference_graph_arrives(graph: Graph) -> None:
    """Training has only one of them."""
    cell = Cell(mode=Mode.INFERENCE, precision=Precision.FP32, xla=True, batch_size=8, graph=graph)
    told = replace(drawn(0), cell=cell)

    assert decode_order(encode_order(told)) == told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda order: order.update(extra=1), "extra: unknown field"),
        (lambda order: order["options"].update(thread=1), "did you mean 'threads'"),
        (lambda order: order["protocol"].pop("warmup_steps"), "protocol.warmup_steps: missing"),
        (lambda order: order["cell"].update(batch_size="8"), "cell.batch_size: "),
        (lambda order: order["cell"].update(precision="fp64"), "cell.precision: "),
        (lambda order: order["cell"].update(gpu="../x"), "cell.gpu: "),
        (lambda order: order["cell"].update(gpu=""), "cell.gpu: "),
        (lambda order: order["cell"].update(gpus=0), "cell.gpus: "),
        (lambda order: order.update(channel=-1), "channel: "),
        (lambda order: order.update(schema_version=99), "schema version 99"),
        *(
            (lambda order, address=address: order.update(report_to=[address]), "report_to: ")
            for address in ("xyz", "a:", ":1", "a:0", "a:65536", f"a:{'9' * 400}")
        ),
    ],
)
def test_a_damaged_order_is_one_line(
    change: Callable[[dict[str, Any]], object], words: str
) -> None:
    """Nothing is guessed: another version's order, or one by hand, is refused by name."""
    order = json.loads(encode_order(drawn(0)))
    change(order)
    with pytest.raises(InputError, match=words) as raised:
        decode_order(json.dumps(order))

    assert str(raised.value).startswith("--order: ")
    assert len(str(raised.value).splitlines()) == 1
