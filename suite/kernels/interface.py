"""What the suite may know of a framework and of a kernel: nothing outside their folders knows more.

A framework builds kernels; a kernel is one cell made executable.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from suite.model.cell import Cell
from suite.model.device import Machine
from suite.model.distributed import Compression
from suite.model.errors import SuiteError
from suite.model.evaluation import JudgedBatch
from suite.model.facts import Facts
from suite.model.finding import Diagnosis
from suite.model.reading import Reading
from suite.model.recipe import Recipe
from suite.model.training import Evaluation, TrainedStep, Training

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Messages of CUDA, cuBLAS and cuDNN, C++ and the C library, which any framework may pass on.
_NO_MEMORY = re.compile(
    r"out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|_STATUS_ALLOC_FAILED"
    r"|std::bad_alloc|cannot allocate memory",
    re.IGNORECASE,
)


class InvalidLaunchError(SuiteError):
    """What ran is not what the cell declares (a non-finite value, a switch without effect)."""


class MissingComponentError(SuiteError):
    """A component that the cell needs is not installed; the message has the install line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelOptions:
    """Facts a kernel needs that are not part of the cell's identity.

    `data_dir` and `data_idx_dir` hold TFRecord shards and their DALI index files, for cells that
    read records. `weights` is the file of a trained network, None for new weights. `seed` seeds
    these and synthetic images. `recipe` is the training recipe, `reading` how records are read.
    `compression` is the type in which ranks exchange gradients, and `threads` caps the framework's
    CPU threads (None: one per core).
    """

    data_dir: str | None = None
    data_idx_dir: str | None = None
    weights: str | None = None
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    reading: Reading = field(default_factory=Reading)
    compression: Compression = Compression.NONE
    threads: int | None = None


class Consensus(Protocol):
    """How ranks that take every step together agree on the last step of a phase."""

    def propose(self, is_last: bool) -> None:  # noqa: FBT001 - the only argument
        """Before a step: whether this rank wants it to be the last."""

    @property
    def reached(self) -> bool:
        """After a step: whether any rank wanted it to be the last; the same on all ranks."""


class Kernel(Protocol):
    """A cell made executable on the device of this process."""

    @property
    def consensus(self) -> Consensus | None:
        """How this rank agrees with the others on the last step; None if it does not."""

    def compile(self) -> None:
        """Run the step once, which traces, compiles and autotunes it; blocks until done."""

    def step(self) -> None:
        """Run one batch; returns when the device has finished it."""

    def input_wait_seconds(self) -> Sequence[float]:
        """How long each batch so far was waited for, in order; empty if none is waited for."""

    def facts(self) -> Facts:
        """What really ran; call after at least one step.

        With several ranks, every rank must call it.

        Raises:
            InvalidLaunchError: a declared switch had no effect, or a result is not finite.
        """

    def all_reduce_seconds(self) -> Sequence[float]:
        """Seconds of all-reducing gradients alone, () with one rank; every rank must call it."""


class Trainer(Protocol):
    """A training in progress on the device of this process: one rank of it, or all.

    With several ranks every rank must call each method, as often and in the same order.
    """

    @property
    def steps_per_epoch(self) -> int:
        """The global batches that the training split fills."""

    @property
    def steps_done(self) -> int:
        """Steps so far, those before a restored state included."""

    def step(self) -> TrainedStep:
        """Train on the next batch; returns when the device has finished.

        Raises:
            InvalidLaunchError: a record cannot be used, or the loss is not finite; says at which
                step, learning rate and loss scale.
        """

    def evaluate(self) -> Evaluation:
        """Classify every validation image once; changes nothing that training depends on.

        Raises:
            InvalidLaunchError: a record cannot be used.
        """

    def state(self) -> "Mapping[str, NDArray[Any]]":
        """All that the next step depends on, by name; the same on every rank."""

    def restore(self, state: "Mapping[str, NDArray[Any]]") -> None:
        """Go on from a state, with the next batch that would have followed it.

        Raises:
            InvalidLaunchError: the state is that of another network or recipe.
        """

    def facts(self) -> Facts:
        """What really ran; call after at least one step. Raises as for a kernel."""

    def all_reduce_seconds(self) -> Sequence[float]:
        """As of a kernel."""


