"""Exports of trained networks: model.keras, saved_model/ and export.json."""

import hashlib
from dataclasses import asdict
from pathlib import Path

from suite.model.errors import InputError
from suite.model.export import Export
from suite.store.records import SCHEMA_VERSION, read_record
from suite.store.text import json_text, reachable, write_text

KERAS_FILE, SAVED_MODEL, NOTE = "model.keras", "saved_model", "export.json"


def write_note(folder: Path, note: Export) -> None:
    """Write export.json.

    Raises:
        InputError: it cannot be written.
    """
    text = json_text({"schema_version": SCHEMA_VERSION, **asdict(note)}, indent=1)
    write_text(folder / NOTE, text + "\n")


def note_beside(file: Path) -> Export | None:
    """The export.json beside an exported file; None if there is none.

    Raises:
        InputError: it is damaged, or of another file.
    """
    path = file.parent / NOTE
    if not reachable(path.is_file):
        return None
    note = read_record(Export, path, "the note of an export", "remove it, or export again")
    wanted = note.files.get(file.name)
    if wanted is not None and wanted != file_sha256(file):
        raise InputError(f"{file}: is not the file that {NOTE} is of; export the network again")
    return note if wanted is not None else None


def file_checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder, by its path there."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in found}


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` prints it.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
