"""ResNet50 v1.5 trained by several ranks: one rank made executable, with proof of what ran."""

import os
from collections.abc import Sequence

import tensorflow as tf

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.horovod_ranks import (
    EndTogether,
    all_reduce_seconds,
    check_compression,
    check_equal_weights,
    horovod_facts,
    join_ranks,
    ranked_training_step,
)
from suite.kernels.tensorflow.kernel import (
    TensorFlowKernel,
    claim_device,
    compiles_whole,
    model_parts,
    open_network,
)
from suite.model.cell import Cell
from suite.model.distributed import rank_of
from suite.model.facts import Facts


def build_ranked(cell: Cell, options: KernelOptions) -> "RankedKernel":
    """Build this rank's network, step and batches; every rank of the launch must call it.

    Raises:
        InvalidLaunchError: as `build_resnet50`, the host has fewer GPUs than ranks, or the ranks
            are not those of the cell.
        InputError: as `build_resnet50`.
    """
    rank = rank_of(os.environ)
    claim_device(rank, options.threads)
    join_ranks(rank)
    model, batches = open_network(cell, options, rank)
    ranked = ranked_training_step(
        model_parts(cell, options.recipe, model),
        [variable.value for variable in model.variables],
        options.compression,
        jit_compile=compiles_whole(cell),
    )
    function = tf.function(ranked.step, autograph=False).get_concrete_function(*batches.next())
    kernel = TensorFlowKernel(cell, options.recipe, model, function, batches)
    trained = [variable.value for variable in model.trainable_variables]
    return RankedKernel(kernel, trained, ranked.end, ranked.averaged_tensors, options)


class RankedKernel:
    """A rank's kernel: that of a single process, with the checks across ranks."""

    def __init__(
        self,
        kernel: TensorFlowKernel,
        variables: Sequence[tf.Variable],
        consensus: EndTogether,
        averaged_tensors: int,
        options: KernelOptions,
    ) -> None:
        self.consensus = consensus
        self._kernel = kernel
        self._variables = variables
        self._averaged_tensors = averaged_tensors
        self._compression = options.compression

    def compile(self) -> None:
        """Run the step once, with all other ranks."""
        self._kernel.compile()

    def step(self) -> None:
        """Run one batch of this rank; returns when its device has finished the common update."""
        self._kernel.step()

    def input_wait_seconds(self) -> Sequence[float]:
        """How long each batch of this rank so far was waited for."""
        return self._kernel.input_wait_seconds()

    def all_reduce_seconds(self) -> Sequence[float]:
        """All-reduces of a step's gradients alone; each rank must call it."""
        return all_reduce_seconds(self._variables, self._compression)

    def facts(self) -> Facts:
        """What ran on this rank and between the ranks; every rank must call it.

        Raises:
            InvalidLaunchError: as for a single process; or not every gradient was averaged, not in
                the declared type, or the ranks' weights differ.
        """
        facts = self._kernel.facts()
        if facts.all_reduces != self._averaged_tensors:
            raise InvalidLaunchError(
                f"{facts.all_reduces} tensors were averaged over ranks in a step, not all of"
                f" {self._averaged_tensors}"
            )
        check_compression(self._compression, facts.all_reduce_types)
        check_equal_weights(self._variables)
        return facts | horovod_facts(self._compression, on_gpu=facts.device_type == "GPU")
