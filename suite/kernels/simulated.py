"""A stand-in for a framework: its kernel sleeps for plausible step times, to try the whole path.

Its training is a small one of its own. Its numbers mean nothing, and every record says so.
"""

import random
import time
from collections.abc import Mapping, Sequence

from suite.kernels import interface, tensorflow
from suite.kernels.interface import Evaluator, KernelOptions, Trainer
from suite.model.cell import Cell, Mode
from suite.model.device import Machine
from suite.model.facts import Facts
from suite.model.finding import Diagnosis
from suite.model.training import Training

packages: Mapping[str, tuple[str, ...]] = {}

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

    def facts(self) -> Facts:
        """Marks the record as simulated."""
        return Facts(simulated=True)


def environment(cell: Cell, *, on_gpu: bool) -> dict[str, str]:  # noqa: ARG001 - as every framework
    """None is needed."""
    return {}


def missing(cell: Cell) -> None:
    """Nothing ever is."""


def diagnosis(machine: Machine) -> Diagnosis:  # noqa: ARG001 - as every framework
    """It runs anywhere."""
    return Diagnosis()


def import_framework() -> None:
    """Nothing to import."""


def import_for(cell: Cell) -> None:
    """Nothing to import."""


def build(cell: Cell, options: KernelOptions) -> SimulatedKernel:
    """The sleeping kernel."""
    return SimulatedKernel(cell, options)


def train(training: Training, options: KernelOptions) -> Trainer:  # noqa: ARG001 - as above
    """The small training, which reads no files."""
    from suite.kernels.simulated_training import SimulatedTrainer

    return SimulatedTrainer(training)


def evaluate(cell: Cell, options: KernelOptions) -> Evaluator:
    """The small training's classifier on its held-out points."""
    from suite.kernels.simulated_training import SimulatedEvaluator

    return SimulatedEvaluator(cell, options)


# Ranks of this kernel exchange nothing but their records, for which they borrow Horovod.
gather = tensorflow.gather
cause = interface.first_line
is_out_of_memory = interface.is_out_of_memory
reports_out_of_memory = interface.reports_out_of_memory
