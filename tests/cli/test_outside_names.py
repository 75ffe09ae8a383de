"""Real runs whose names, purposes and outputs are hostile, not UTF-8, or not the locale's."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from faulty_bench import bench_of_two_cells

from suite.cli import main
from suite.model.text import shown

ROOT = Path(__file__).parents[2]
ASCII_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def bench(
    *words: str | Path, cwd: Path = ROOT, environment: Mapping[str, str] = MappingProxyType({})
) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, str(ROOT / "bench.py"), *words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


def matrix(path: Path, purpose: str = "x") -> Path:
    """A matrix of one simulated cell, with a table to compare with."""
    shutil.copy(ROOT / "reference" / "t4.csv", path.parent)
    path.write_text(
        f"purpose: {json.dumps(purpose)}\nkernel: simulated\nreference: t4.csv\n"
        "protocol: {warmup_steps: 1, measured_steps: 3}\n"
        "axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [1]}\n",
        encoding="utf-8",
    )
    return path


def acting(printed: bytes) -> set[str]:
    text = printed.decode(errors="surrogateescape").replace("\n", "")
    return {character for character in text if shown(character) != character}


HOSTILE = os.fsdecode(b"m\x1b[31m\n caf\xe9 it's.yaml")


@pytest.mark.parametrize("locale", [{}, ASCII_LOCALE], ids=["UTF-8", "ASCII"])
def test_a_run_with_hostile_names_is_whole(tmp_path: Path, locale: dict[str, str]) -> None:
    """Its directory has a safe name, every file is there, and the printed command works."""
    purpose = "große Stapel \x1b[31m | 大批次"
    path = matrix(tmp_path / HOSTILE, purpose)
    out = tmp_path / os.fsdecode(b"out \xff dir")
    done = bench("run", path, "--out", out, environment=locale)

    assert done.returncode == 0, done.stderr
    (directory,) = out.iterdir()
    header = (directory / "run.json").read_text(encoding="utf-8")
    report = (directory / "report.md").read_text(encoding="utf-8")

    assert not acting(done.stdout + done.stderr)
    assert re.fullmatch(r"\d{8}T\d{6}Z-[a-z0-9-]+-m-x1b-31m-n-caf-udce9-it-s", directory.name)
    assert not re.search(r"(?<!\\)\\ud[89a-f]", header)  # no half of a pair, which is no character
    assert json.loads(header)["matrix"] == r"m\x1b[31m\n caf\udce9 it's"
    assert "große Stapel" in report
    assert "大批次" in report
    assert not acting(report.encode())

    (command,) = re.findall(r"^next: python (.*)$", done.stdout.decode(), re.MULTILINE)
    compared = subprocess.run(
        ["bash", "-c", f"{shlex.quote(sys.executable)} {command}"],
        cwd=ROOT,
        env={**os.environ, **locale},
        capture_output=True,
        check=False,
    )
    # It has read both sides: a simulated cell is beside none of the published.
    assert compared.returncode == 4, compared.stderr
    assert b"the run and reference t4 have no cell in common" in compared.stderr


def test_a_run_of_any_name_resumes(tmp_path: Path) -> None:
    """A matrix is found again by its name, whatever that holds."""
    path = matrix(tmp_path / HOSTILE)
    first = bench("run", path, "--out", tmp_path / "out")
    again = bench("run", path, "--out", tmp_path / "out", "--resume")

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert b"nothing was missing" in again.stdout


def test_an_ascii_terminal_gets_every_word(tmp_path: Path) -> None:
    """What it cannot show is an escape; nothing is lost and nothing fails."""
    path = matrix(tmp_path / "mine.yaml", "große Stapel 大")
    plan = bench("plan", path, environment={"PYTHONIOENCODING": "ascii"})
    shown_there = bench("plan", path, environment={"PYTHONIOENCODING": "utf-8"})

    assert plan.returncode == 0, plan.stderr
    assert rb"gro\xdfe Stapel \u5927" in plan.stdout
    assert "große Stapel 大".encode() in shown_there.stdout


def test_a_home_directory_is_not_made_as_a_folder_called_tilde(tmp_path: Path) -> None:
    """`--out=~/x` is below the home directory, and so is a matrix's reference."""
    home = tmp_path / "home"
    home.mkdir()
    path = matrix(tmp_path / "mine.yaml")
    path.write_text(path.read_text().replace("reference: t4.csv", "reference: ~/t4.csv"))
    (tmp_path / "t4.csv").rename(home / "t4.csv")
    done = bench("run", path, "--out=~/x", cwd=tmp_path, environment={"HOME": str(home)})

    assert done.returncode == 0, done.stderr
    assert list(home.glob("x/*/report.md"))
    assert not (tmp_path / "~").exists()
    assert f"compare --run {home}/x/".encode() in done.stdout
    (header,) = home.glob("x/*/run.json")
    assert json.loads(header.read_text())["reference"] == f"{home}/t4.csv"


