"""The CSV files under `reference/`, and a user's own in the same form."""

import reprlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from suite.analysis.bands import Band
from suite.analysis.scaling import scaling_of, times_of
from suite.model.errors import InputError
from suite.model.reference import (
    AccuracyRow,
    Key,
    Metric,
    Reference,
    ReferenceRow,
    ReferenceTable,
    ScalingRow,
    TimeToTrainRow,
)
from suite.model.systems import SYSTEMS, system_by_key
from suite.model.text import bench
from suite.store.csv_rows import Row, csv_text, read_rows
from suite.store.nearest import nearest
from suite.store.text import reachable, write_text

# The published tables of this checkout, and the tolerance bands derived from them.
REFERENCE_DIRECTORY = (Path(__file__).parents[1] / "data" / "reference").resolve()
BANDS_PATH = REFERENCE_DIRECTORY / "bands.csv"


def read_reference(path: Path) -> ReferenceTable:
    """Read one system's reference table; columns beyond the published ones stay with their rows.

    Raises:
        InputError: the file breaks the form (see `read_rows`), gives a cell twice, or mixes
            systems. The message names the file, the line and what to do.
    """
    located = read_rows(path, ReferenceRow, "a reference table, such as reference/t4.csv")
    lines: dict[Key, int] = {}
    for item in located:
        row = item.row
        if row.system != located[0].row.system:
            raise InputError(
                f"{path}:{item.line}: system {reprlib.repr(row.system)} in a table of"
                f" {reprlib.repr(located[0].row.system)}; keep each system in a file of its own"
            )
        if row.key in lines:
            raise InputError(
                f"{path}:{item.line}: the same cell as line {lines[row.key]} ({row.mode.value},"
                f" {row.precision.value}, xla {str(row.xla).lower()}, gpus {row.gpus}, batch size"
                f" {row.batch_size}); remove one"
            )
        lines[row.key] = item.line
    return ReferenceTable(path.stem, tuple(item.row for item in located))


def read_system(path: Path | str) -> Reference:
    """A reference table with the columns derived from it: published ones, else recomputed.

    Raises:
        InputError: as `read_reference`.
    """
    path = Path(path)
    table = read_reference(path)
    if path.resolve().parent == REFERENCE_DIRECTORY and system_by_key(path.stem):
        return Reference(
            table=table,
            accuracy=tuple(row for row in published_accuracy() if row.system == path.stem),
            scaling=tuple(row for row in published_scaling() if row.system == path.stem),
            times=tuple(row for row in published_times() if row.system == path.stem),
        )
    return Reference(
        table=table, accuracy=(), scaling=scaling_of(table.rows), times=times_of(table.rows)
    )


def reference_path(given: str) -> Path:
    """The file of a reference given by a published name (`t4`, `dgx1`, ...) or by its path.

    Raises:
        InputError: neither a name nor a path that could be meant.
    """
    path = recorded_reference(given)
    if not path.suffix and not reachable(path.exists):
        names = [system.key for system in SYSTEMS]
        raise InputError(f"{given}: no such table and no such file; {nearest(given, names)}")
    return path


def recorded_reference(given: str) -> Path:
    """The file that a run's record names: see `portable_reference`."""
    return REFERENCE_DIRECTORY / f"{given}.csv" if system_by_key(given) else Path(given)


def portable_reference(path: str | None) -> str | None:
    """A published table by its name, which means the same in any checkout; another by its path."""
    if path is None:
        return None
    whole = Path(path).resolve()
    is_published = whole.parent == REFERENCE_DIRECTORY and system_by_key(whole.stem)
    return whole.stem if is_published else path


def published_reference(name: str) -> ReferenceTable:
    """The published table with this name (`t4`, `dgx1`, ...); errors as `read_reference`."""
    return read_reference(REFERENCE_DIRECTORY / f"{name}.csv")


def published_accuracy() -> tuple[AccuracyRow, ...]:
    """The published accuracies of every system; errors as `read_rows`."""
    return _published("accuracy.csv", AccuracyRow)


def published_scaling() -> tuple[ScalingRow, ...]:
    """The published speedups and weak scalings of every system; errors as `read_rows`."""
    return _published("scaling.csv", ScalingRow)


def published_times() -> tuple[TimeToTrainRow, ...]:
    """The published hours to train of every system; errors as `read_rows`."""
    return _published("time_to_train.csv", TimeToTrainRow)


def _published(name: str, row_type: type[Row]) -> tuple[Row, ...]:
    located = read_rows(REFERENCE_DIRECTORY / name, row_type, "the published table")
    return tuple(item.row for item in located)


def read_bands(path: Path) -> tuple[Band, ...]:
    """Read tolerance bands, which a user may have changed.

    Raises:
        InputError: the file breaks the form (see `read_rows`), a band ends before it begins, or
            two bands hold for the same cell.
    """
    what = f"tolerance bands; {bench('reference', 'audit', '--write-bands')} makes them"
    located = read_rows(path, Band, what)
    for item in located:
        band = item.row
        if band.batch_size_to is not None and band.batch_size_to < band.batch_size_from:
            raise InputError(
                f"{path}:{item.line}: batch_size_to {band.batch_size_to} is below batch_size_from"
                f" {band.batch_size_from}; swap them"
            )
    # If any bands overlap, then two that begin next to each other do.
    by_start = sorted(located, key=lambda item: _start(item.row))
    for first, second in pairwise(by_start):
        if first.row.overlaps(second.row):
            earlier, later = sorted((first.line, second.line))
            raise InputError(
                f"{path}:{later}: holds for a cell of the band on line {earlier};"
                " make their batch sizes disjoint"
            )
    return tuple(item.row for item in located)


def _start(band: Band) -> tuple[Metric, int, bool, int]:
    return (band.metric, band.gpus, band.xla, band.batch_size_from)


def write_bands(path: Path, bands: Sequence[Band]) -> None:
    """Write tolerance bands as CSV, atomically."""
    write_text(path, csv_text(Band, (_band_texts(band) for band in bands)))


def _band_texts(band: Band) -> dict[str, str]:
    return {
        "metric": band.metric.value,
        "gpus": str(band.gpus),
        "xla": str(band.xla).lower(),
        "batch_size_from": str(band.batch_size_from),
        "batch_size_to": "" if band.batch_size_to is None else str(band.batch_size_to),
        "tolerance": f"{band.tolerance:g}",
        "pairs": str(band.pairs),
        "note": band.note,
    }
