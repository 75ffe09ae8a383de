"""Launch <-> JSON: what a worker sends over its channel and what a file under cells/ holds."""

import json
from dataclasses import asdict
from pathlib import Path

from suite.core.errors import InputError
from suite.core.launch import Launch
from suite.files.records import SCHEMA_VERSION, decode, read_record
from suite.files.text import write_text

_REMEDY = "remove the file, and run --resume measures that launch again"


def encode_launch(launch: Launch) -> str:
    """One line of JSON. The summary is there for whoever reads the file; readers derive it anew."""
    summary = launch.summary
    fields = {
        "schema_version": SCHEMA_VERSION,
        **asdict(launch),
        "overhead_seconds": launch.overhead_seconds,
        "summary": asdict(summary) if summary else None,
    }
    return json.dumps(fields)


def decode_launch(text: str, source: str) -> Launch:
    """A launch from its JSON; `source` names where the text came from, for the error.

    Raises:
        InputError: the text is not a launch of this schema version, or cannot be true.
    """
    return decode(Launch, text, source)


def write_launch(directory: Path, launch: Launch) -> Path:
    """Store one launch atomically as `<cell id>.<launch>.json`; returns the file."""
    path = directory / _file_name(launch)
    write_text(path, encode_launch(launch) + "\n")
    return path


def read_launch(path: Path) -> Launch:
    """The launch that a file holds.

    Raises:
        InputError: see `decode_launch`; or the file is named for another launch, as a copy is.
    """
    launch = read_record(Launch, path, "a launch record", _REMEDY)
    if path.name != _file_name(launch):
        raise InputError(f"{path}: holds what belongs in {_file_name(launch)}; remove the copy")
    return launch


def _file_name(launch: Launch) -> str:
    return f"{launch.cell.id}.{launch.launch}.json"
