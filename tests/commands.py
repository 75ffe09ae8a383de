"""`bench.py` for tests that are about what it prints and leaves, not about its process.

A process of its own takes seconds for its imports alone. What depends on one (signals, streams,
locales, stand-ins for packages) is tested in one.
"""

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from suite.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to, by the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def bench(folder: Path, *words: object) -> Done:
    """`python bench.py WORDS` in this process, in a folder that relative paths begin at."""
    printed, said = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with redirect_stdout(printed), redirect_stderr(said):
            code = main([str(word) for word in words])
    finally:
        os.chdir(before)
    return Done(returncode=code, stdout=printed.getvalue(), stderr=said.getvalue())
