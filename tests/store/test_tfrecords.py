"""suite.store.tfrecords, dali_index and data_set: what can be known of shards without decoding."""

import gzip
import struct
from pathlib import Path

import pytest
from builders import make_cell

from suite.model.cell import Cell, Data, Mode
from suite.model.errors import InputError
from suite.store.dali_index import check_index, compare_index, write_index
from suite.store.data_set import cell_shards, epoch_steps
from suite.store.tfrecords import count_records, list_shards, missing_shards


def shard(path: Path, *sizes: int) -> Path:
    """A shard whose records have this many bytes of data; checksums are not looked at here."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(struct.pack("<Q4x", n) + bytes(n + 4) for n in sizes))
    return path


def cell(data: Data, batch_size: int = 2) -> Cell:
    return make_cell(batch_size=batch_size, data=data)


def test_records_are_counted_from_their_framing(tmp_path: Path) -> None:
    """Every record of every shard counts, and counting stops once there are enough."""
    shards = [shard(tmp_path / "train-0", 5, 0, 7), shard(tmp_path / "train-1", 1)]
    (tmp_path / "train-2").write_bytes(b"never read")

    assert count_records(shards) == 4
    assert count_records([*shards, tmp_path / "train-2"], enough=4) == 4


@pytest.mark.parametrize("cut", [1, 5, 10, 30])
def test_a_truncated_record_is_named(tmp_path: Path, cut: int) -> None:
    """A file cut short anywhere in its last record names the file and the record."""
    path = shard(tmp_path / "train-0", 5, 20)
    path.write_bytes(path.read_bytes()[:-cut])

    with pytest.raises(InputError, match=r"train-0: record 2: extends past the end of the file"):
        count_records([path])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(bytes(2**20), compresslevel=0), "is gzip-compressed; decompress it"),
        (
            gzip.compress(bytes(2**20), mtime=0, compresslevel=0),
            "is gzip-compressed; decompress it",
        ),
        (b"0 21\n21 23\n", "is an index, not a shard; give the directory of the shards"),
        (b"PK\x03\x04" + bytes(100) + b"\x01", "extends past the end of the file"),
    ],
    ids=["gzip", "gzip without a time", "index", "zip"],
)
def test_what_is_no_shard_is_called_what_it_is(tmp_path: Path, data: bytes, words: str) -> None:
    """A compressed shard and an index in its place are not `cut short`.

    Without a time a gzip file begins like a record of 546 KiB.
    """
    (tmp_path / "train-0").write_bytes(data)

    with pytest.raises(InputError, match=f"train-0: .*{words}|train-0: {words}"):
        count_records([tmp_path / "train-0"])


def test_what_lies_beside_a_shard_is_not_read_as_one(tmp_path: Path) -> None:
    """DALI's index beside its shard and folders are passed over; a second form of it is refused."""
    path = shard(tmp_path / "train-00000-of-00001", 5)
    (tmp_path / "train-00000-of-00001.idx").write_text("0 21\n")
    (tmp_path / "train-index").mkdir()

    assert list_shards(tmp_path, "train") == (path,)
    assert check_index(path, tmp_path) == compare_index(path, tmp_path) == 1
    (tmp_path / "train-00000-of-00001.gz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match=r"00001\.gz: is beside train-00000-of-00001 and would"):
        list_shards(tmp_path, "train")


def test_a_shard_is_not_its_own_index(tmp_path: Path) -> None:
    """--data_idx_dir that names the shards themselves says that the index is missing."""
    path = shard(tmp_path / "train-0", 5)

    with pytest.raises(InputError, match="train-0: DALI's index of .* is missing; make it with"):
        check_index(path, tmp_path)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    """A shard of no bytes is a failed copy, not a shard of no records."""
    with pytest.raises(InputError, match="train-0: is empty"):
        count_records([shard(tmp_path / "train-0")])


def test_a_directory_without_the_split_is_refused(tmp_path: Path) -> None:
    """Missing, not a directory, or without shards of the split: each says so."""
    shard(tmp_path / "train-0", 1)

    with pytest.raises(InputError, match="holds no validation-"):
        list_shards(tmp_path, "validation")
    with pytest.raises(InputError, match="No such file or directory"):
        list_shards(tmp_path / "none", "train")
    with pytest.raises(InputError, match="Not a directory"):
        list_shards(tmp_path / "train-0", "train")


def test_a_missing_shard_is_known_from_the_others() -> None:
    """Numbered names say how many there are; names without numbers say nothing."""
    names = ["train-00000-of-00003", "train-00002-of-00003", "validation-a"]

    assert missing_shards(map(Path, names)) == ("train-00001-of-00003",)


def test_an_index_has_a_line_per_record(tmp_path: Path) -> None:
    """What is written is what DALI reads: the offset and the size of each record, framed."""
    path = shard(tmp_path / "data" / "train-0", 5, 7)

    written = write_index(path, tmp_path)

    assert written.read_text() == "0 21\n21 23\n"
    assert check_index(path, tmp_path) == compare_index(path, tmp_path) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "train-0: is empty"),
        ("0 21\n", "covers 21 bytes, but .* has 44"),
        ("0 21\n20 24\n", "train-0:2: record 2 begins at 20, but the one before it ends at 21"),
        ("0 21\n21\n", "train-0:2: not `offset size`"),
        ("0 21\n21 0\n21 23\n", "train-0:2: not `offset size`"),
        (f"0 {'9' * 5000}\n", "train-0:1: not `offset size`"),
    ],
)
def test_an_index_of_another_shard_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """An index that is not exactly the shard's is named with its line."""
    path = shard(tmp_path / "data" / "train-0", 5, 7)
    (tmp_path / "train-0").write_text(text)

    with pytest.raises(InputError, match=words):
        check_index(path, tmp_path)