@pytest.mark.parametrize(
    "words",
    [
        ["run", "no\nsuch\x1b[31m.yaml"],
        ["run", "{matrix}", "--only", "a\nb\x1b"],
        ["run", "{matrix}", "--set", "a\n\x1b=1"],
        ["plan", "{matrix}", "--hostfile", "a\n\x1b"],
        ["plan", "{matrix}", "--data_dir", "a\n\x1b"],
        ["run", "{matrix}", "--resume", "a\n\x1b"],
        ["run", "{matrix}", "--max-time", "a\n\x1b"],
        ["compare", "--reference", "a\n\x1b.csv"],
        ["compare", "--reference", "{table}", "--run", "a\n\x1b"],
        ["reference", "show", "a\n\x1b"],
        ["reference", "import", "a\n\x1b"],
        ["data", "check", "a\n\x1b"],
        ["fly\n\x1b"],
        ["run", "--fl\ny\x1b"],
        ["run", "{keyed}"],
        ["compare", "--reference", "{titled}"],
    ],
)
def test_an_error_is_one_line_whatever_is_in_it(
    tmp_path: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line break or an escape in a name, a key or a value makes no second line, and acts on none.

    The same holds for names that are longer than a file system takes.
    """
    monkeypatch.chdir(tmp_path)
    keyed, titled = tmp_path / "keyed.yaml", tmp_path / "titled.csv"
    keyed.write_text('"a\\nb\\e[31m": 1\n')
    titled.write_text('"a\nb\x1b[31m"\n')
    files = {
        "{matrix}": str(matrix(tmp_path / "mine.yaml")),
        "{table}": str(tmp_path / "t4.csv"),
        "{keyed}": str(keyed),
        "{titled}": str(titled),
    }
    given = [files.get(word, word) for word in words]
    for variant in (given, [word.replace("\n", "x" * 300) for word in given]):
        code = main(variant)
        out, error = capsys.readouterr()

        assert code == 2, error
        assert out == ""
        assert re.fullmatch(r"error: [^\n]+\n", error), error
        assert not acting(error.encode())
        assert len(error) < 1500


def test_a_worker_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    """A launch's last words are shown in the run's output and in report.md, and act in neither."""
    made = bench_of_two_cells(tmp_path)
    words = "\\x1b]0;title\\x07 \\u202e |<b>`x"
    said = f"print('# one\\n{words}', file=sys.stderr, flush=True); os._exit(7)"
    code, out, err = made.run(faults={("step", 2): said})
    (directory,) = made.out.iterdir()
    report = (directory / "report.md").read_text()
    expected: Any = r"last output: \x1b]0;title\x07 \u202e"

    assert code == 3
    assert not acting((out + err + report).encode())
    assert expected in out
    assert expected in err
    assert "\n    # one\n" in report
    assert r"\\x1b\]0;title\\x07" in report
