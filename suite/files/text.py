"""Reading and writing whole text files: one clear error, and never a half-written file."""

import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from suite.core.errors import InputError


def reachable(question: Callable[[], bool]) -> bool:
    """What `Path.exists`, `is_file` or `is_dir` answers; False where it raises instead.

    It does for a name that is too long, and for a folder that this user may not enter.
    """
    with suppress(OSError, ValueError):
        return question()
    return False


def json_text(fields: object, indent: int | None = None) -> str:
    """JSON in ASCII that any reader takes and any stream carries.

    Half of a pair, as in a name that is not UTF-8, is no character of JSON: its escape is stored.
    """
    text = json.dumps(fields, ensure_ascii=False, indent=indent)
    return re.sub("[\x7f-\U0010ffff]", _json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def read_text(path: Path, what: str) -> str:
    """The text of a file the user named; `what` says what it should be, for the error.

    Raises:
        InputError: the path is missing, a directory, unreadable or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; give the path of {what}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a directory; give the path of {what}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None


def write_text(path: Path, text: str) -> None:
    """Write a file atomically: a reader sees the old text or the new, never a part.

    Raises:
        InputError: the folder is missing, read-only or full; the old text is still there.
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        if temporary is not None:  # also when Ctrl-C came in between
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