def test_an_index_of_other_records_is_refused(tmp_path: Path) -> None:
    """One as long as its shard, with as many lines, is still held to the shard's own records."""
    path = shard(tmp_path / "data" / "train-0", 5, 7)
    (tmp_path / "train-0").write_text("0 22\n22 22\n")

    assert check_index(path, tmp_path) == 2
    with pytest.raises(InputError, match="train-0:1: record 1 has 22 bytes, but in .* 21"):
        compare_index(path, tmp_path)


def test_an_epoch_is_the_whole_batches_of_all_ranks(tmp_path: Path) -> None:
    """A pass over 7 records has 3 steps of 2 images; one too few for a batch has none and says so.

    The batch is that of all ranks, as published: each rank sees its part of the records.
    """
    shard(tmp_path / "train-0", 1, 2, 3, 4)
    shard(tmp_path / "train-1", 1, 2, 3)

    assert epoch_steps(str(tmp_path), Mode.TRAINING, 2) == 3
    with pytest.raises(InputError, match=r"the 7 records in train-\* cannot fill a batch of 8"):
        epoch_steps(str(tmp_path), Mode.TRAINING, 8)


def test_a_cell_needs_its_directories_and_a_full_batch(tmp_path: Path) -> None:
    """No directory, no index, or a batch the records cannot fill is known before the start."""
    path = shard(tmp_path / "data" / "validation-0", 5, 7)
    data, index = str(path.parent), str(tmp_path)

    with pytest.raises(InputError, match="bs2-1gpu-tfrecord reads records; give --data_dir"):
        cell_shards(cell(Data.TFRECORD), None, None)
    with pytest.raises(InputError, match="through an index; give --data_idx_dir"):
        cell_shards(cell(Data.DALI), data, None)
    with pytest.raises(InputError, match="index of .* is missing; make it with"):
        cell_shards(cell(Data.DALI), data, index)
    with pytest.raises(InputError, match="the 2 records .* cannot fill a batch of 3"):
        cell_shards(cell(Data.TFRECORD, 3), data, None)
    empty = shard(tmp_path / "data" / "validation-1")
    with pytest.raises(InputError, match="validation-1: is empty"):
        cell_shards(cell(Data.TFRECORD), data, None)
    empty.unlink()
    write_index(path, tmp_path)
    assert cell_shards(cell(Data.DALI), data, index) == (path,)
