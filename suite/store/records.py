"""JSON -> a part of a run (its header or a launch), read strictly so that damage is noticed."""

import json
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from suite.model.errors import InputError
from suite.store.strict_json import field_name, parse_json
from suite.store.text import read_text

# History of run.json and launch records, newest first; readers refuse a newer one, and read the
# fields that an older one lacks as empty.
#     2  the telemetry of a launch has each reading, as `series`
#     1  first version
SCHEMA_VERSION = 2
# Twelve million step times of all ranks together, which take a few GiB to read.
_MAX_BYTES = 256 * 2**20
# Written for readers of the files; recomputed here.
_DERIVED = ("summary", "overhead_seconds")
_VALUE_WIDTH = 40


class _Part(Protocol):
    """The content of a record: a dataclass that can check itself for contradictions."""

    @property
    def contradiction(self) -> str | None: ...


Part = TypeVar("Part", bound=_Part)


def read_record(kind: type[Part], path: Path, what: str, remedy: str) -> Part:
    """A part of a run from its file; `what` says what the file should be, for the error.

    Raises:
        InputError: see `decode`, or the file cannot be read.
    """
    return decode(kind, read_text(path, what, _MAX_BYTES), str(path), remedy)


def decode(kind: type[Part], text: str, source: str, remedy: str = "") -> Part:
    """A part of a run from its JSON; `source` and `remedy` are the ends of the error's message.

    A lone surrogate, which stands for a byte of a name that is not UTF-8, is read as "?":
    nothing could show it.

    Raises:
        InputError: not JSON, another schema version, an unknown, missing or repeated field, a value
            of another type or outside its range, or fields that contradict each other.
    """
    try:
        return validated(kind, _stored(text, source))
    except ValueError as error:
        raise InputError(f"{source}: {error}" + (f"; {remedy}" if remedy else "")) from None


def _stored(text: str, source: str) -> dict[str, object]:
    """The fields of a record of this version; a ValueError says in one line why it is not one."""
    stored = parse_json(text)
    if not isinstance(stored, dict) or "schema_version" not in stored:
        raise ValueError("is not a record of this suite")
    check_version(stored, SCHEMA_VERSION, source)
    return {name: value for name, value in stored.items() if name not in _DERIVED}


def check_version(stored: dict[str, object], newest: int, source: str) -> None:
    """Take the schema version out of the fields of a file, and check that it can be read.

    Raises:
        InputError: it is none, or newer than `newest`.
    """
    version = stored.pop("schema_version", None)
    if type(version) is not int or not 1 <= version <= newest:
        raise InputError(
            f"{source}: schema version {_shown(version)}, but this suite reads 1 to"
            f" {newest}; use the version of the suite that wrote it"
        )


def validated(kind: type[Part], stored: dict[str, object]) -> Part:
    """The fields of a file as a typed part of a run; a ValueError says in one line what is wrong.

    A lone surrogate is read as "?", as `decode` does.
    """
    text = json.dumps([stored], ensure_ascii=False).encode(errors="replace")
    parts: list[Part]
    try:
        parts = _adapter(kind).validate_json(text)
    except ValidationError as error:
        raise ValueError(_first_problem(kind, error)) from None
    part = parts[0]
    if part.contradiction is not None:
        raise ValueError(part.contradiction)
    return part


@cache
def _adapter(kind: type[Part]) -> TypeAdapter[list[Part]]:
    # A plain dataclass has no configuration of its own and inherits that of its container.
    config = ConfigDict(strict=True, extra="forbid")
    return TypeAdapter(list[kind], config=config)  # type: ignore[valid-type]


def _first_problem(kind: type[object], error: ValidationError) -> str:
    """Place and text of the first problem; an unknown field comes before a missing one."""
    details = error.errors()
    first = min(details, key=lambda detail: detail["type"] != "unexpected_keyword_argument")
    place = first["loc"][1:]
    if first["type"] == "unexpected_keyword_argument":
        near = get_close_matches(str(place[-1]), _field_names(kind), n=1)
        problem = "unknown field" + (f"; did you mean {near[0]!r}?" if near else "")
    elif first["type"] == "missing":
        problem = "missing"
    else:
        said = first["msg"]
        problem = f"{said[0].lower()}{said[1:]}, not {_shown(first['input'])}"
    return f"{field_name(place)}: {problem}"


def _field_names(kind: type[object]) -> set[str]:
    """The names of the fields of a type and of the types nested in it."""
    own = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    held = get_type_hints(kind).values() if is_dataclass(kind) else get_args(kind)
    return own.union(*(_field_names(each) for each in held))


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _VALUE_WIDTH else f"{text[:_VALUE_WIDTH]}..."
