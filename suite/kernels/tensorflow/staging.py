"""How a batch reaches the device that computes: ahead of its step in training, else within it.

As published: training staged its batches, so that the next one was copied to the GPU while a step
computed; evaluation did not, and its step begins with the copy. On a CPU there is no copy.
"""

from collections.abc import Iterator

import tensorflow as tf

from suite.model.cell import Cell, Data, Mode
from suite.model.facts import COPIED_INSIDE

HOST = "CPU:0"

# How a record says it.
AHEAD = "ahead of the step"
KEPT = "kept on the device"
NO_COPY = "no copy: the host computes"

# Batches on the device besides that of the step, as in the published staging area.
_BATCHES_AHEAD = 1


def step_device() -> str:
    """Where the steps of this process run: on its visible GPU, else on the host."""
    return "GPU:0" if tf.config.get_visible_devices("GPU") else HOST


def supply(dataset: tf.data.Dataset, mode: Mode) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    """Draw batches from a dataset of the host, in training already copied to the step's device.

    A thread of TensorFlow starts on the next batch as soon as one is drawn. That must be early: on
    a GPU a copy waits for the work queued before it, which at that moment is almost none.
    """
    if mode is Mode.TRAINING:
        ahead = tf.data.experimental.prefetch_to_device(step_device(), _BATCHES_AHEAD)
        dataset = dataset.apply(ahead)
    return iter(dataset)


def declared_staging(cell: Cell) -> str:
    """How the batches of a cell must reach a device other than the host."""
    if cell.data is Data.SYNTHETIC_DEVICE:
        return KEPT
    # DALI's plugin has a queue of its own, on the device and in both modes.
    return AHEAD if cell.mode is Mode.TRAINING or cell.data is Data.DALI else COPIED_INSIDE


def observed_staging(cell: Cell, images_device: str, computing_device: str) -> str:
    """How they did, from TensorFlow's device names of a step's images and of its computation."""
    images, computing = _place(images_device), _place(computing_device)
    if computing == HOST:
        return NO_COPY
    if images != computing:
        return COPIED_INSIDE
    return KEPT if cell.data is Data.SYNTHETIC_DEVICE else AHEAD


def _place(device: str) -> str:
    """The type and number in a device's full name, as in `GPU:0`."""
    spec = tf.DeviceSpec.from_string(device)
    return f"{spec.device_type}:{spec.device_index}"
