"""Run directories: run.json, cells/<cell id>.<launch>.json and plots/ of each run."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from suite.core.errors import InputError
from suite.core.launch import Launch
from suite.core.run import Run, RunHeader
from suite.files.launches import SCHEMA_VERSION
from suite.files.text import json_text, reachable, read_text, write_text

Part = TypeVar("Part")

_header = TypeAdapter(RunHeader)
_launch = TypeAdapter(Launch)
# Written for readers of the files, derived anew here.
_DERIVED = ("summary", "overhead_seconds")


def create_run(directory: Path, header: RunHeader) -> None:
    """Make a new run directory that holds its header.

    Raises:
        InputError: the directory exists already or cannot be made.
    """
    try:
        (directory / "cells").mkdir(parents=True)
    except FileExistsError:
        raise InputError(f"{directory}: exists already; give another --out") from None
    except OSError as error:
        raise InputError(f"{directory}: cannot be made ({error.strerror})") from None
    write_header(directory, header)


def write_header(directory: Path, header: RunHeader) -> None:
    """Write run.json, in place of an earlier one.

    Raises:
        InputError: it cannot be written.
    """
    fields = {"schema_version": SCHEMA_VERSION, **asdict(header)}
    write_text(directory / "run.json", json_text(fields, indent=1) + "\n")


def write_plot(directory: Path, name: str, svg: str) -> None:
    """Write a plot under `plots/` of a run directory, in place of an earlier one.

    Raises:
        InputError: it cannot be written.
    """
    folder = directory / "plots"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from None
    write_text(folder / name, svg)


def read_run(directory: Path) -> Run:
    """Read a run directory; launches come in planned order.

    Raises:
        InputError: not a run directory, a newer schema, or a file that does not hold its part.
    """
    header = read_header(directory)
    launches = read_launches(directory)
    order = {cell_id: index for index, cell_id in enumerate(header.cells)}
    launches.sort(key=lambda launch: (launch.launch, order.get(launch.cell.id, len(order))))
    return Run(header=header, launches=tuple(launches))


def read_launches(directory: Path) -> list[Launch]:
    """The launches of a run directory, by the names of their files.

    Raises:
        InputError: a newer schema, or a file that does not hold a launch.
    """
    return [
        decode(_launch, read_text(path, "a launch record"), str(path))
        for path in sorted((directory / "cells").glob("*.json"))
    ]


def read_header(directory: Path) -> RunHeader:
    """Read the run.json of a run directory.

    Raises:
        InputError: not a run directory, a newer schema, or a file that does not hold a header.
    """
    if not reachable(directory.is_dir):
        raise InputError(f"{directory}: no such run directory; see reports/ for runs")
    path = directory / "run.json"
    return decode(_header, read_text(path, "a run directory (it holds run.json)"), str(path))


def decode_launch(text: str, source: str) -> Launch:
    """A launch from its JSON; `source` names where the text came from, for the error.

    Raises:
        InputError: the text is not a launch of this schema version.
    """
    return decode(_launch, text, source)


def run_directories(reports: Path) -> list[Path]:
    """The run directories under a folder, newest first (their names begin with their time)."""
    return sorted((path.parent for path in reports.glob("*/run.json")), reverse=True)


def newest_run(reports: Path) -> Path:
    """The newest run directory under a folder.

    Raises:
        InputError: there is none.
    """
    directories = run_directories(reports)
    if not directories:
        raise InputError(
            f"{reports}: holds no run; make one with: python bench.py run matrices/quick.yaml"
        )
    return directories[0]


def newest_run_of(matrix: str, reports: Path) -> Path:
    """The newest run directory of a matrix, by its name.

    Raises:
        InputError: there is none.
    """
    for directory in run_directories(reports):
        with suppress(InputError):  # a damaged run of another day is not the one to continue
            if read_header(directory).matrix == matrix:
                return directory
    raise InputError(f"{reports}: holds no run of {matrix}; start one without --resume")


def decode(adapter: TypeAdapter[Part], text: str, source: str) -> Part:
    """Validate JSON text as one part of a run.

    Raises:
        InputError: not JSON, another schema version, or fields that do not fit.
    """
    try:
        fields = json.loads(text)
        version = fields.pop("schema_version")
    except (ValueError, AttributeError, KeyError, TypeError):
        raise InputError(f"{source}: is not a record of this suite; remove it") from None
    if version != SCHEMA_VERSION:
        raise InputError(
            f"{source}: schema version {version}, but this suite reads {SCHEMA_VERSION};"
            " use the version of the suite that wrote it"
        )
    for name in _DERIVED:
        fields.pop(name, None)
    try:
        return adapter.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{source}: {place}: {first['msg']}; remove the file") from None
