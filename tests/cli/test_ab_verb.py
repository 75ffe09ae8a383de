"""`bench.py ab`: two sides in turn, in real processes of the simulated kernel."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from suite.cli import main
from suite.cli.ab_sides import parse_side
from suite.model.cell import XlaMode
from suite.model.errors import InputError
from suite.store.runs import read_run

ROOT = Path(__file__).parents[2]
MATRIX = """\
purpose: a test
device: any
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 20}
axes:
  mode: [training]
  precision: [fp32]
  xla: [false]
  batch_size: [8]
"""


@pytest.fixture
def matrix(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(MATRIX)
    return str(path)


def ab(matrix: str, out: Path, *words: str) -> int:
    return int(main(["ab", matrix, "--out", str(out), *words]))


def only_directory(out: Path) -> Path:
    (found,) = out.iterdir()
    return found


def test_a_side_that_is_far_slower_has_regressed(
    tmp_path: Path, matrix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """FP32 takes 1.67 times as long as AMP; 1 is the exit code of nothing but that."""
    code = ab(matrix, tmp_path / "out", "--a", "precision=amp", "--b", "unchanged", "--rounds", "4")
    text = capsys.readouterr().out
    folder = only_directory(tmp_path / "out")
    report = json.loads((folder / "ab.json").read_text())

    assert code == 1
    assert "1 cell: 1 regressed" in text
    assert "a: precision=amp" in text
    (cell,) = report["cells"]
    assert cell["cell_id"] == "training-amp-bs8-1gpu-simulated"
    assert cell["other_id"] == "training-fp32-bs8-1gpu-simulated"
    assert len(cell["ratios"]) == 4
    assert all(ratio > 1.3 for ratio in cell["ratios"])
    assert (folder / "ab.md").read_text().count("regressed") >= 2
    assert (folder / "a" / "report.html").exists()
    assert '<failure message="regressed: time b/a 1.' in (folder / "ab.xml").read_text()
    assert "(ab.md, ab.json, ab.xml, a/, b/)" in text


def test_launches_of_the_sides_alternate_in_fresh_processes(tmp_path: Path, matrix: str) -> None:
    """A B, then B A: what drifts changes both launches of a pair alike."""
    ab(matrix, tmp_path / "out", "--a", "unchanged", "--b", "unchanged", "--rounds", "3")
    folder = only_directory(tmp_path / "out")
    records = {
        (side, launch.launch): (folder / side / "cells" / f"{launch.cell.id}.{launch.launch}.json")
        for side in "ab"
        for launch in read_run(folder / side).launches
    }
    order = sorted(records, key=lambda key: records[key].stat().st_mtime_ns)
    started = {
        launch.started_by and launch.started_by.value
        for side in "ab"
        for launch in read_run(folder / side).launches
    }

    assert order == [("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2)]
    assert started == {"process"}


def test_the_faster_side_is_an_improvement_and_no_failure(
    tmp_path: Path, matrix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mirror image."""
    code = ab(matrix, tmp_path / "out", "--a", "unchanged", "--b", "precision=amp", "--rounds", "4")

    assert code == 0
    assert "1 cell: 1 improved" in capsys.readouterr().out


