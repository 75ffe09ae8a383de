"""The interface between the worker and a kernel: build, compile, step, and report what ran."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from suite.kernels.recipe import Recipe
from suite.model.distributed import Compression
from suite.model.errors import SuiteError
from suite.model.reading import Reading

# Messages of TensorFlow and XLA, CUDA, cuBLAS and cuDNN, C++ and the C library.
_NO_MEMORY = re.compile(
    r"RESOURCE_EXHAUSTED|out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation"
    r"|_STATUS_ALLOC_FAILED|std::bad_alloc|cannot allocate memory",
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
    read records. `seed` seeds weights and synthetic images. `recipe` is the training recipe,
    `reading` how records are read. `compression` is the type in which ranks exchange gradients, and
    `threads` caps TensorFlow's CPU threads (None: one per core).
    """

    data_dir: str | None = None
    data_idx_dir: str | None = None
    seed: int = 0
    recipe: Recipe = field(default_factory=Recipe)
    reading: Reading = field(default_factory=Reading)
    compression: Compression = Compression.NONE
    threads: int | None = None


class Consensus(Protocol):
    """How ranks that take every step together agree on the last step of a phase."""

    def propose(self, wish: bool) -> None:  # noqa: FBT001 - the only argument
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

    def conditions(self) -> Mapping[str, object]:
        """What really ran, as JSON-ready facts; call after at least one step.

        With several ranks, every rank must call it.

        Raises:
            InvalidLaunchError: a declared switch had no effect, or a result is not finite.
        """

    def all_reduce_seconds(self) -> Sequence[float]:
        """Seconds of all-reducing gradients alone, () with one rank; every rank must call it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that the device or the host ran out of memory.

    TensorFlow raises ResourceExhaustedError; XLA may raise another class with the same message.
    """
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return (
        isinstance(error, MemoryError)
        or "ResourceExhaustedError" in kinds
        or reports_out_of_memory(str(error))
    )


def reports_out_of_memory(words: str) -> bool:
    """Whether the output of a failed launch reports that memory could not be allocated.

    TensorFlow also warns of failed allocations that it can do without; those do not count.
    """
    return any(
        _NO_MEMORY.search(line) and "not a failure" not in line for line in words.splitlines()
    )
