"""ResNet50 v1.5 trained to an accuracy by several ranks: one of them, and what they share."""

import os
from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.horovod_ranks import (
    all_reduce_seconds,
    averaged_parts,
    check_compression,
    check_equal_weights,
    horovod_facts,
    join_ranks,
    summed,
    take_over,
)
from suite.kernels.tensorflow.kernel import claim_device, compiles_whole
from suite.kernels.tensorflow.splits import Splits
from suite.kernels.tensorflow.steps import TrainingParts
from suite.kernels.tensorflow.training import TensorFlowTrainer, trained_network
from suite.model.distributed import Compression, rank_of
from suite.model.facts import Facts
from suite.model.training import Training


def build_ranked_trainer(training: Training, options: KernelOptions) -> "RankedTrainer":
    """Build this rank's network, pipelines and steps; every rank of the launch must call it.

    Raises:
        InvalidLaunchError: as `build_trainer`, the host has fewer GPUs than ranks, or the ranks are
            not those of the cell.
        InputError, MissingComponentError: as `build_trainer`.
    """
    rank = rank_of(os.environ)
    claim_device(rank, options.threads)
    join_ranks(rank)
    return RankedTrainer(training, *trained_network(training, options, rank), options.compression)


class RankedTrainer(TensorFlowTrainer):
    """One of several ranks, which begin with the weights of rank 0 and average their gradients.

    Each rank has moving statistics of its own batches, on which no step depends. As published,
    those of rank 0 are evaluated and kept: the others take them over for that.
    """

    def __init__(
        self,
        training: Training,
        model: keras.Model,
        parts: TrainingParts,
        splits: Splits,
        compression: Compression,
    ) -> None:
        jit_compile = compiles_whole(training.cell)
        averaged = averaged_parts(parts, compression, jit_compile=jit_compile)
        super().__init__(training, model, averaged, splits)
        self._compression = compression
        self._averaged_tensors = parts.gradient_count + 1  # and the losses
        take_over(list(self._variables.values()))

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
        check_compression(self._compression, facts.all_reduce_types, beside=("float32",))
        check_equal_weights([variable.value for variable in self._model.trainable_variables])
        return facts | horovod_facts(self._compression, on_gpu=facts.device_type == "GPU")

    def all_reduce_seconds(self) -> Sequence[float]:
        """All-reduces of a step's gradients alone; every rank must call it."""
        gradients = [variable.value for variable in self._model.trainable_variables]
        return all_reduce_seconds(gradients, self._compression)

    @property
    def _compiles_step(self) -> bool:
        """XLA compiles its halves alone: it has no all-reduce."""
        return False

    def _share(self) -> None:
        """Take over the moving statistics of rank 0."""
        take_over([variable.value for variable in self._model.non_trainable_variables])

    def _total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return summed(values)
