"""A stand-in without TensorFlow: sleeps for plausible step times, to try out the whole path.

Its numbers mean nothing, and every record says so.
"""

import random
import time
from collections.abc import Mapping, Sequence

from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, Mode

# Seconds of a step: fixed, per image, and the factors of training, AMP and XLA.
_FIXED_SECONDS = 0.002
_SECONDS_PER_IMAGE = 0.0005
_FACTORS = {"training": 3.0, "amp": 0.6, "xla": 0.9}
_SPREAD = 0.05


class SimulatedKernel:
    """Steps of a duration that the cell and the seed determine, spread by a few percent.

    Ranks of it do not wait for each other.
    """

    consensus = None

    def __init__(self, cell: Cell, options: KernelOptions) -> None:
        seconds = _FIXED_SECONDS + _SECONDS_PER_IMAGE * cell.batch_size
        seconds *= _FACTORS["training"] if cell.mode is Mode.TRAINING else 1.0
        seconds *= _FACTORS.get(cell.precision.value, 1.0)
        seconds *= _FACTORS["xla"] if cell.xla else 1.0
        self._seconds = seconds
        self._random = random.Random(f"{cell.id} {options.seed}")  # noqa: S311 - not for secrets

    def compile(self) -> None:
        """Nothing to compile."""

    def step(self) -> None:
        """Sleep one step."""
        time.sleep(self._seconds * self._random.uniform(1 - _SPREAD, 1 + _SPREAD))

    def input_wait_seconds(self) -> Sequence[float]:
        """Nothing to wait for."""
        return ()

    def all_reduce_seconds(self) -> Sequence[float]:
        """Nothing to reduce."""
        return ()

    def conditions(self) -> Mapping[str, object]:
        """Marks the record as simulated."""
        return {"simulated": True}
