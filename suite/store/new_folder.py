"""A new directory that has its name only once it is complete."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.model.errors import InputError
from suite.store.text import reachable


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which is renamed to `out` at the end, or removed after an error.

    Raises:
        InputError: `out` exists, or cannot be written.
    """
    if reachable(out.exists):
        raise InputError(f"{out}: already exists; give a new directory")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    except OSError as error:
        raise InputError(f"{out}: cannot be made ({error.strerror}); give another") from None
    try:
        yield unfinished
        unfinished.chmod(0o755)
        unfinished.rename(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error}); give another") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
