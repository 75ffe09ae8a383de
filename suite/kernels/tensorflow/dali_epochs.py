"""Records read by DALI for a training: epoch by epoch, each of which begins anew.

DALI's reader keeps its order and its random numbers to itself. Each epoch has a pipeline of its own
with a seed of its own, so that a training goes on in the middle of an epoch by drawing the batches
before and throwing them away: exact, at the cost of decoding them again.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf

from suite.kernels.tensorflow.dali_batches import dali_dataset, dali_facts
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.staging import step_device
from suite.model.cell import Cell, Mode
from suite.model.distributed import Rank
from suite.model.facts import Facts
from suite.model.reading import Reading, settled_reading
from suite.model.recipe import Recipe
from suite.model.training import Training

_Pair = tuple[tf.Tensor, tf.Tensor]


def dali_training(
    training: Training,
    shards: tuple[Path, ...],
    directory: Path,
    rank: Rank,
    steps_per_epoch: int,
    steps_done: int,
) -> RecordBatches:
    """This rank's batches from the step after `steps_done` on, epoch after epoch without end.

    In each epoch a rank reads the part of another, so that the shuffle buffer mixes others.
    """
    cell = training.cell
    reading = settled_reading(training.reading, cell)

    def batches() -> Iterator[_Pair]:
        epoch, skipped = divmod(steps_done, steps_per_epoch)
        while True:
            part = (rank.index + epoch) % rank.size
            generator = np.random.default_rng([training.seed, epoch, rank.index])
            dataset = dali_dataset(
                cell,
                shards,
                directory,
                recipe=training.recipe,
                reading=reading,
                rank=rank,
                part=part,
                seed=int(generator.integers(2**31)),
            )
            with tf.device(step_device()):
                pairs = iter(dataset)
            yield from islice(pairs, skipped, steps_per_epoch)
            epoch, skipped = epoch + 1, 0

    return RecordBatches(
        batches(),
        shards,
        normalized=True,
        index=directory,
        facts=dali_facts(cell.mode, shards, training.recipe, reading, rank),
    )


class DaliValidation:
    """This rank's images of the validation split, as batches of one shape."""

    def __init__(
        self,
        cell: Cell,
        reading: Reading,
        shards: tuple[Path, ...],
        directory: Path,
        records: int,
        rank: Rank,
    ) -> None:
        self._cell = replace(cell, mode=Mode.INFERENCE)
        self._reading = replace(settled_reading(reading, cell), shuffled_records=0)
        self._shards = shards
        self._directory = directory
        self._rank = rank
        # DALI's own division of records into parts.
        begin, end = (records * (rank.index + i) // rank.size for i in (0, 1))
        self.images = end - begin

    def batches(self) -> RecordBatches:
        """One pass and more; what follows the images of this rank is to be left out."""
        dataset = dali_dataset(
            self._cell,
            self._shards,
            self._directory,
            recipe=Recipe(),  # of which an evaluation takes nothing
            reading=self._reading,
            rank=self._rank,
            part=self._rank.index,
            seed=0,
        )
        with tf.device(step_device()):
            iterator = iter(dataset)
        return RecordBatches(
            iterator, self._shards, normalized=True, index=self._directory, facts=Facts()
        )
