"""A training watched on a terminal, and by whoever comes second."""

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from training_bench import ROOT, TrainingBench

from suite.cli import main
from suite.run.locks import hold_run

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def watched(folder: Path) -> str:
    """What a training of the demo sends to a terminal of 100 columns."""
    master, slave = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    with subprocess.Popen(
        [sys.executable, "bench.py", "train", "demo", "--out", str(folder)],
        cwd=ROOT,
        env={**inherited, "TERM": "xterm", "COLUMNS": "100"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        received = b""
        with suppress(OSError):  # how Linux tells that the other side is gone
            while part := os.read(master, 65536):
                received += part
        os.close(master)
    assert process.returncode == 0
    return received.decode()


def test_a_terminal_shows_where_it_is_and_keeps_a_line_an_epoch(tmp_path: Path) -> None:
    """The live line goes; what an epoch came to stays."""
    screens = re.split(r"(?:\r?\x1b\[(?:1A|2K))+", watched(tmp_path))
    lines = [ESCAPE.sub("", line) for screen in screens for line in screen.splitlines()]

    assert any(line.startswith("import ...") for line in lines)
    assert sum(line.startswith("epoch ") and "/10, loss" in line for line in lines) == 10
    assert not any("import ..." in line for line in lines[-40:])


def test_two_do_not_go_on_with_one_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second is refused in one line, and told who is first."""
    bench = TrainingBench(tmp_path)
    assert bench.train()[0] == 0
    with hold_run(bench.directory):
        code = main(["train", "demo", "--resume", str(bench.directory)])
    said = capsys.readouterr().err

    assert code == 2
    assert f"is being filled by process {os.getpid()}" in said
    assert said.count("\n") == 1


def test_the_newest_training_of_the_recipe_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever its name; one that cannot be read is passed over with a note."""
    bench = TrainingBench(tmp_path)
    assert bench.train()[0] == 0
    newest = bench.directory
    (bench.out / "zzz").mkdir()
    (bench.out / "zzz" / "training.json").write_text("{}")
    code = main(["train", "demo", "--out", str(bench.out), "--resume"])
    printed = capsys.readouterr().out

    assert code == 0
    assert f"newest training of demo: {newest}" in printed
    assert "note: skipped a training that cannot be read" in printed
