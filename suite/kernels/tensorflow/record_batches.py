"""Batches made from records, with the wait for each one measured and its labels checked."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import tensorflow as tf

from suite.kernels.interface import InvalidLaunchError
from suite.kernels.tensorflow import is_out_of_memory
from suite.kernels.tensorflow.records import FIRST_LABEL, LAST_LABEL, check_shard
from suite.model.errors import InputError
from suite.model.facts import Facts
from suite.model.text import bench
from suite.store.dali_index import compare_index
from suite.store.tfrecords import count_records

# How long a failed launch searches for the bad record.
_DIAGNOSIS_SECONDS = 60.0


class RecordBatches:
    """The batches of a kernel from an endless iterator of (images, labels).

    `index` is the folder of the index through which it reads the shards, None without an index.
    """

    def __init__(
        self,
        iterator: Iterator[tuple[tf.Tensor, tf.Tensor]],
        shards: Sequence[Path],
        *,
        normalized: bool,
        index: Path | None = None,
        facts: Facts,
    ) -> None:
        self.normalized = normalized
        self.wait_seconds: list[float] = []
        self._iterator = iterator
        self._shards = shards
        self._index = index
        self._facts = facts

    def next(self) -> tuple[tf.Tensor, tf.Tensor]:
        """The next batch, once it is ready; reading its labels also waits for a GPU pipeline.

        Raises:
            InvalidLaunchError: a record cannot be used; names the file and the record.
        """
        began = time.perf_counter()
        try:
            images, labels = next(self._iterator)
            values = labels.numpy()
        # The last: a message of TensorFlow that quotes a record which is not UTF-8.
        except (tf.errors.OpError, RuntimeError, UnicodeDecodeError) as error:
            if is_out_of_memory(error):
                raise
            raise InvalidLaunchError(self._diagnosis(str(error))) from error
        if values.min() < 0 or values.max() > LAST_LABEL - FIRST_LABEL:
            problem = f"a label is outside {FIRST_LABEL}..{LAST_LABEL}, or an image is not a JPEG"
            raise InvalidLaunchError(self._diagnosis(problem))
        self.wait_seconds.append(time.perf_counter() - began)
        return images, labels

    def facts(self) -> Facts:
        """How the batches were made."""
        return self._facts

    def _diagnosis(self, problem: str) -> str:
        """The first bad record, if it is found in time; else the pipeline's own message."""
        end = time.monotonic() + _DIAGNOSIS_SECONDS
        for check in self._checks():
            if time.monotonic() > end:
                break
            try:
                check()
            except InputError as error:
                return str(error)
        line = " ".join(problem.split())[:300]
        folder = self._shards[0].parent
        check_all = bench("data", "check", str(folder))
        return f"{folder}: {line}; check with: {check_all}"

    def _checks(self) -> Iterator[Callable[[], object]]:
        """Checks of each shard, quick ones before those that decode every image."""
        for shard in self._shards:
            yield partial(count_records, [shard])
            if self._index:
                yield partial(compare_index, shard, self._index)
        for shard in self._shards:
            yield partial(check_shard, shard)
