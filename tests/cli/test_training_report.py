"""`bench.py report` of a training: its files again from its records."""

import shutil
from pathlib import Path

import pytest
from training_bench import TrainingBench

from suite.cli import main, training_report

PAGE = "training.html"
MADE = {PAGE, "training.md", "training.csv", "plots", "tensorboard"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TrainingBench:
    """A training that has ended."""
    bench = TrainingBench(tmp_path_factory.mktemp("whole"))
    assert bench.train("--set", "lr_init=0.7")[0] == 0
    return bench


@pytest.fixture
def copy(whole: TrainingBench, tmp_path: Path) -> TrainingBench:
    """Its records alone."""
    copied = TrainingBench(tmp_path)
    shutil.copytree(whole.out, copied.out)
    for name in MADE:
        path = copied.directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return copied


def test_every_file_is_made_again(whole: TrainingBench, copy: TrainingBench) -> None:
    """To the byte, those of TensorBoard, which were written live, with them."""
    assert {path.name for path in whole.directory.iterdir()} >= MADE
    assert not MADE & {path.name for path in copy.directory.iterdir()}
    assert main(["report", str(copy.directory)]) == 0
    assert copy.files() == whole.files()


def test_a_report_is_printed_as_at_the_end(
    copy: TrainingBench, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what was changed of the recipe, and what was written."""
    assert main(["report", str(copy.directory), "--out", str(copy.folder / "other")]) == 0
    printed = " ".join(capsys.readouterr().out.split())

    assert "lr_init 0.7 (not 0.8)" in printed
    assert "training.html, training.md, training.csv, plots/, tensorboard/" in printed
    assert {path.name for path in (copy.folder / "other").iterdir()} == MADE
    assert not (copy.directory / PAGE).exists()


def test_formats_choose_files(copy: TrainingBench) -> None:
    """As of a run."""
    assert main(["report", str(copy.directory), "--format", "html,csv"]) == 0
    made = {path.name for path in copy.directory.iterdir()} & MADE

    assert made == {PAGE, "training.csv"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--format", "html,json"], "is a training, which has html, md, csv, plots, but no json"),
        (["--xlsx"], "but no xlsx"),
        (["{0}/../another"], "is a training, which is reported by itself"),
        (["--format", "csv", "--open"], "--open shows the page, which --format leaves out"),
    ],
)
def test_what_a_training_does_not_have_is_refused(
    copy: TrainingBench, capsys: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    """One line, exit code 2, and nothing is written."""
    before = copy.files()
    given = [word.format(copy.directory) for word in words]
    code = main(["report", str(copy.directory), *given, "--out", str(copy.folder / "x")])
    said = capsys.readouterr().err

    assert code == 2
    assert problem in said
    assert said.count("\n") == 1
    assert copy.files() == before
    assert not (copy.folder / "x").exists()


def test_a_damaged_record_is_named(copy: TrainingBench, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest is reported, and the exit code says that something is missing."""
    (record,) = (copy.directory / "cells").glob("*.json")
    record.write_text("{")

    assert main(["report", str(copy.directory)]) == 3
    assert "damaged: " in capsys.readouterr().err


def test_without_tensorboard_the_rest_is_written(
    copy: TrainingBench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what brings it."""
    monkeypatch.setattr(training_report, "is_installed", lambda: False)

    assert main(["report", str(copy.directory)]) == 0
    assert capsys.readouterr().out.count("pip install -e '.[tensorboard]'") == 1
    assert {path.name for path in copy.directory.iterdir()} & MADE == MADE - {"tensorboard"}
