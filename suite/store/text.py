"""Reading and writing whole text files: one clear error, and never a half-written file."""

import json
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from suite.model.errors import InputError

# Prefix of files that are still being written; a kill leaves them behind.
UNFINISHED = ".unfinished-"
# What a process holds locked while it fills a directory.
RUN_LOCK = "run.lock"


def reachable(question: Callable[[], bool]) -> bool:
    """What `Path.exists`, `is_file` or `is_dir` answers; False where it raises instead.

    They raise for a name that is too long, and for a folder that this user may not enter.
    """
    with suppress(OSError, ValueError):
        return question()
    return False


def json_text(fields: object, indent: int | None = None) -> str:
    """JSON in ASCII, for any reader and any stream.

    A lone surrogate, as in a name that is not UTF-8, is not valid in JSON: its escape is stored.
    """
    text = json.dumps(fields, ensure_ascii=False, indent=indent)
    return re.sub("[\x7f-\U0010ffff]", _json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def read_text(path: Path, what: str, most_bytes: int | None = None) -> str:
    """The text of a file the user named; `what` says what it should be, for the error.

    Raises:
        InputError: the path is missing, a directory, unreadable, not UTF-8 or too large.
    """
    try:
        if most_bytes is None:
            return path.read_text(encoding="utf-8")
        with path.open("rb") as file:  # a device such as /dev/zero tells no size, and never ends
            content = file.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise InputError(f"{path}: larger than {most_bytes} bytes; give the path of {what}")
        return content.decode("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of {what}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory; give the path of {what}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None


def write_text(path: Path, text: str) -> None:
    """Write a file atomically: a reader sees the old text or the new, never a part of it.

    The file gets the mode that the user's umask gives any new file.

    Raises:
        InputError: the folder is missing, read-only or full; the old text is still there.
    """
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """The same for a file that is no text.

    Raises:
        InputError: as `write_text`.
    """
    unfinished = path.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):  # exists only after an error or Ctrl-C
            unfinished.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are missing.

    Raises:
        InputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be made ({error.strerror})") from None
