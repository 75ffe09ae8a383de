"""Launch <-> JSON: the result that a worker sends, and the files under cells/."""

from dataclasses import asdict, replace
from itertools import count
from pathlib import Path

from suite.analysis.summary import launch_summary
from suite.model.errors import InputError
from suite.model.launch import Launch
from suite.store.records import SCHEMA_VERSION, decode, read_record
from suite.store.text import json_text, write_text

_REMEDY = "remove the file; run --resume then measures that launch again"


def encode_launch(launch: Launch) -> str:
    """One line of JSON. The summary is for people who read the file; the suite recomputes it."""
    summary = launch_summary(launch)
    facts = asdict(launch.conditions)
    fields = {
        "schema_version": SCHEMA_VERSION,
        **asdict(launch),
        "conditions": {name: fact for name, fact in facts.items() if fact is not None},
        "overhead_seconds": launch.overhead_seconds,
        "summary": asdict(summary) if summary else None,
    }
    return json_text(fields)


def decode_launch(text: str, source: str) -> Launch:
    """A launch from its JSON; `source` names where the text came from, for the error.

    Raises:
        InputError: the text is not a launch of this schema version, or cannot be true.
    """
    return decode(Launch, text, source)


def reserve_launch(directory: Path, launch: Launch) -> Launch:
    """The launch renumbered to the first number, from its own on, that has no record yet.

    The number is reserved at once, also against other processes that write to this folder.

    Raises:
        InputError: the folder cannot be written.
    """
    for number in count(launch.launch):
        path = directory / _file_name(launch.cell.id, number)
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        break
    return replace(launch, launch=number)


def write_launch(directory: Path, launch: Launch) -> Path:
    """Store one launch atomically as `<cell id>.<launch>.json`; returns the file.

    An earlier record under that name is replaced; see `reserve_launch`.
    """
    path = directory / _file_name(launch.cell.id, launch.launch)
    write_text(path, encode_launch(launch) + "\n")
    return path


def read_launch(path: Path) -> Launch:
    """The launch that a file holds.

    Raises:
        InputError: see `decode_launch`; or the file has the name of another launch, as a copy has.
    """
    launch = read_record(Launch, path, "a launch record", _REMEDY)
    name = _file_name(launch.cell.id, launch.launch)
    if path.name != name:
        raise InputError(f"{path}: holds what belongs in {name}; remove the copy")
    return launch


def _file_name(cell_id: str, number: int) -> str:
    return f"{cell_id}.{number}.json"
