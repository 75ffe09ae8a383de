"""The order of records: every one once an epoch, by seed and epoch alone, shared out exactly."""

import numpy as np
import pytest

from suite.analysis.record_order import Order, epoch_order, interleaved, part_of_batch, shuffled
from suite.model.distributed import Rank

SHARDS = (13, 4, 9)
RECORDS = sum(SHARDS)


def order(*, seed: int = 0, epoch: int = 0, shuffled_records: int = 8) -> Order:
    return epoch_order(
        SHARDS,
        open_files=2,
        interleaved_records=3,
        shuffled_records=shuffled_records,
        seed=seed,
        epoch=epoch,
    )


def test_open_shards_take_turns() -> None:
    """Three records of each of two files; where one ends, the next is opened in its place."""
    assert interleaved(SHARDS, 2, 3).tolist() == [
        *(0, 1, 2, 13, 14, 15),
        *(3, 4, 5, 16),
        *(6, 7, 8, 17, 18, 19),
        *(9, 10, 11, 20, 21, 22),
        *(12, 23, 24, 25),
    ]


@pytest.mark.parametrize("size", [0, 1, 2, 8, RECORDS, 10 * RECORDS])
def test_an_epoch_takes_every_record_once(size: int) -> None:
    """Whatever the buffer, also one for more records than there are."""
    assert sorted(order(shuffled_records=size).tolist()) == list(range(RECORDS))


def test_seed_and_epoch_decide() -> None:
    """Equal ones give equal orders, others others; without a buffer files keep theirs."""
    first = order().tolist()

    assert first == order().tolist()
    assert first != order(epoch=1).tolist()
    assert first != order(seed=1).tolist()
    assert order(shuffled_records=0, epoch=1).tolist() == interleaved(SHARDS, 2, 3).tolist()


def test_a_record_leaves_the_buffer_only_after_it_entered() -> None:
    """The i-th draw is of the first i + size records: a small buffer mixes neighbours alone."""
    drawn = shuffled(np.arange(1000), 10, np.random.default_rng(0))

    assert all(record < i + 10 for i, record in enumerate(drawn.tolist()))
    assert drawn.tolist() != list(range(1000))


def test_a_buffer_for_all_gives_each_record_every_place() -> None:
    """Over many epochs, a record is in each place about as often as in another."""
    places = [
        order(epoch=epoch, shuffled_records=RECORDS).tolist().index(0) for epoch in range(520)
    ]
    counts = np.bincount(places, minlength=RECORDS)

    # Twenty are expected of each; a Poisson number is outside 4..45 once in ten thousand times.
    assert counts.min() >= 4
    assert counts.max() <= 45


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_ranks_together_take_the_whole_batch(ranks: int) -> None:
    """Six images a step are the same six, in the same order, however many ranks share them."""
    whole = order()
    size = 6 // ranks
    for batch in range(RECORDS // 6):
        parts = [
            whole[part_of_batch(whole, batch, size, Rank(i, ranks, i, ranks))] for i in range(ranks)
        ]
        assert np.concatenate(parts).tolist() == whole[batch * 6 : batch * 6 + 6].tolist()


def test_after_the_end_there_is_nothing() -> None:
    """The last part is what is left, and then none."""
    whole = order()

    assert part_of_batch(whole, 3, 8, Rank(0, 1, 0, 1)) == slice(24, 26)
    assert part_of_batch(whole, 4, 8, Rank(0, 1, 0, 1)) == slice(26, 26)
