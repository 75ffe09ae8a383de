"""`bench.py data`: TFRecords in ImageNet's layout made, indexed for DALI, and checked."""

import argparse
import os
from pathlib import Path

from suite.core.errors import ExitCode, InputError
from suite.files.dali_index import compare_index, write_index
from suite.files.tfrecords import SPLITS, list_shards, missing_shards
from suite.kernels import require_tensorflow


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do the action asked for."""
    actions = {"make": _make, "index": _index, "check": _check}
    actions[arguments.action](arguments)
    return ExitCode.GOOD


def _make(arguments: argparse.Namespace) -> None:
    if arguments.shards > arguments.images:
        raise InputError(
            f"--shards {arguments.shards} of {arguments.images} images would leave a file empty;"
            " lower it"
        )
    _start_tensorflow()
    from suite.kernels.make_records import make_data_set

    width, height = arguments.size
    shards = make_data_set(
        arguments.out,
        images=arguments.images,
        width=width,
        height=height,
        shards=arguments.shards,
        seed=arguments.seed,
    )
    size = sum(shard.stat().st_size for shard in shards)
    print(
        f"{arguments.out}: {arguments.images} training and {arguments.images} validation images"
        f" of {width}x{height} in {len(shards)} shards, {size / 1e6:.1f} MB"
    )
    print(f"next: python bench.py data index {arguments.out}")


def _index(arguments: argparse.Namespace) -> None:
    shards = _shards(arguments.directory)
    out = arguments.out or arguments.directory / "index"
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out}: cannot be made ({error.strerror}); give another --out") from None
    if out.resolve() == arguments.directory.resolve():
        raise InputError(f"{out}: holds the shards themselves; give another --out")
    for shard in shards:
        write_index(shard, out)
    records = sum(compare_index(shard, out) for shard in shards)
    print(f"{out}: index of {records} records in {len(shards)} shards")


def _check(arguments: argparse.Namespace) -> None:
    shards = _shards(arguments.directory)
    missing = missing_shards(shards)
    if missing:
        raise InputError(
            f"{arguments.directory}: {missing[0]} is missing ({len(missing)} in all); copy the"
            " data set whole"
        )
    _start_tensorflow()
    from suite.kernels.records import check_shard

    for split in SPLITS.values():
        own = [shard for shard in shards if shard.name.startswith(split)]
        count = sum(check_shard(shard) for shard in own)
        if arguments.index:
            for shard in own:
                compare_index(shard, arguments.index)
        print(f"{split}: {count} good records in {len(own)} shards")
    if arguments.index:
        print(f"index: {arguments.index} is that of the shards")


def _shards(directory: Path) -> tuple[Path, ...]:
    """Every shard of both splits."""
    return tuple(shard for split in SPLITS.values() for shard in list_shards(directory, split))


def _start_tensorflow() -> None:
    """Import TensorFlow, quietly and without taking a GPU: nothing here computes on one."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # it announces itself on stderr
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    require_tensorflow()
