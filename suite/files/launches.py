"""Launch -> JSON: what a worker sends over its channel and what a file under cells/ holds."""

from dataclasses import asdict
from pathlib import Path

from suite.core.launch import Launch
from suite.files.text import json_text, write_text

# History of run.json and launch records, newest first; readers refuse a newer one.
#     1  first version
SCHEMA_VERSION = 1


def encode_launch(launch: Launch) -> str:
    """One line of JSON. The summary is there for whoever reads the file; readers derive it anew."""
    summary = launch.summary
    fields = {
        "schema_version": SCHEMA_VERSION,
        **asdict(launch),
        "overhead_seconds": launch.overhead_seconds,
        "summary": asdict(summary) if summary else None,
    }
    return json_text(fields)


def write_launch(directory: Path, launch: Launch) -> Path:
    """Store one launch atomically as `<cell id>.<launch>.json`; returns the file."""
    path = directory / f"{launch.cell.id}.{launch.launch}.json"
    write_text(path, encode_launch(launch) + "\n")
    return path
