"""ResNet50 v1.5 trained by several ranks: one rank made executable, with proof of what ran."""

import os
from collections.abc import Sequence

import tensorflow as tf

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.horovod_ranks import (
    RankedStep,
    all_reduce_seconds,
    check_compression,
    check_equal_weights,
    horovod_facts,
    join_ranks,
    ranked_training_step,
)
from suite.kernels.tensorflow.kernel import (
    OpenedNetwork,
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
    opened = open_network(cell, options, rank)
    ranked = ranked_training_step(
        model_parts(cell, options.recipe, opened.model),
        [variable.value for variable in opened.model.variables],
        options.compression,
        jit_compile=compiles_whole(cell),
    )
    batch = opened.batches.next()
    function = tf.function(ranked.step, autograph=False).get_concrete_function(*batch)
    return RankedKernel(cell, options, opened, function, ranked)


class RankedKernel(TensorFlowKernel):
    """A rank's kernel: that of a single process, with the checks across ranks."""

    def __init__(
        self,
        cell: Cell,
        options: KernelOptions,
        opened: OpenedNetwork,
        function: tf.types.experimental.ConcreteFunction,
        ranked: RankedStep,
    ) -> None:
        super().__init__(cell, options.recipe, opened, function)
        self.consensus = ranked.end
        self._variables = [variable.value for variable in opened.model.trainable_variables]
        self._averaged_tensors = ranked.averaged_tensors
        self._compression = options.compression

    def all_reduce_seconds(self) -> Sequence[float]:
        """All-reduces of a step's gradients alone; each rank must call it."""
        return all_reduce_seconds(self._variables, self._compression)

    def facts(self) -> Facts:
        """What ran on this rank and between the ranks; every rank must call it.

        Raises:
            InvalidLaunchError: as for a single process; or not every gradient was averaged, not in
                the declared type, or the ranks' weights differ.
        """
        facts = super().facts()
        if facts.all_reduces != self._averaged_tensors:
            raise InvalidLaunchError(
                f"{facts.all_reduces} tensors were averaged over ranks in a step, not all of"
                f" {self._averaged_tensors}"
            )
        check_compression(self._compression, facts.all_reduce_types)
        check_equal_weights(self._variables)
        return facts | horovod_facts(self._compression, on_gpu=facts.device_type == "GPU")
