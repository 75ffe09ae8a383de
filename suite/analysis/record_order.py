"""The order in which an epoch takes its records, and each rank's part of it."""

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from suite.model.distributed import Rank

# Numbers of records, counted from 0 over all shards in the order of their names.
Order = NDArray[np.int64]


def epoch_order(
    shard_sizes: Sequence[int],
    *,
    open_files: int,
    interleaved_records: int,
    shuffled_records: int,
    seed: int,
    epoch: int,
) -> Order:
    """Every record once, as the published reader would draw them: interleaved, then shuffled.

    `shard_sizes` are the records of each shard. Seed and epoch (from 0) decide the order, however
    many ranks share it.
    """
    order = interleaved(shard_sizes, open_files, interleaved_records)
    return shuffled(order, shuffled_records, np.random.default_rng([seed, epoch]))


def interleaved(shard_sizes: Sequence[int], open_files: int, records: int) -> Order:
    """So many records of each open shard in turn; a shard that ends gives way to the next one."""
    ends = np.cumsum(shard_sizes)
    waiting = deque(
        (int(end) - size, int(end)) for end, size in zip(ends, shard_sizes, strict=True)
    )
    opened = deque(waiting.popleft() for _ in range(min(open_files, len(waiting))))
    parts = []
    while opened:
        begin, end = opened.popleft()
        parts.append(np.arange(begin, min(begin + records, end)))
        if begin + records < end:
            opened.append((begin + records, end))
        elif waiting:
            opened.append(waiting.popleft())
    return np.concatenate(parts).astype(np.int64)


def shuffled(order: Order, size: int, generator: np.random.Generator) -> Order:
    """Through a buffer of this size: each draw takes one of it at random, and the next one enters.

    0 and 1 keep the order. A buffer for all of them gives every order with the same chance.
    """
    if size <= 1:
        return order
    buffer = order[:size].tolist()
    entering = order[size:].tolist()
    drawn = []
    for record, slot in zip(
        entering, generator.integers(0, len(buffer), len(entering)).tolist(), strict=True
    ):
        drawn.append(buffer[slot])
        buffer[slot] = record
    rest = generator.permutation(np.array(buffer, np.int64))
    return np.concatenate([np.array(drawn, np.int64), rest])


def part_of_batch(order: Order, batch: int, batch_size: int, rank: Rank) -> slice:
    """Where in an order a rank's images of a global batch lie; fewer or none after its end.

    `batch` counts from 0. Ranks have their images of it side by side, so that all of them together
    take what one rank with the whole batch would.
    """
    begin = (batch * rank.size + rank.index) * batch_size
    return slice(min(begin, len(order)), min(begin + batch_size, len(order)))
