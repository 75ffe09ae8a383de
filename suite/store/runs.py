"""Run directories: run.json, cells/<cell id>.<launch>.json and plots/ of each run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from suite.model.errors import InputError
from suite.model.launch import Launch
from suite.model.run import DamagedRecord, Run, RunHeader, RunSummary
from suite.store.launches import read_launch
from suite.store.records import SCHEMA_VERSION, decode, read_record
from suite.store.text import UNFINISHED, json_text, reachable, write_bytes, write_text

# Begins the names of runs that come with the suite.
EXAMPLE = "example-"
_REMEDY = "the run cannot be read without it; restore it, or start a new run"


def create_run(wanted: Path, header: RunHeader) -> Path:
    """Make a new run directory that holds its header, and return it.

    If the name is taken, by a run that began in the same second, a number is appended.

    Raises:
        InputError: it cannot be made or written.
    """
    directory = wanted
    for number in count(2):
        try:
            directory.mkdir(parents=True)
            (directory / "cells").mkdir()
        except FileExistsError:
            directory = wanted.with_name(f"{wanted.name}-{number}")
        except OSError as error:
            raise InputError(f"{directory}: cannot be made ({error.strerror})") from None
        else:
            break
    write_header(directory, header)
    return directory


def tidy_directory(directory: Path) -> None:
    """Remove half-written files of a killed run, and create the folder of records if it is gone.

    Only for the process that holds the lock of the directory.

    Raises:
        InputError: it cannot be written.
    """
    try:
        (directory / "cells").mkdir(exist_ok=True)
        for left in directory.rglob(f"{UNFINISHED}*"):
            left.unlink()
    except OSError as error:
        raise InputError(f"{directory}: cannot be written ({error.strerror})") from None


def write_header(directory: Path, header: RunHeader) -> None:
    """Write run.json, replacing an earlier one.

    Raises:
        InputError: it cannot be written.
    """
    write_text(directory / "run.json", _encode_header(header) + "\n")


def write_plot(directory: Path, name: str, content: str | bytes) -> None:
    """Write a picture under `plots/` of a run directory, replacing an earlier one.

    Raises:
        InputError: it cannot be written.
    """
    folder = directory / "plots"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from None
    write_bytes(folder / name, content.encode() if isinstance(content, str) else content)


def read_run(directory: Path | str) -> Run:
    """Read a run directory: what is whole of it, and which of its records are damaged.

    Launches come in planned order.

    Raises:
        InputError: not a run directory, or its run.json cannot be read.
    """
    directory = Path(directory)
    header = read_header(directory)
    records = read_records(directory)
    order = {cell_id: index for index, cell_id in enumerate(header.cells)}
    launches = sorted(
        records.launches,
        key=lambda launch: (launch.launch, order.get(launch.cell.id, len(order))),
    )
    return Run(header=header, launches=tuple(launches), damaged=records.damaged)


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a run directory: launches by file name, and those that are damaged."""

    launches: tuple[Launch, ...]
    damaged: tuple[DamagedRecord, ...]


def read_records(directory: Path, cell_id: str | None = None) -> Records:
    """What is under `cells/` of a run directory, each launch once; no such folder holds none.

    With `cell_id` only the files of that cell are read. A record is damaged if it cannot be read,
    has a newer schema, is invalid, or has the name of another launch.
    """
    cells = directory / "cells"
    try:
        paths = [path for path in cells.iterdir() if path.suffix == ".json"]
        names = sorted(path.name for path in paths if cell_id in {None, _cell_of(path)})
    except FileNotFoundError:
        names = []
    except OSError as error:
        problem = f"cannot be listed ({error.strerror}); restore it, or start a new run"
        return Records((), (DamagedRecord("cells", problem),))
    launches, damaged = [], []
    for name in names:
        try:
            launches.append(read_launch(cells / name))
        except InputError as error:
            problem = str(error).removeprefix(f"{cells / name}: ")
            damaged.append(DamagedRecord(f"cells/{name}", problem))
    return Records(tuple(launches), tuple(damaged))


def _cell_of(record: Path) -> str:
    """The id of the cell whose record a file is, by its name."""
    return record.stem.rpartition(".")[0]


def read_header(directory: Path) -> RunHeader:
    """Read the run.json of a run directory.

    Raises:
        InputError: not a run directory, a newer schema, or an invalid header.
    """
    path = directory / "run.json"
    if not reachable(directory.is_dir):
        raise InputError(f"{directory}: no such run directory; see reports/ for runs")
    return read_record(RunHeader, path, "a run directory (it holds run.json)", _REMEDY)


def as_stored(header: RunHeader) -> RunHeader:
    """The header as it will be read back, so that no run starts whose header cannot be read.

    Raises:
        InputError: something in it is out of its range.
    """
    return decode(RunHeader, _encode_header(header), "this run")


def _encode_header(header: RunHeader) -> str:
    return json_text({"schema_version": SCHEMA_VERSION, **asdict(header)}, indent=1)


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run directory and its header."""

    directory: Path
    header: RunHeader


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """The runs under a folder, the most recently started first, and why others cannot be read."""

    runs: tuple[StoredRun, ...]
    unreadable: Mapping[Path, InputError]


def stored_runs(reports: Path, most: int | None = None) -> StoredRuns:
    """The runs under a folder by the time in their headers, whatever their directories' names.

    Runs of the same second are in descending order of name. `most` limits how many headers are
    read, taking the last names. Examples, which were measured on another machine, are left out.
    """
    runs, unreadable = [], {}
    own = [each for each in run_directories(reports) if not each.name.startswith(EXAMPLE)]
    for directory in sorted(own, reverse=True)[:most]:
        try:
            runs.append(StoredRun(directory, read_header(directory)))
        except InputError as error:
            unreadable[directory] = error
    runs.sort(key=lambda run: run.header.began, reverse=True)
    return StoredRuns(tuple(runs), unreadable)


def recorded_cells(run: StoredRun) -> tuple[str, ...]:
    """The ids of the cells that have a record, in planned order, by the names of their files."""
    names = {_cell_of(path) for path in (run.directory / "cells").glob("*.json")}
    planned = [cell for cell in run.header.cells if cell in names]
    return (*planned, *sorted(names - set(planned)))


def run_summary(run: StoredRun) -> RunSummary:
    """A stored run at a glance; its records are counted, not read."""
    records = sum(1 for _ in (run.directory / "cells").glob("*.json"))
    return RunSummary(directory=str(run.directory), header=run.header, recorded_launches=records)


def is_run(directory: Path) -> bool:
    """Whether it is the directory of a run."""
    return reachable((directory / "run.json").is_file)


def run_directories(reports: Path) -> list[Path]:
    """Directories with a run.json; none if the folder is missing or cannot be listed."""
    try:
        return [path for path in reports.iterdir() if is_run(path)]
    except OSError:
        return []
