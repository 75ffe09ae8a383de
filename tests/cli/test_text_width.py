"""The width of what is printed: the terminal's, or a fixed one where there is none."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = [sys.executable, "bench.py", "reference", "show", "dgx1"]


def on_a_terminal(columns: int) -> str:
    """What `reference show` prints on a terminal of that many columns."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns)}
    with subprocess.Popen(LIST, cwd=ROOT, stdout=slave, env=environment) as process:
        os.close(slave)
        received = b""
        with suppress(OSError):  # how Linux tells that the other side is gone
            while part := os.read(master, 65536):
                received += part
        os.close(master)
    assert process.returncode == 0
    return received.decode().replace("\r\n", "\n")


def in_a_pipe(columns: int) -> str:
    """The same into a pipe."""
    environment = {**os.environ, "COLUMNS": str(columns)}
    done = subprocess.run(
        LIST, cwd=ROOT, capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout


@pytest.mark.parametrize(("columns", "widest"), [(40, 80), (80, 80), (200, 200)])
def test_tables_on_a_terminal_use_its_width(columns: int, widest: int) -> None:
    """Wide ones are shown in a line each, narrow ones are wrapped, and never to under 80."""
    text = on_a_terminal(columns)

    assert max(map(len, text.splitlines())) <= widest
    assert ("Throughput speedup (FP32 - mixed precision)" in text) is (columns == 200)


def test_output_into_a_pipe_is_the_same_everywhere() -> None:
    """Whatever the terminal it was started from, so that it can be compared and stored."""
    narrow, wide = in_a_pipe(40), in_a_pipe(200)
    expected = (ROOT / "tests" / "data" / "reference_show_dgx1.txt").read_text(encoding="utf-8")

    assert narrow == wide == expected
