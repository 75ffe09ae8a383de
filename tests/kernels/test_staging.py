"""How batches reach the device, seen where the device that computes is not the host.

A second logical CPU stands in for the GPU: TensorFlow takes it for another device, to which a batch
of the host has to be copied. It has to be set up before TensorFlow starts, so in a fresh process.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from builders import make_cell
from waiting import PATIENCE_SECONDS

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.model.cell import Cell, Data, Mode
from suite.run.selfcheck.fresh_process import in_fresh_process

pytestmark = pytest.mark.slow

CELL = make_cell(batch_size=2, image_size=32)
TRAINING = replace(CELL, mode=Mode.TRAINING)
DEVICE = "CPU:1"


def two_devices() -> None:
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


def staged_launches(data_dir: str) -> dict[str, tuple[set[str], str]]:
    """Per launch on the second device: where its steps found their images, and what it records."""
    two_devices()
    import tensorflow as tf

    from suite.kernels import tensorflow
    from suite.kernels.tensorflow import staging
    from suite.kernels.tensorflow.batches import synthetic_batch
    from suite.kernels.tensorflow.make_records import make_data_set

    def launch(cell: Cell) -> tuple[set[str], str]:
        kernel = tensorflow.build(cell, options)
        run, found = kernel._function, set()  # type: ignore[attr-defined]

        def watched(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
            found.add(images.backing_device.rpartition("device:")[2])
            return run(images, labels)

        kernel.compile()
        with patch.object(kernel, "_function", watched):
            kernel.step()
            kernel.step()
        try:
            return found, str(kernel.facts().input_staging)
        except InvalidLaunchError as error:
            return found, str(error)

    make_data_set(Path(data_dir), images=4, width=48, height=48, shards=1, seed=1)
    options = KernelOptions(data_dir=data_dir)
    cells = {
        f"{cell.mode.value}, {data.value}": replace(cell, data=data)
        for cell in (CELL, TRAINING)
        for data in (Data.SYNTHETIC, Data.TFRECORD)
    }
    ends = {"on the host": launch(CELL)}
    with tf.device(DEVICE), patch.object(staging, "step_device", lambda: DEVICE):
        ends |= {name: launch(cell) for name, cell in cells.items()}
        with patch("suite.kernels.tensorflow.batches.supply", lambda dataset, _mode: iter(dataset)):
            ends["staging without effect"] = launch(TRAINING)
        dataset = tf.data.Dataset.from_tensors(synthetic_batch(2, 32, 0)).repeat()
        batches = staging.supply(dataset, Mode.TRAINING)
        synthetic = "suite.kernels.tensorflow.batches"
        with patch(f"{synthetic}.repeat", lambda _: batches), patch(f"{synthetic}._renewed", tuple):
            ends["staging unasked"] = launch(CELL)
    return ends


def test_training_finds_its_batch_on_the_device_and_evaluation_copies_it(tmp_path: Path) -> None:
    """As published, for synthetic and for real images; the record says which, by what steps found.

    A launch whose batches reach the device otherwise is invalid. Where the host computes there is
    nothing to copy.
    """
    must = "a batch must reach the device"

    assert in_fresh_process({}, staged_launches, str(tmp_path / "data")) == {
        "on the host": ({"CPU:0"}, "no copy: the host computes"),
        "inference, synthetic": ({"CPU:0"}, "inside the step"),
        "inference, tfrecord": ({"CPU:0"}, "inside the step"),
        "training, synthetic": ({DEVICE}, "ahead of the step"),
        "training, tfrecord": ({DEVICE}, "ahead of the step"),
        "staging without effect": (
            {"CPU:0"},
            f"{must} ahead of the step, but reached it inside the step",
        ),
        "staging unasked": (
            {DEVICE},
            f"{must} inside the step, but reached it ahead of the step",
        ),
    }


def second_batch_while_the_first_is_held() -> bool:
    """Whether the second batch left the host while only the first was asked for."""
    two_devices()
    import tensorflow as tf

    from suite.kernels.tensorflow import staging

    second = Event()

    def note(number: tf.Tensor) -> tf.Tensor:
        if int(number) == 1:
            second.set()
        return number

    numbers = tf.data.Dataset.range(10).map(lambda i: tf.py_function(note, [i], tf.int64))
    with patch.object(staging, "step_device", lambda: DEVICE):
        batches: Iterator[Any] = staging.supply(numbers, Mode.TRAINING)
        next(batches)
    drawn = second.wait(PATIENCE_SECONDS)
    assert int(next(batches)) == 1
    return drawn


def test_the_next_batch_sets_out_while_a_step_computes() -> None:
    """In training a step's batch is on its way before its step begins."""
    assert in_fresh_process({}, second_batch_while_the_first_is_held)


def test_staging_copies_nothing_where_the_host_computes() -> None:
    """On a CPU each step is handed the very memory that holds the synthetic batch."""
    from suite.kernels.tensorflow.batches import open_batches

    batches = open_batches(TRAINING, KernelOptions())
    held = [batches.next()[0] for _ in range(3)]

    assert len({images._numpy().ctypes.data for images in held}) == 1