class Evaluator(Protocol):
    """A trained network that is ready to classify the validation split on this process's device."""

    @property
    def batches(self) -> int:
        """How many batches the images of the split are, the last perhaps not full."""

    def judged(self) -> Iterator[JudgedBatch]:
        """Classify every image once, batch by batch; each comes when the device has finished it.

        Raises:
            InvalidLaunchError: a record cannot be used.
        """

    def facts(self) -> Facts:
        """What really ran; call after at least one batch. Raises as for a kernel."""


class Framework(Protocol):
    """A module that builds kernels, and all that the rest of the suite may ask of it.

    `packages` maps each component whose version counts to the distributions that may contain it.
    Only the functions that say so import the framework.
    """

    @property
    def packages(self) -> Mapping[str, tuple[str, ...]]:
        """Component -> distributions, the usual one first."""

    def environment(self, cell: Cell, *, on_gpu: bool) -> dict[str, str]:
        """Variables that a launch of the cell needs before the import, on top of the user's."""

    def missing(self, cell: Cell) -> str | None:
        """Which component the cell lacks here, with the line that installs it; None for none."""

    def diagnosis(self, machine: Machine) -> Diagnosis:
        """Whether the framework is here and has kernels for the machine's GPUs; imports nothing."""

    def import_framework(self) -> None:
        """Import what every cell needs, and nothing more; a fork server does.

        Raises:
            MissingComponentError: it is not installed.
        """

    def import_for(self, cell: Cell) -> None:
        """Import all that the cell needs, so that import and build are timed separately.

        Raises:
            MissingComponentError: a component is not installed, or does not fit the others.
        """

    def build(self, cell: Cell, options: KernelOptions) -> Kernel:
        """Make the cell executable: network, weights, data. Every rank of a launch must call it.

        Raises:
            MissingComponentError: the cell needs a component that is not installed.
            InvalidLaunchError: the cell cannot run as declared on this device.
            InputError: the records that it reads are missing, damaged or too few.
        """

    def train(self, training: Training, options: KernelOptions) -> Trainer:
        """Build the network and its pipelines of both splits; every rank must call it.

        The recipe, the reading and the seed are those of the training, not of the options.

        Raises:
            MissingComponentError: it needs a component that is not installed.
            InvalidLaunchError: the cell cannot run as declared on this device.
            InputError: the records of a split are missing, damaged or too few, or of classes that
                the network does not have.
        """

    def evaluate(self, cell: Cell, options: KernelOptions) -> Evaluator:
        """Build the network of `options.weights` and the pipeline of the validation split.

        Raises:
            MissingComponentError: it needs a component that is not installed.
            InvalidLaunchError: the cell cannot run as declared on this device.
            InputError: the network's file or the records are missing or damaged, or the file is
                that of another network.
        """

    def gather(self, text: str) -> list[str]:
        """The texts of all ranks of this launch, in rank order; every rank must call it.

        Raises:
            MissingComponentError: what exchanges them is not installed.
        """

    def cause(self, error: BaseException) -> str:
        """What an error says happened, in one line with its class."""

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether an error means that the device or the host ran out of memory."""

    def reports_out_of_memory(self, output: str) -> bool:
        """Whether what a launch printed before it died says that it could not get memory."""


def first_line(error: BaseException, unlike: tuple[str, ...] = ()) -> str:
    """The first line of an error's message that begins otherwise, with the error's class."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["no message"]
    telling = next((line for line in lines if not line.startswith(unlike)), lines[0])
    return f"{type(error).__name__}: {telling[:300]}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is Python's own for a lack of memory, or has the message of a library."""
    return isinstance(error, MemoryError) or reports_out_of_memory(str(error))


def reports_out_of_memory(output: str) -> bool:
    """Whether a library reports in this text that it could not get memory."""
    return bool(_NO_MEMORY.search(output))
