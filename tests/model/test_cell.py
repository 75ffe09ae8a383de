"""suite.model.cell: the name of a cell, what no cell can be, and how a first look is cut short."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_cell, make_protocol

from suite.model.cell import (
    Data,
    Graph,
    KernelName,
    Layout,
    Mode,
    Precision,
    XlaMode,
    quick_protocol,
)


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ({}, "inference-fp32-bs8-1gpu"),
        ({"precision": Precision.AMP, "xla": True}, "inference-amp-xla-bs8-1gpu"),
        ({"xla": True, "xla_mode": XlaMode.AUTO_CLUSTERING}, "inference-fp32-xla_auto-bs8-1gpu"),
        ({"xla_mode": XlaMode.AUTO_CLUSTERING}, "inference-fp32-bs8-1gpu"),
        ({"mode": Mode.TRAINING, "gpus": 16}, "training-fp32-bs8-16gpu"),
        (
            {"data": Data.DALI, "image_size": 32, "layout": Layout.NCHW, "graph": Graph.FORWARD},
            "inference-fp32-bs8-1gpu-dali-32px-nchw-forward",
        ),
        ({"kernel": KernelName.SIMULATED}, "inference-fp32-bs8-1gpu-simulated"),
    ],
)
def test_a_cell_is_named_by_its_conditions(conditions: dict[str, Any], name: str) -> None:
    """Those at their default are left out; without XLA there is no mode of XLA."""
    assert make_cell(**conditions).id == name


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"mode": Mode.TRAINING, "graph": Graph.FORWARD}, "training has no forward graph; use"),
        ({"gpus": 2}, "inference runs on one GPU, not on 2: each GPU is measured on its own; set"),
        ({"graph": Graph.FROZEN, "layout": Layout.NCHW}, "TensorFlow folds a frozen graph in nhwc"),
        ({"mode": Mode.TRAINING, "gpus": 2}, None),
        ({"graph": Graph.FROZEN}, None),
        ({"graph": Graph.FORWARD, "layout": Layout.NCHW}, None),
    ],
)
def test_a_cell_that_no_machine_could_run_says_why(
    conditions: dict[str, Any], words: str | None
) -> None:
    """The reason comes with what to do; a cell that some machine could run has none."""
    said = make_cell(**conditions).contradiction

    assert said is None if words is None else said is not None and said.startswith(words)


def test_a_step_has_the_images_of_all_its_gpus() -> None:
    """The batch size is per GPU."""
    assert make_cell(mode=Mode.TRAINING, batch_size=32, gpus=8).global_batch_size == 256


def test_steps_are_counted_with_the_warm_up_and_for_every_rank() -> None:
    """A record of two ranks holds three series: that of the launch, and one of each rank."""
    protocol = make_protocol(warmup_steps=20, measured_steps=80)

    assert protocol.num_iter == 100
    assert [protocol.step_times(gpus) for gpus in (1, 2, 16)] == [100, 300, 1700]


def test_a_first_look_is_short_and_says_so() -> None:
    """2 + 10 steps, one launch, 20 seconds; the deadlines stay, as one step takes as long."""
    full = make_protocol(warmup_steps=50, measured_steps=350, launches=5, max_seconds=600.0)
    quick = quick_protocol(full)

    assert quick == replace(
        full, warmup_steps=2, measured_steps=10, launches=1, max_seconds=20.0, quick=True
    )
    assert quick_protocol(replace(full, max_seconds=None)) == quick


def test_a_first_look_is_never_longer_than_the_whole() -> None:
    """What is shorter already stays, and only the mark is new."""
    short = make_protocol(warmup_steps=0, measured_steps=3, max_seconds=1.5)

    assert quick_protocol(short) == replace(short, quick=True)
