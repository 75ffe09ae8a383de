"""What the worker knows of a kernel: built, compiled, stepped, and asked what really ran."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from suite.kernels.recipe import Recipe
from suite.model.distributed import Compression
from suite.model.errors import SuiteError
from suite.model.reading import Reading

# TensorFlow's and XLA's status, CUDA's, cuBLAS's and cuDNN's, C++'s and the C library's words.
_NO_MEMORY = re.compile(
    r"RESOURCE_EXHAUSTED|out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation"
    r"|_STATUS_ALLOC_FAILED|std::bad_alloc|cannot allocate memory",
    re.IGNORECASE,
)


class InvalidLaunchError(SuiteError):
    """What ran is not what the cell declares (a non-finite value, a switch without effect)."""


class MissingComponentError(SuiteError):
    """A component that the cell needs is not installed; the message holds the install line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelOptions:
    """Facts a kernel needs that are not part of the cell's identity.

    `data_dir` and `data_idx_dir` hold TFRecord shards and their DALI index files, for cells that
    read records. `seed` starts every random draw of weights and synthetic images. `recipe` is how
    a training step learns, `reading` how records are read. `compression` is the type in which
    gradients cross between ranks, and `threads` caps TensorFlow's CPU threads (None: as many as it
    sees cores).
    """

    data_dir: str | None = None
    data_idx_dir: str | None = None
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    reading: Reading = field(default_factory=Reading)
    compression: Compression = Compression.NONE
    threads: int | None = None


class Consensus(Protocol):
    """How ranks that take every step together agree after which one a phase ends."""

    def propose(self, wish: bool) -> None:  # noqa: FBT001 - the only argument
        """Before a step: whether this rank wishes that it be the last."""

    @property
    def reached(self) -> bool:
        """After a step: whether any rank wished so, on which all of them agree."""


class Kernel(Protocol):
    """A cell made executable on the device of this process."""

    @property
    def consensus(self) -> Consensus | None:
        """How this rank agrees with the others on an end; None where none takes part in a step."""

    def compile(self) -> None:
        """Run the step once so that tracing, XLA and autotuning are over; blocks until done."""

    def step(self) -> None:
        """Run one batch; returns when the device has finished it."""

    def input_wait_seconds(self) -> Sequence[float]:
        """How long each batch so far was waited for, in order; empty when none is waited for."""

    def conditions(self) -> Mapping[str, object]:
        """What really ran, as JSON-ready facts; call after at least one step.

        With several ranks each of them must call it.

        Raises:
            InvalidLaunchError: a declared switch had no effect, or a result is not finite.
        """

    def all_reduce_seconds(self) -> Sequence[float]:
        """All-reduces of a step's gradients alone; empty with one rank. Each rank must call it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the device or the host had no memory left.

    TensorFlow raises ResourceExhaustedError; XLA may wrap the same words in another class.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return (
        isinstance(error, MemoryError)
        or "ResourceExhaustedError" in kinds
        or reports_out_of_memory(str(error))
    )


def reports_out_of_memory(words: str) -> bool:
    """Whether words in which a launch failed speak of memory that could not be had.

    TensorFlow also warns of an allocation that it can do without, which is not a failure.
    """
    return any(
        _NO_MEMORY.search(line) and "not a failure" not in line for line in words.splitlines()
    )
