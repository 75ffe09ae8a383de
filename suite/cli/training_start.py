"""What is known of a training before its first step: records, cell, header."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from suite.kernels.interface import KernelOptions
from suite.model.cell import MOST_STEP_TIMES, Cell, Data, KernelName, Mode, Protocol
from suite.model.distributed import Distributed, Host
from suite.model.errors import InputError
from suite.model.matrix import Matrix
from suite.model.run import RunHeader
from suite.model.text import bench
from suite.model.training_record import ChosenTraining, Split, TrainingHeader
from suite.store.dali_index import check_index
from suite.store.data_set import cell_shards
from suite.store.hostfile import read_hostfile
from suite.store.tfrecords import SPLITS, list_shards, shard_bytes

# A build compiles for minutes, and an evaluation of 50,000 images takes minutes on few GPUs; these
# deadlines only have to end what hangs.
STARTUP_SECONDS = 3600.0
STEP_SECONDS = 2 * 3600.0


def record_options(arguments: argparse.Namespace, chosen: ChosenTraining) -> KernelOptions:
    """The folders of the records, of which a training that is real needs one.

    Raises:
        InputError: one is missing, or has no use.
    """
    cell, recipe = chosen.training.cell, arguments.recipe
    if cell.kernel is KernelName.SIMULATED:
        for name in ("data_dir", "data_idx_dir"):
            if getattr(arguments, name):
                raise InputError(f"{recipe}: reads no records; leave out --{name}")
        return KernelOptions()
    if not arguments.data_dir:
        raise InputError(
            f"{recipe}: trains on records; give --data_dir DIR with train-* and validation-* shards"
        )
    if cell.data is Data.DALI and not arguments.data_idx_dir:
        make = bench("data", "index", arguments.data_dir)
        raise InputError(f"{recipe}: DALI needs --data_idx_dir DIR, made with: {make}")
    if cell.data is not Data.DALI and arguments.data_idx_dir:
        raise InputError(f"{recipe}: only DALI reads --data_idx_dir; add --set data=dali")
    return KernelOptions(data_dir=arguments.data_dir, data_idx_dir=arguments.data_idx_dir)


def record_splits(options: KernelOptions, cell: Cell) -> dict[str, Split]:
    """What the folder holds of each split, both of which must be there.

    Raises:
        InputError: a split is missing, cannot fill a batch, or does not fit its index.
    """
    if options.data_dir is None:
        return {}
    validation = list_shards(Path(options.data_dir), SPLITS[Mode.INFERENCE])
    found = {
        SPLITS[Mode.TRAINING]: cell_shards(cell, options.data_dir, options.data_idx_dir),
        SPLITS[Mode.INFERENCE]: validation,
    }
    if options.data_idx_dir is not None:
        for shard in validation:
            check_index(shard, Path(options.data_idx_dir))
    return {name: split_of(shards) for name, shards in found.items()}


def split_of(shards: Sequence[Path]) -> Split:
    """A split as far as the names and sizes of its shards tell."""
    return Split(shards=len(shards), bytes=sum(map(shard_bytes, shards)))


def hosts_of(arguments: argparse.Namespace, chosen: ChosenTraining) -> tuple[Host, ...]:
    """The hosts of `--hostfile`, which a training on several GPUs may have; else none.

    Raises:
        InputError: the file is wrong, or has no use.
    """
    if arguments.hostfile is None:
        return ()
    if chosen.training.cell.gpus == 1:
        raise InputError(
            f"--hostfile: {arguments.recipe} trains on one GPU; add --set gpus=N, or leave it out"
        )
    return read_hostfile(arguments.hostfile)


def matrix_of(chosen: ChosenTraining, hosts: tuple[Host, ...] = ()) -> Matrix:
    """The training's cell as a matrix of its own, for what launches are planned by."""
    training = chosen.training
    return Matrix(
        name=training.name,
        purpose=training.purpose,
        device=None,
        reference=None,
        protocol=Protocol(
            warmup_steps=0,
            # As many as the record of a launch may have; each rank has its own.
            measured_steps=MOST_STEP_TIMES // (training.cell.gpus + 1),
            startup_timeout_seconds=STARTUP_SECONDS,
            step_timeout_seconds=STEP_SECONDS,
        ),
        cells=(training.cell,),
        reading=training.reading,
        distributed=Distributed(hosts=hosts),
    )


def training_header(
    chosen: ChosenTraining, header: RunHeader, splits: dict[str, Split], *, by_hand: bool
) -> TrainingHeader:
    """The header of a new training; `header` is that of a run of its cell."""
    folders = {name: str(value) for name, value in (header.data or {}).items() if value}
    return TrainingHeader(
        training=chosen.training,
        system=chosen.system,
        overrides=chosen.overrides,
        device=header.device,
        gpu=header.gpu,
        started_at=header.started_at,
        machine=header.machine,
        environment=header.environment,
        distributed=header.distributed,
        data={name: folders.get(name) for name in ("data_dir", "data_idx_dir")},
        splits=splits,
        command=header.command,
        by_hand=by_hand,
    )
