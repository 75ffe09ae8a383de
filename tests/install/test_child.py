"""Programs that fail are told by the line that says why."""

import os
import sys
from pathlib import Path

import pytest

from suite.install.child import explaining_line, run_logged
from suite.model.errors import InputError

COMPILER = """\
build/mpi_ops.cc:12:10: fatal error: stream.h: No such file or directory
compilation terminated.
make[2]: *** [CMakeFiles/tensorflow.dir/build.make:76: mpi_ops.cc.o] Error 1
ERROR: Failed building wheel for horovod
"""
RANKS = """\
Traceback (most recent call last):
  File "proof.py", line 20, in <module>
RuntimeError: the sum over 2 ranks is 2.0, not 3.0
--------------------------------------------------------------------------
Primary job terminated normally, but 1 process returned
a non-zero exit code. Per user-direction, the job has been aborted.
--------------------------------------------------------------------------
"""


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (COMPILER, COMPILER.splitlines()[0]),
        (RANKS, "RuntimeError: the sum over 2 ranks is 2.0, not 3.0"),
        ("one\ntwo\n----\n\n", "two"),
        ("", "it printed nothing"),
    ],
)
def test_the_cause_is_told_not_its_consequences(output: str, line: str) -> None:
    """Compilers name the cause first, tracebacks last; banners and blank lines say nothing."""
    assert explaining_line(output) == line


def test_a_failing_program_leaves_its_output_in_the_log(tmp_path: Path) -> None:
    """The message has the telling line and the log, which keeps what earlier programs wrote."""
    log = tmp_path / "log"
    log.write_text("ERROR: of an earlier program\n")

    with pytest.raises(InputError, match=r"the trial failed: no such luck; .*log"):
        run_logged(
            [sys.executable, "-c", "print('begin'); raise SystemExit('no such luck')"],
            log,
            what="the trial",
            timeout_seconds=60,
            environment=os.environ,
        )

    assert "earlier" in log.read_text()
    assert "begin" in log.read_text()


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    """No traceback where a program cannot be started."""
    with pytest.raises(InputError, match="could not be started"):
        run_logged(
            [str(tmp_path / "gone")],
            tmp_path / "log",
            what="it",
            timeout_seconds=60,
            environment=os.environ,
        )