def test_an_ab_goes_on_where_it_stopped(
    tmp_path: Path, matrix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is recorded is not measured again, and other sides are refused."""
    sides = ("--a", "unchanged", "--b", "env:TF_SOMETHING=1")
    assert ab(matrix, tmp_path / "out", *sides, "--rounds", "3", "--max-time", "1s") in {3, 5, 0}
    folder = only_directory(tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("[ab]/cells/*.json")}
    assert len(before) < 6
    assert "give the same command again with --resume" in capsys.readouterr().out

    ab(matrix, tmp_path / "out", *sides, "--rounds", "3", "--resume", str(folder))

    after = {path: path.stat().st_mtime_ns for path in folder.glob("[ab]/cells/*.json")}
    assert len(after) == 6
    assert before.items() <= after.items()
    other = ("--a", "unchanged", "--b", "env:TF_SOMETHING=2")
    assert ab(matrix, tmp_path / "out", *other, "--rounds", "3", "--resume", str(folder)) == 4
    assert "its side b is --b env:TF_SOMETHING=1" in capsys.readouterr().err


def test_half_a_pair_is_measured_again_as_a_whole(tmp_path: Path, matrix: str) -> None:
    """Launches with a stop between them are no neighbours in time, so they make no pair."""
    sides = ("--a", "unchanged", "--b", "unchanged", "--rounds", "3")
    ab(matrix, tmp_path / "out", *sides)
    folder = only_directory(tmp_path / "out")
    records = {path.relative_to(folder): path for path in folder.glob("[ab]/cells/*.json")}
    before = {name: path.stat().st_mtime_ns for name, path in records.items()}
    (lost,) = folder.glob("b/cells/*.1.json")
    lost.unlink()

    ab(matrix, tmp_path / "out", *sides, "--resume", str(folder))

    after = {name: path.stat().st_mtime_ns for name, path in records.items()}
    changed = {str(name) for name in after if after[name] != before[name]}
    assert {name.rsplit(".", 2)[1] for name in changed} == {"1"}
    assert len(changed) == 2


def test_the_rounds_of_an_ab_are_not_changed_on_the_way(
    tmp_path: Path, matrix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule that is chosen once numbers are known proves nothing."""
    sides = ("--a", "unchanged", "--b", "unchanged")
    ab(matrix, tmp_path / "out", *sides, "--rounds", "5", "--max-time", "1s")
    folder = only_directory(tmp_path / "out")

    assert ab(matrix, tmp_path / "out", *sides, "--resume", str(folder)) == 4
    assert "give the same sides and rounds" in capsys.readouterr().err


def test_a_side_has_its_own_python_and_variables(tmp_path: Path, matrix: str) -> None:
    """Each launch of it starts with them, and no launch of the other side does."""
    told = tmp_path / "told"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$TF_SOMETHING" >> {told}\nexec {sys.executable} "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    sides = ("--a", "unchanged", "--b", f"python={python}", "--b", "env:TF_SOMETHING=7")

    ab(matrix, tmp_path / "out", *sides, "--rounds", "3")

    # Once to be asked for its versions.
    assert told.read_text().split() == ["7"] * 4
    folder = only_directory(tmp_path / "out")
    variables = [
        read_run(folder / side).header.environment["variables"].get("TF_SOMETHING")  # type: ignore[attr-defined]
        for side in "ab"
    ]
    assert variables == [None, "7"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_a_side_may_be_another_revision(tmp_path: Path, matrix: str) -> None:
    """It is checked out beside this one, and nothing is left of it afterwards."""
    ab(matrix, tmp_path / "out", "--a", "ref=HEAD", "--b", "unchanged", "--rounds", "3")
    folder = only_directory(tmp_path / "out")
    git = shutil.which("git")
    assert git is not None
    head, trees = (
        subprocess.run(
            [git, "-C", str(ROOT), *words], capture_output=True, text=True, check=True
        ).stdout
        for words in (("rev-parse", "HEAD"), ("worktree", "list"))
    )

    header = read_run(folder / "a").header
    assert header.environment["commit"] == head.strip()
    assert header.environment["dirty"] is False
    assert "resnet50-bench-" not in trees


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--b", "faster"), "--b 'faster': says nothing that may differ; give unchanged, python="),
        (("--b", "xla_mod=x"), "unknown axis 'xla_mod'"),
        (("--b", "xla_mode=x"), "unknown xla_mode 'x'"),
        (("--b", "python=/missing"), "no such program; give a Python"),
        (("--b", "env:1=x"), "no name of a variable"),
        (("--b", "env:API_KEY=x"), "--b env:API_KEY: looks like a secret, which every record"),
        (("--b", "ref=--help"), "a revision does not begin with a dash"),
        (("--b", "ref=no-such-revision"), "there is no revision no-such-revision"),
        (("--b", "unchanged", "--b", "xla=on"), "and something else as well"),
        (("--b", "xla=on", "--b", "xla=off"), "xla is given twice"),
        (("--b", "gpus=2"), "has cells of several GPUs"),
    ],
)
def test_a_side_that_means_nothing_is_refused(
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    matrix: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is measured or written."""
    assert ab(matrix, tmp_path / "out", "--a", "unchanged", *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_the_matrix_s_is_told_and_can_be_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pass on another device says nothing of the one that was meant."""
    path = tmp_path / "other.yaml"
    path.write_text(MATRIX.replace("device: any", "device: NVIDIA No Such"))
    sides = ("--a", "unchanged", "--b", "unchanged", "--rounds", "3")

    assert ab(str(path), tmp_path / "refused", *sides, "--require-device") == 2
    assert "; drop --require-device to run anyway" in capsys.readouterr().err
    assert not (tmp_path / "refused").exists()
    ab(str(path), tmp_path / "out", *sides)
    assert "every number is that device's" in capsys.readouterr().out


def test_a_python_that_cannot_run_the_suite_is_named(
    tmp_path: Path, matrix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what it said last."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'No module named numpy' >&2\nexit 1\n")
    python.chmod(0o755)

    assert ab(matrix, tmp_path / "out", "--a", f"python={python}", "--b", "unchanged") == 2
    assert "cannot import the suite: No module named numpy" in capsys.readouterr().err


def test_conditions_that_make_cells_the_same_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pair would be of no certain two cells."""
    path = tmp_path / "two.yaml"
    path.write_text(MATRIX.replace("xla: [false]", "xla: [false, true]"))

    assert ab(str(path), tmp_path / "out", "--a", "unchanged", "--b", "xla=on") == 2
    assert "narrow the matrix with --set" in capsys.readouterr().err


def test_a_side_is_parsed_into_what_differs(tmp_path: Path) -> None:
    """An environment may be given by its folder; the link to its interpreter is kept."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    side = parse_side("b", [f"python={tmp_path}", "env:A=x=y", "xla_mode=auto_clustering"])

    assert side.python == str(python)
    assert side.environment == {"A": "x=y"}
    assert side.settings == {"xla_mode": XlaMode.AUTO_CLUSTERING}
    with pytest.raises(InputError, match="twice"):
        parse_side("b", ["env:A=1", "env:A=2"])


def test_nothing_of_this_process_changes(tmp_path: Path, matrix: str) -> None:
    """A side's variables are those of its launches alone."""
    before = dict(os.environ)
    ab(matrix, tmp_path / "out", "--a", "env:TF_SOMETHING=1", "--b", "unchanged", "--rounds", "3")

    assert dict(os.environ) == before
