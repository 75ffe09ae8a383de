"""`bench.py evaluate` on the small training: its accuracy again, its record, its exit codes."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from suite.cli import evaluate, main
from suite.model.evaluation import EvaluationResult
from suite.model.training_record import Evaluated
from suite.store.checkpoints import checkpoint_path, write_checkpoint
from suite.store.evaluations import read_result
from suite.store.training_runs import read_events

Bench = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole training of `demo`."""
    out = tmp_path_factory.mktemp("trained")
    assert main(["train", "demo", "--out", str(out)]) == 0
    (directory,) = out.iterdir()
    return directory


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Evaluate with these words: the exit code, and what was printed to either stream."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main(["evaluate", *map(str, words), "--out", str(tmp_path / "out")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def report_in(folder: Path) -> dict[str, Any]:
    (directory,) = (folder / "out").iterdir()
    found: dict[str, Any] = json.loads((directory / "evaluation.json").read_text())
    return found


def best_of(training: Path) -> Evaluated:
    events = read_events(training).events
    evaluated = [event for event in events if isinstance(event, Evaluated)]
    return max(evaluated, key=lambda event: event.evaluation.top1)


@pytest.mark.parametrize("batch", ["32", "7", "203"])
def test_the_accuracy_of_the_training_comes_again(
    training: Path, bench: Bench, tmp_path: Path, batch: str
) -> None:
    """Every image once, whatever the batch, in a process of its own; the record says of what."""
    code, printed, _ = bench(training, "--set", f"batch_size={batch}")
    report = report_in(tmp_path)
    (variant,) = report["variants"]
    best = best_of(training)

    assert code == 0
    assert variant["accuracy"]["images"] == 203
    assert variant["accuracy"]["top1"] == best.evaluation.top1_share
    assert variant["accuracy"]["top5"] == best.evaluation.top5_share
    assert variant["accuracy"]["cross_entropy"] == pytest.approx(best.evaluation.cross_entropy)
    assert report["network"]["recorded"]["top1"] == best.evaluation.top1_share
    assert report["network"]["step"] == best.step
    assert report["network"]["path"] == str(checkpoint_path(training, best.step))
    assert "by its training" in printed
    assert "a small problem stood in for the network" in printed


def test_variants_are_compared_image_by_image(training: Path, bench: Bench, tmp_path: Path) -> None:
    """Where all agree the exit code is 0, and each has its count."""
    code, printed, _ = bench(training, "--agreement")
    variants = report_in(tmp_path)["variants"]

    assert code == 0
    assert printed.count("0 of 203") == printed.count("agrees") == 5
    assert variants[0]["name"] == "FP32"
    assert variants[0]["agreement"] is None
    assert report_in(tmp_path)["agrees"] is True


def test_a_variant_outside_its_tolerance_is_exit_code_3(
    training: Path, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accuracy may even be the same: what counts is the class of each image."""

    def read(directory: Path, cell_id: str) -> EvaluationResult | None:
        found = read_result(directory, cell_id)
        if "xla" not in cell_id or found is None or found.classified is None:
            return found
        turned = found.classified.predicted[1:] + found.classified.predicted[:1]
        return replace(found, classified=replace(found.classified, predicted=turned))

    monkeypatch.setattr(evaluate, "read_result", read)
    code, printed, _ = bench(training, "--agreement")

    assert code == 3
    assert re.findall(r"^(\w+) .* outside$", printed, re.MULTILINE) == ["XLA"]
    assert report_in(tmp_path)["agrees"] is False


def test_a_network_of_another_kind_is_refused(training: Path, bench: Bench, tmp_path: Path) -> None:
    """Exit code 2 and one line, from whatever process found out."""
    copy = tmp_path / "copy"
    shutil.copytree(training, copy)
    step = best_of(training).step
    write_checkpoint(copy, step, {"network/stem_conv/kernel": np.zeros(3, np.float32)})
    code, printed, said = bench(copy)

    assert code == 2
    assert f"{step}.ckpt: is not a checkpoint of the small problem of `demo`" in said
    assert "nothing was evaluated" in said
    assert "top-1" not in printed


def test_a_damaged_network_is_refused_before_anything_starts(
    training: Path, bench: Bench, tmp_path: Path
) -> None:
    """No directory is made."""
    copy = tmp_path / "copy"
    shutil.copytree(training, copy)
    path = checkpoint_path(copy, best_of(training).step)
    path.write_bytes(path.read_bytes()[:-1])
    code, _, said = bench(copy)

    assert code == 2
    assert "is damaged or cut short" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--set", "graph=forward"], "judges no image"),
        (["--set", "data=synthetic"], "has no images to judge"),
        (["--set", "epochs=2"], "unknown setting 'epochs'"),
        (["--set", "batch_size=0"], "--set batch_size=0: "),
        (["--set", "layout=nchw", "--set", "graph=frozen"], "folds a frozen graph in nhwc only"),
        (["--data_dir", "images"], "reads no records; leave out --data_dir"),
        (["--agreement", "--precision", "amp"], "--precision: is varied by --agreement"),
        (["--agreement", "--set", "xla=on"], "--set xla: is varied by --agreement"),
    ],
)
def test_what_makes_no_sense_is_said(
    training: Path, bench: Bench, words: list[str], problem: str
) -> None:
    """Exit code 2 and one line."""
    code, printed, said = bench(training, *words)

    assert code == 2
    assert problem in said
    assert not printed
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("verb", [["predict", "a.jpg", "--model"], ["export", "--out", "a"]])
def test_the_small_problem_takes_no_images(
    training: Path, capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    """What needs a network says so."""
    assert main([*verb, str(training)]) == 2
    assert "is a training of the small problem" in capsys.readouterr().err
