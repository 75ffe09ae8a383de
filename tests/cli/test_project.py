"""`bench.py project`: a run's rate becomes hours, beside those that were published."""

from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_protocol, make_run, store_run

from suite.cli import main
from suite.model.cell import Mode, Precision
from suite.model.launch import Status

V100 = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, batch_size=256, gpus=1)


@pytest.fixture
def run(tmp_path: Path) -> str:
    """A run of 256 images in 0.2 s, of one that failed, and of an inference cell."""
    launches = [
        make_launch(cell=V100, protocol=make_protocol(), step_seconds=(0.2, 0.2)),
        make_launch(cell=make_cell(batch_size=256, precision=Precision.AMP), step_seconds=(0.1,)),
    ]
    return str(store_run(tmp_path / "run", make_run(*launches)))


def test_hours_stand_beside_the_published_ones(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """1,280 img/s are 25.0 h for 90 epochs: 5,004 whole batches an epoch."""
    words = ["--recipe", "dgx1_90epochs", "--precision", "amp", "--set", "gpus=1"]
    code = main(["project", run, *words])
    printed = capsys.readouterr().out
    (line,) = [line for line in printed.splitlines() if line.startswith("training-amp-xla-bs256")]

    assert code == 0
    assert line.split()[1:] == ["1280.00", "25.02", "0.98", "0.05", "26.05", "-", "25"]
    assert "Synthetic images: reading and decoding real ones may take longer." in printed
    assert "after each epoch an evaluation of 50000 images" in printed


def test_no_cell_that_fits_is_not_comparable(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 4 says what is needed and what is there."""
    code = main(["project", run, "--recipe", "dgx1_90epochs", "--precision", "amp"])
    said = capsys.readouterr().err

    assert code == 4
    assert "training in amp, gpus 8, batch size 256, image size 224" in said
    assert "it has amp, gpus 1, batch size 256" in said


def test_a_cell_that_failed_has_no_hours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and its reason."""
    failed = make_launch(cell=V100, status=Status.OUT_OF_MEMORY, reason="no\x1bmemory")
    directory = store_run(tmp_path / "run", make_run(failed))
    words = ["--recipe", "dgx1_90epochs", "--precision", "amp", "--set", "gpus=1"]

    assert main(["project", str(directory), *words]) == 3
    assert f"no number: {V100.id}: no\\x1bmemory" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nowhere", "--recipe", "demo"], "no such run directory"),
        (["nowhere"], "required: --recipe"),
        (["nowhere", "--recipe", "dgx1"], "no such recipe"),
        (["nowhere", "--recipe", "demo", "--images", "3"], "cannot fill a batch of 32"),
        (["nowhere", "--recipe", "demo", "--images", "-3"], "is not a whole number"),
    ],
)
def test_bad_input_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    """Exit code 2, and the file or flag."""
    code = main(["project", *words])
    said = capsys.readouterr().err

    assert code == 2
    assert problem in said
    assert said.count("\n") == 1
