"""`bench.py` for tests that are about what it prints and leaves, not about its process.

A process of its own takes seconds for its imports alone. What depends on one (signals, streams,
locales, stand-ins for packages) is tested in one.
"""

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from suite.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to, by the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def bench(*words: object, cwd: Path | None = None, **environment: str) -> Done:
    """`python bench.py WORDS` in this process, which keeps its folder and its environment.

    Variables of the environment are on top of the present ones.
    """
    printed, said = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(cwd or before)
    try:
        with patch.dict(os.environ, environment), redirect_stdout(printed), redirect_stderr(said):
            code = main([str(word) for word in words])
    finally:
        os.chdir(before)
    return Done(returncode=code, stdout=printed.getvalue(), stderr=said.getvalue())
