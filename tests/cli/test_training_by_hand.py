"""`python -m suite.kernels --mode=train`: the training directory is the one that was named."""

from pathlib import Path

import pytest

from suite.cli.kernel import main
from suite.model.errors import InputError, NotComparableError
from suite.model.training_record import Began, Evaluated, Event
from suite.store.training_runs import read_events, read_training_header

FLAGS = ["--kernel=simulated", "--batch_size=32", "--num_iter=2"]


def events(directory: Path, kind: type[Event]) -> list[Event]:
    return [event for event in read_events(directory).events if isinstance(event, kind)]


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(("mode", "evaluated"), [("train", []), ("train_and_evaluate", [20])])
def test_a_mode_trains_and_evaluates_as_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str, evaluated: list[int]
) -> None:
    """Never with train, and with train_and_evaluate once, after the last epoch."""
    directory = tmp_path / "new" / "results"
    code = main([f"--mode={mode}", *FLAGS, f"--results_dir={directory}", "--warmup_steps=5"])
    printed = capsys.readouterr().out
    header = read_training_header(directory)

    assert code == 0
    assert printed.startswith("note: --warmup_steps changes nothing of a training")
    assert f"training directory: {directory} (" in " ".join(printed.split())
    assert [event.step for event in events(directory, Evaluated)] == evaluated
    assert (directory / "checkpoints" / "20.ckpt").exists()
    assert header.by_hand
    assert header.command[0] == f"--mode={mode}"


def test_the_same_command_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the published scripts do: with what is there, and with nothing else."""
    flags = ["--mode=train", *FLAGS, "--model_dir", str(tmp_path)]
    late = main([*flags, "--max_seconds=0.001"])
    said = capsys.readouterr().out
    codes = [main(flags), main(flags)]
    printed = capsys.readouterr().out

    assert late == 3
    assert "not finished (--max_seconds is over): after step 1 of 20; go on with: " in said
    assert f"python -m suite.kernels --mode=train {' '.join(FLAGS)} --model_dir {tmp_path}" in said
    assert codes == [0, 0]
    assert "going on from step 1\n" in printed
    assert printed.endswith("nothing was missing\n")
    assert [began.step for began in events(tmp_path, Began)] == [0, 1]


def test_another_training_is_not_gone_on_with(tmp_path: Path) -> None:
    """What is there stays as it was, to the byte."""
    main(["--mode=train", *FLAGS, f"--results_dir={tmp_path}"])
    before = contents(tmp_path)
    with pytest.raises(NotComparableError, match=r"momentum 0\.9 -> 0\.5"):
        main(["--mode=train", *FLAGS, "--momentum=0.5", f"--results_dir={tmp_path}"])

    after = contents(tmp_path)
    assert {name: after[name] for name in before if name != "run.lock"} == {
        name: before[name] for name in before if name != "run.lock"
    }


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into it, not even a lock."""
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "mine.json").write_text("mine")
    with pytest.raises(InputError, match="holds cells and no training; give a new folder"):
        main(["--mode=train", *FLAGS, f"--results_dir={tmp_path}"])

    assert contents(tmp_path) == {"cells/mine.json": b"mine"}


def test_a_training_that_was_killed_at_its_start_is_begun(tmp_path: Path) -> None:
    """What it left holds nothing that could be lost."""
    (tmp_path / "cells").mkdir()
    (tmp_path / "run.lock").write_text("process 1")
    (tmp_path / ".unfinished-0123").write_text("{")

    assert main(["--mode=train", *FLAGS, f"--results_dir={tmp_path}"]) == 0


def test_a_file_is_no_training_directory(tmp_path: Path) -> None:
    """It is said, and stays."""
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="file: cannot be made"):
        main(["--mode=train", *FLAGS, f"--results_dir={tmp_path / 'file'}"])

    assert (tmp_path / "file").read_text() == "mine"


def test_what_was_trained_is_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the same directory, by the verb that is named, with the accuracy of the training."""
    main(["--mode=train_and_evaluate", *FLAGS, f"--results_dir={tmp_path}"])
    (evaluated,) = events(tmp_path, Evaluated)
    capsys.readouterr()
    code = main(["--mode=evaluate", "--batch_size=32", f"--results_dir={tmp_path}"])
    printed = capsys.readouterr().out
    assert isinstance(evaluated, Evaluated)
    top1 = f"top-1     {evaluated.evaluation.top1_share:.2%} ("

    assert code == 0
    assert printed.startswith("note: this is python bench.py evaluate ")
    assert top1 in printed
    assert (tmp_path / "training.json").exists()
    assert len(list(tmp_path.glob("*-evaluation/evaluation.json"))) == 1


def test_an_export_never_replaces_anything(tmp_path: Path) -> None:
    """It is said before a training of days begins."""
    (tmp_path / "mine").mkdir()
    flags = ["--mode=train_and_evaluate", *FLAGS, f"--results_dir={tmp_path / 'out'}"]
    with pytest.raises(InputError, match="--export_dir .*mine: is there already"):
        main([*flags, f"--export_dir={tmp_path / 'mine'}"])

    assert not (tmp_path / "out").exists()
