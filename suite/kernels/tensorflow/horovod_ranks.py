"""Training on several ranks with Horovod: averaged gradients, equal weights, a common last step."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import horovod
import horovod.tensorflow as hvd
import tensorflow as tf
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError
from suite.kernels.tensorflow import MPI_YIELDS
from suite.kernels.tensorflow.executed import ALL_REDUCE, record_first_run
from suite.kernels.tensorflow.steps import Step, TrainingParts
from suite.model.distributed import Compression, Rank
from suite.model.facts import Facts

_COMPRESSORS = {Compression.NONE: hvd.Compression.none, Compression.FP16: hvd.Compression.fp16}
# All-reduces of a step's gradients alone, after the measured steps and one for warm-up.
_ALL_REDUCES = 5


def join_ranks(rank: Rank) -> None:
    """Connect this process with the others of its launch; blocks until all have joined.

    Raises:
        InvalidLaunchError: Horovod numbers the ranks differently from their launcher.
    """
    hvd.init()
    if (hvd.rank(), hvd.size()) != (rank.index, rank.size):
        raise InvalidLaunchError(
            f"Horovod says rank {hvd.rank()} of {hvd.size()}, its launcher {rank.index} of"
            f" {rank.size}; build Horovod with support for that launcher"
        )


def gather(text: str) -> list[str]:
    """The texts of all ranks, in rank order; every rank must call it."""
    if not hvd.is_initialized():  # the simulated kernel has not done so
        hvd.init()
    return list(hvd.allgather_object(text))


class EndTogether:
    """Ranks end a phase after the same step; otherwise some would wait for the others forever.

    The request of each rank is exchanged with the gradients of a step, so that agreeing needs no
    exchange of its own.
    """

    def __init__(self) -> None:
        self._request = tf.Variable(0.0, trainable=False, name="request_to_end")
        self._requests = tf.Variable(0.0, trainable=False, name="requests_to_end")

    def propose(self, is_last: bool) -> None:  # noqa: FBT001 - the only argument
        """Before a step: whether this rank wants it to be the last."""
        self._request.assign(float(is_last))

    @property
    def reached(self) -> bool:
        """After a step: whether any rank wanted it to be the last; the same on all ranks."""
        return bool(self._requests.numpy() > 0)

    def sent(self) -> tf.Tensor:
        """What this rank sends with its gradients."""
        return self._request.read_value()

    def received(self, requests: tf.Tensor) -> None:
        """Keep what came back."""
        self._requests.assign(requests)


@dataclass(frozen=True, slots=True)
class RankedStep:
    """A step of every rank, the way they agree to end, and how many tensors each step averages."""

    step: Step
    end: EndTogether
    averaged_tensors: int


def ranked_training_step(
    parts: TrainingParts,
    variables: Sequence[tf.Variable],
    compression: Compression,
    *,
    jit_compile: bool,
) -> RankedStep:
    """The training step with its gradients averaged over all ranks between its two parts.

    First broadcasts the variables of rank 0 to the others. XLA compiles the two parts separately,
    because it does not support Horovod's operation. Without XLA the all-reduce of a gradient begins
    as soon as that gradient is ready, while others are still computed.
    """
    take_over(variables)
    end = EndTogether()
    average = _averaging(compression)
    compute, update = parts.gradients, parts.update
    if jit_compile:
        compute = tf.function(compute, jit_compile=True, autograph=False)
        update = tf.function(update, jit_compile=True, autograph=False)

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        loss, gradients = compute(images, labels)
        averaged = [average(g, f"gradient_{i}") for i, g in enumerate(gradients)]
        end.received(average(end.sent(), "request_to_end"))
        return update(loss, averaged)

    return RankedStep(step, end, parts.gradient_count + 1)


def averaged_parts(
    parts: TrainingParts, compression: Compression, *, jit_compile: bool
) -> TrainingParts:
    """The halves of a step whose losses and gradients are the mean over all ranks.

    The losses cross as they are, whatever the compression. XLA compiles the halves as for
    `ranked_training_step`.
    """
    average, average_loss = _averaging(compression), _averaging(Compression.NONE)
    compute, update = parts.gradients, parts.update
    if jit_compile:
        compute = tf.function(compute, jit_compile=True, autograph=False)
        update = tf.function(update, jit_compile=True, autograph=False)

    def gradients(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        losses, own = compute(images, labels)
        averaged = [average(g, f"gradient_{i}") for i, g in enumerate(own)]
        return average_loss(losses, "losses"), averaged

    return replace(parts, gradients=gradients, update=update)


def take_over(variables: Sequence[tf.Variable]) -> None:
    """Give all ranks the values of rank 0; every rank must call it."""
    hvd.broadcast_variables(variables, root_rank=0)


def summed(values: NDArray[Any]) -> NDArray[Any]:
    """The sum of all ranks' values, the same on each; every rank must call it."""
    total: NDArray[Any] = hvd.allreduce(tf.constant(values), op=hvd.Sum).numpy()
    return total


