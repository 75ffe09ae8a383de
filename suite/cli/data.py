"""`bench.py data`: make TFRecords in ImageNet's layout, index them for DALI, and check them."""

import argparse

from suite.kernels.tools import check_shard, make_data_set, make_digits
from suite.model.errors import ExitCode, InputError
from suite.model.text import bench, shown
from suite.store.dali_index import compare_index, write_index
from suite.store.text import reachable
from suite.store.tfrecords import SPLITS, count_records, list_splits, missing_shards

# Default folder of an index, within the directory of its shards.
_INDEX = "index"
# Width and height of random images, near the mean of ImageNet's.
_RANDOM_SIZE = (500, 375)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do the action asked for."""
    actions = {"make": _make, "index": _index, "check": _check}
    actions[arguments.action](arguments)
    return ExitCode.GOOD


def _make(arguments: argparse.Namespace) -> None:
    made = _make_digits(arguments) if arguments.digits else _make_random(arguments)
    splits = list_splits(arguments.out, SPLITS.values())
    training, validation = (count_records(splits[split]) for split in SPLITS.values())
    shards = [shard for own in splits.values() for shard in own]
    size = sum(shard.stat().st_size for shard in shards)
    print(
        f"{shown(str(arguments.out))}: {training} training and {validation} validation images"
        f" {made} in {len(shards)} shards, {size / 1e6:.1f} MB"
    )
    print(f"next: {bench('data', 'index', str(arguments.out))}")


def _make_random(arguments: argparse.Namespace) -> str:
    """Make random images, and say of what size they are."""
    if arguments.shards > arguments.images:
        raise InputError(
            f"--shards {arguments.shards} for {arguments.images} images would leave a file empty;"
            " lower it"
        )
    width, height = arguments.size or _RANDOM_SIZE
    make_data_set(
        arguments.out,
        images=arguments.images,
        width=width,
        height=height,
        shards=arguments.shards,
        seed=arguments.seed or 0,
    )
    return f"of {width}x{height}"


def _make_digits(arguments: argparse.Namespace) -> str:
    """Make digits, and say so."""
    for name in ("size", "seed"):
        if getattr(arguments, name) is not None:
            raise InputError(f"--{name} is for random images; leave it out with --digits")
    make_digits(arguments.out, shards=arguments.shards)
    return "of handwritten digits"


def _index(arguments: argparse.Namespace) -> None:
    splits = list_splits(arguments.directory, SPLITS.values())
    shards = [shard for own in splits.values() for shard in own]
    out = arguments.out or arguments.directory / _INDEX
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made ({error.strerror}); give another --out") from None
    if out.resolve() == arguments.directory.resolve():
        raise InputError(f"{out}: holds the shards themselves; give another --out")
    for shard in shards:
        write_index(shard, out)
    records = sum(compare_index(shard, out) for shard in shards)
    print(f"{shown(str(out))}: index of {records} records in {len(shards)} shards")


def _check(arguments: argparse.Namespace) -> None:
    splits = list_splits(arguments.directory, SPLITS.values())
    missing = missing_shards(shard for own in splits.values() for shard in own)
    if missing:
        raise InputError(
            f"{arguments.directory}: {missing[0]} is missing ({len(missing)} in all); copy the"
            " whole data set"
        )
    beside = arguments.directory / _INDEX
    index = arguments.index or (beside if reachable(beside.is_dir) else None)
    for mode, split in SPLITS.items():
        own = splits.get(split, ())
        count = sum(check_shard(shard) for shard in own)
        if index:
            for shard in own:
                compare_index(shard, index)
        found = f"{count} good records in {len(own)} shards" if own else f"none, so no {mode.value}"
        print(f"{split}: {found}")
    found = f"{shown(str(index))} matches the shards" if index else "none, so no cells of DALI"
    print(f"index: {found}")
