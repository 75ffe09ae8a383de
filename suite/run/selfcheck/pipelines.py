"""The pipelines of records against decoding the same JPEGs alone."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from suite import kernels
from suite.kernels.interface import KernelOptions, MissingComponentError
from suite.kernels.tools import Draw, make_data_set, open_decoder, open_pipeline
from suite.model.cell import Cell, Data
from suite.model.check import Check, LeftOut
from suite.run.selfcheck.fresh_process import in_fresh_process
from suite.run.selfcheck.side_by_side import Pair, take_turns
from suite.store.dali_index import write_index

_NAMES = {Data.TFRECORD: "pipeline, tf.data", Data.DALI: "pipeline, DALI"}
_SHARDS = 2
# Batches that a new pipeline makes before its clock starts: threads and buffers are set up.
_UNTIMED = 2

Pass = Callable[[], float]


def pipeline_speeds(
    cell: Cell, turns: int, batches: int, picture: tuple[int, int], *, on_gpu: bool
) -> Iterator[Check | LeftOut]:
    """Images per second of each pipeline over those of the decoder alone, one value a turn.

    `cell` says how images are prepared, `batches` how many are made in a turn, and `picture` the
    width and height of the JPEGs. Nothing is promised: the ratio depends on the decoder's speed.
    """
    with TemporaryDirectory(prefix="selfcheck-") as folder:
        options = KernelOptions(data_dir=f"{folder}/data", data_idx_dir=f"{folder}/index")
        in_fresh_process({}, _make, folder, cell.batch_size, picture)
        for data, name in _NAMES.items():
            reading = replace(cell, data=data)
            environment = kernels.framework(cell.kernel).environment(reading, on_gpu=on_gpu)
            try:
                pairs = in_fresh_process(environment, _time, reading, options, turns, batches)
            except MissingComponentError as error:
                yield LeftOut(name, str(error))
                continue
            ours, other = (
                batches * cell.batch_size / median(seconds)
                for seconds in ([pair.ours for pair in pairs], [pair.other for pair in pairs])
            )
            width, height = picture
            yield Check(
                name=name,
                values=tuple(pair.speed_ratio for pair in pairs),
                unit="x",
                note=f"{ours:.0f} img/s of {width}x{height}, decoded alone {other:.0f} img/s",
            )


def _make(folder: str, images: int, picture: tuple[int, int]) -> None:
    width, height = picture
    shards = make_data_set(
        Path(folder) / "data", images=images, width=width, height=height, shards=_SHARDS, seed=0
    )
    (Path(folder) / "index").mkdir()
    for shard in shards:
        write_index(shard, Path(folder) / "index")


def _time(cell: Cell, options: KernelOptions, turns: int, batches: int) -> tuple[Pair, ...]:
    return take_turns(
        _pass(lambda: open_pipeline(cell, options), batches),
        _pass(lambda: open_decoder(cell, options), batches),
        turns,
    )


def _pass(opened: Callable[[], Draw], batches: int) -> Pass:
    """The seconds of this many batches of a new pipeline.

    It is closed before the other's turn, during which it would fill its buffers.
    """

    def seconds() -> float:
        draw = opened()
        for _ in range(_UNTIMED):
            draw()
        began = perf_counter()
        for _ in range(batches):
            draw()
        return perf_counter() - began

    return seconds