def _averaging(compression: Compression) -> Callable[[tf.Tensor, str], tf.Tensor]:
    def average(tensor: tf.Tensor, name: str) -> tf.Tensor:
        return hvd.allreduce(
            tensor, op=hvd.Average, compression=_COMPRESSORS[compression], name=name
        )

    return average


def all_reduce_seconds(
    variables: Sequence[tf.Variable], compression: Compression
) -> tuple[float, ...]:
    """Seconds of all-reducing tensors like the gradients of these variables, and nothing else.

    Every rank must call it. Ranks are synchronised before each all-reduce.

    Raises:
        InvalidLaunchError: TensorFlow did not execute an all-reduce for each of them.
    """
    gradients = [tf.zeros(variable.shape, variable.dtype) for variable in variables]
    average = _averaging(compression)

    def reduce(*tensors: tf.Tensor) -> tf.Tensor:
        averaged = [average(t, f"alone_{i}") for i, t in enumerate(tensors)]
        # TensorFlow prunes operations without a used result, and Horovod's counts as stateless.
        return tf.add_n([tf.reshape(t, [-1])[0] for t in averaged])

    traced = tf.function(reduce, autograph=False)
    executed = record_first_run(lambda: traced(*gradients).numpy())
    ran = sum(node.op == ALL_REDUCE for node in executed)
    if ran != len(gradients):
        raise InvalidLaunchError(f"{ran} all-reduces ran, not one for each of {len(gradients)}")
    seconds = []
    for _ in range(_ALL_REDUCES):
        hvd.allreduce(tf.constant(0.0), name="together").numpy()
        began = time.perf_counter()
        traced(*gradients).numpy()
        seconds.append(time.perf_counter() - began)
    return tuple(seconds)


def check_compression(
    compression: Compression, crossed: tuple[str, ...] | None, *, beside: tuple[str, ...] = ()
) -> None:
    """Check that ranks exchanged gradients in the type of the compression.

    `beside` are the types of what else they exchanged.

    Raises:
        InvalidLaunchError: they did not.
    """
    wanted = {Compression.NONE: "float32", Compression.FP16: "float16"}[compression]
    if set(crossed or ()) != {wanted, *beside}:
        raise InvalidLaunchError(
            f"compression {compression.value} is declared, so that gradients cross in {wanted}, but"
            f" they did in {' and '.join(crossed or ['no type at all'])}"
        )


def check_equal_weights(variables: Sequence[tf.Variable]) -> None:
    """Check that every rank has bitwise identical weights, as training together must give.

    Every rank must call it.

    Raises:
        InvalidLaunchError: some rank's weights differ.
    """
    digest = sha256()
    for variable in variables:
        digest.update(variable.numpy().tobytes())
    digests = gather(digest.hexdigest())
    different = [i for i, other in enumerate(digests) if other != digests[0]]
    if different:
        raise InvalidLaunchError(
            f"after the last step the weights of ranks {', '.join(map(str, different))} differ from"
            " those of rank 0; the gradients were not averaged"
        )


def horovod_facts(compression: Compression, *, on_gpu: bool) -> Facts:
    """How gradients are exchanged."""
    control = "MPI" if hvd.mpi_enabled() else "Gloo"
    return Facts(
        horovod=horovod.__version__,
        horovod_ranks=hvd.size(),
        horovod_compression=compression.value,
        horovod_operations="NCCL" if on_gpu and hvd.nccl_built() else control,
        horovod_control=control,
        mpi_yields_when_idle=hvd.mpi_enabled() and os.environ.get(MPI_YIELDS) == "1",
    )
