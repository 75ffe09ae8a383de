"""Baseline <-> its file: JSON with a line for each cell and session, and a checksum."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from suite.analysis.baseline import baseline_of_run
from suite.model.baseline import Baseline, CellLaunches, Session
from suite.model.cell import AXES, Cell
from suite.model.errors import InputError
from suite.model.text import bench
from suite.store.records import check_version, validated
from suite.store.runs import read_run
from suite.store.strict_json import parse_json
from suite.store.text import json_text, reachable, read_text, write_text

# History of baseline files, newest first; readers refuse a newer one.
#     1  first version
BASELINE_VERSION = 1
_WHAT = "a file that baseline save wrote, or a run directory"
# What tells a baseline from other JSON.
_KIND = "baseline"
# Twenty sessions of some thousand cells with five launches each.
_MAX_BYTES = 64 * 2**20


def read_baseline(path: Path) -> Baseline:
    """A baseline from its file, or a run directory as a baseline of one session.

    Raises:
        InputError: it is neither, cannot be read, is damaged, was edited, or is of a newer version;
            or the run has a record that is damaged, or no launch at all.
    """
    if reachable(path.is_dir):
        return _of_directory(path)
    text = read_text(path, _WHAT, _MAX_BYTES)
    try:
        return _decoded(text, str(path))
    except ValueError as error:
        raise InputError(f"{path}: {error}; {_remedy()}") from None


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write the file of a baseline atomically, replacing an earlier one.

    Raises:
        InputError: it cannot be written, or could not be read again.
    """
    try:
        text = _encoded(baseline)
        _decoded(text, str(path))
    except ValueError as error:
        raise InputError(f"{path}: the baseline could not be read again: {error}") from None
    write_text(path, text)


def baseline_schema() -> str:
    """The JSON Schema of a baseline's file, with the meanings of its fields."""
    schema = TypeAdapter(Baseline).json_schema()
    schema["properties"] = {
        "kind": {"const": _KIND},
        "schema_version": {"const": BASELINE_VERSION},
        **schema["properties"],
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }
    schema["required"] = [*schema["required"], "kind", "schema_version", "sha256"]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _of_directory(path: Path) -> Baseline:
    if not reachable((path / "run.json").is_file):
        raise InputError(f"{path}: a directory without run.json; give {_WHAT}")
    run = read_run(path)
    if run.damaged:
        damaged = run.damaged[0]
        raise InputError(f"{path / damaged.file}: {damaged.problem}")
    if not run.launches:
        raise InputError(f"{path}: has no launch; give a run that has ended")
    return baseline_of_run(run)


def _remedy() -> str:
    return (
        "a baseline is not edited by hand: restore it from version control, or make it anew with"
        f" {bench('baseline', 'save')}"
    )


def _decoded(text: str, source: str) -> Baseline:
    """The baseline of a text; a ValueError says in one line why it is none."""
    if not text.strip():
        raise ValueError("is empty")
    stored = parse_json(text)
    if not isinstance(stored, dict) or stored.pop("kind", None) != _KIND:
        raise InputError(f"{source}: is not a baseline; give {_WHAT}")
    checksum = stored.pop("sha256", None)
    content = dict(stored)
    check_version(stored, BASELINE_VERSION, source)
    if checksum != _checksum(content):
        raise ValueError("sha256: not that of its content: it was edited or damaged")
    return validated(Baseline, stored)


def _checksum(content: Mapping[str, object]) -> str:
    """Of the content as JSON without spaces and with sorted keys, whatever its lines were."""
    canonical = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _encoded(baseline: Baseline) -> str:
    """The text of a file: lines for conditions, each version of software, the log and each cell."""
    fields = asdict(baseline.header)
    header = {name: json_text(part) for name, part in fields.items()}
    header["environment"] = _members(
        {name: json_text(part) for name, part in fields["environment"].items()}
    )
    changes = [json_text(asdict(change)) for change in baseline.changes]
    sessions = [_session(session) for session in baseline.sessions]
    members = {
        "schema_version": str(BASELINE_VERSION),
        "header": _members(header),
        "changes": _bracketed(changes),
        "sessions": _bracketed(sessions),
    }
    checksum = _checksum(_parsed(_members(members)))
    marked = {"kind": f'"{_KIND}"', **members, "sha256": f'"{checksum}"'}
    return _members(marked) + "\n"


def _session(session: Session) -> str:
    facts = {name: fact for name, fact in asdict(session).items() if name != "cells"}
    cells = _bracketed([_cell(launches) for launches in session.cells])
    return f'{json_text(facts)[:-1]}, "cells": {cells}}}'


def _cell(launches: CellLaunches) -> str:
    """A line: the conditions of a cell that a matrix would have to state, and its numbers."""
    return json_text({**asdict(launches), "cell": _conditions(launches.cell)})


def _conditions(cell: Cell) -> dict[str, object]:
    values = {name: getattr(cell, name) for name in AXES}
    return {name: value for name, value in values.items() if value != AXES[name].default}


def _members(texts: Mapping[str, str]) -> str:
    """A mapping of texts that are JSON already, with a line for each."""
    if not texts:
        return "{}"
    return "{\n" + ",\n".join(f"{json_text(name)}: {text}" for name, text in texts.items()) + "\n}"


def _bracketed(items: list[str]) -> str:
    return "[\n" + ",\n".join(items) + "\n]" if items else "[]"


def _parsed(text: str) -> dict[str, object]:
    parsed = parse_json(text)
    return dict(parsed) if isinstance(parsed, dict) else {}
