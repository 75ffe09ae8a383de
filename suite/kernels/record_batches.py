"""Batches made from records: the wait for each one measured, its labels looked at."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from suite.core.errors import InputError
from suite.kernels.interface import InvalidLaunchError, is_out_of_memory
from suite.kernels.records import FIRST_LABEL, LAST_LABEL, check_shard

# How long a failed launch looks for the record that made it fail.
_DIAGNOSIS_SECONDS = 60.0


class RecordBatches:
    """An endless iterator of (images, labels) made into the supply that a kernel steps through."""

    def __init__(
        self,
        iterator: Iterator[tuple[tf.Tensor, tf.Tensor]],
        shards: Sequence[Path],
        *,
        normalized: bool,
        conditions: Mapping[str, object],
    ) -> None:
        self.normalized = normalized
        self.wait_seconds: list[float] = []
        self._iterator = iterator
        self._shards = shards
        self._conditions = conditions

    def next(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The next batch, once it is there; looking at its labels also waits for a GPU pipeline.

        Raises:
            InvalidLaunchError: a record cannot be used; names the file and the record.
        """
        began = time.perf_counter()
        try:
            images, labels = next(self._iterator)
            values = labels.numpy()
        except (tf.errors.OpError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise InvalidLaunchError(self._diagnosis(str(error))) from error
        if values.min() < 0 or values.max() > LAST_LABEL - FIRST_LABEL:
            problem = f"a label is outside {FIRST_LABEL}..{LAST_LABEL}"
            raise InvalidLaunchError(self._diagnosis(problem))
        self.wait_seconds.append(time.perf_counter() - began)
        return images, labels

    def conditions(self) -> Mapping[str, object]:
        """How the batches were made."""
        return self._conditions

    def _diagnosis(self, problem: str) -> str:
        """The first bad record, if it is found soon; else the problem as the pipeline put it."""
        end = time.monotonic() + _DIAGNOSIS_SECONDS
        for shard in self._shards:
            if time.monotonic() > end:
                break
            try:
                check_shard(shard)
            except InputError as error:
                return str(error)
        line = " ".join(problem.split())[:300]
        return f"{self._shards[0].parent}: {line}; look with: python bench.py data check"
