"""`bench.py compare` of trainings: groups of seeds beside each other."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import (
    make_course,
    make_launch,
    make_run,
    make_training,
    make_training_header,
    store_run,
    store_training,
)
from training_bench import TrainingBench

from suite.cli import main
from suite.model.recipe import Recipe
from suite.model.training_record import Outcome

Answer = tuple[int, str, str]


def stored(folder: Path, seed: int, top1: int, *, rate: float = 0.1, ended: bool = True) -> Path:
    """A training at this learning rate, of which so many of 100 images are right at the end."""
    header = make_training_header(training=make_training(seed=seed, recipe=Recipe(lr_init=rate)))
    events = make_course(top1, Outcome.FINISHED if ended else None)
    return store_training(folder / f"seed{seed}-{rate}", header, events)


@pytest.fixture
def trainings(tmp_path: Path) -> list[Path]:
    """Three seeds at one learning rate, of 80, 82 and 84 %, and two at another, of 70 and 72 %."""
    return [
        *(stored(tmp_path, seed, 80 + 2 * seed) for seed in range(3)),
        *(stored(tmp_path, seed, 70 + 2 * seed, rate=0.05) for seed in range(2)),
    ]


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Compare these directories with further words: exit code and what was printed."""

    def compared(directories: list[Path], *words: str) -> Answer:
        code = main(["compare", *(f"--run={each}" for each in directories), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return compared


def row(text: str, name: str) -> list[str]:
    """The words of the line of a table that begins with this name."""
    (found,) = [line for line in text.splitlines() if line.startswith(f"{name}  ")]
    return found.split()


def test_groups_stand_beside_each_other(
    trainings: list[Path], compare: Callable[..., Answer]
) -> None:
    """82 % and 71 % apart by 11 points, beyond chance; all but paths within 100 columns."""
    code, out, _ = compare(trainings)
    text = " ".join(out.split())

    assert code == 0
    assert "B: mine, training-fp32-bs8-1gpu-tfrecord, not as A: lr_init 0.05 (A: 0.1)" in text
    assert row(out, "A") == ["A", "3", "82.00%", "2.00", "0.00", "-", "-"]
    assert row(out, "B")[:6] == ["B", "2", "71.00%", "1.41", "0.00", "-11.00"]
    assert row(out, "B")[6:] == ["-16.30", "to", "-5.70", "lower"]
    assert row(out, "A3") == ["A3", "2", "84.00%", "84.00%", "2", "100", "0.00"]
    assert "Student's t with 3 degrees of freedom" in text
    assert "binomial interval of top-1 in a training's own report is not the one to use" in text
    assert "nothing was written; --out DIR writes it" in out
    assert all(len(line) <= 100 for line in out.splitlines() if line[2:4] != ": ")
    for name, directory in zip(("A1", "A2", "A3", "B1", "B2"), trainings, strict=True):
        assert f"{name}: {directory}" in out.splitlines()


def test_without_seeds_a_line_says_what_would_tell(
    trainings: list[Path], compare: Callable[..., Answer]
) -> None:
    """A difference without an interval is not called lower."""
    code, out, _ = compare([trainings[0], trainings[3]])

    assert code == 0
    assert row(out, "B")[5:] == ["-10.00", "-", "chance", "not", "excluded"]
    assert "three seeds of each group would give one" in " ".join(out.split())


def test_one_that_is_not_finished_is_shown_and_left_out(
    trainings: list[Path], compare: Callable[..., Answer], tmp_path: Path
) -> None:
    """It was killed after its last evaluation."""
    code, out, _ = compare([*trainings[:2], stored(tmp_path, 3, 99, ended=False)])

    assert code == 0
    assert row(out, "A")[:3] == ["A", "2", "81.00%"]
    assert " ".join(row(out, "A3")).endswith("not finished: killed at epoch 2 of 2")
    assert "What is not finished, or was never evaluated, is in no mean." in out


def test_it_is_written_where_asked(
    trainings: list[Path], compare: Callable[..., Answer], tmp_path: Path
) -> None:
    """As Markdown, and as a line for each training."""
    code, out, _ = compare(trainings, "--out", str(tmp_path / "new"))
    with (tmp_path / "new" / "trainings.csv").open() as file:
        lines = list(csv.DictReader(file))

    assert code == 0
    assert "trainings.md, trainings.csv" in " ".join(out.split())
    assert [line["group"] + line["seed"] for line in lines] == ["A0", "A1", "A2", "B0", "B1"]
    assert float(lines[3]["group_over_base"]) == pytest.approx(-0.11)
    assert not lines[0]["group_over_base"]
    assert "| B     |     2 |" in (tmp_path / "new" / "trainings.md").read_text()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--run", "{0}", "--run", "{run}"], "{run}: is a run, but {0} is a training"),
        (["--run", "{run}", "--reference", "{0}"], "{0}: is a training; name trainings with --run"),
        (["--run", "{0}", "--run", "{1}", "--reference", "t4"], "--reference: is for runs, but"),
        (["--run", "{0}", "--run", "{1}", "--fail-below", "0.9"], "--fail-below: is for runs, but"),
        (["--run", "{0}", "--run", "{1}", "--min-batch", "8"], "--min-batch: is for runs, but"),
        (["--run", "{0}"], "{0}: is a training, which is set beside others; name them with --run"),
        (["--run", "{0}", "--run", "{0}/"], "{0}: named twice"),
        (["--run", "{0}", "--run", "{0}-gone"], "{0}-gone: no such training directory"),
        (["--run", "{0}", "--run", "{0}/cells"], "cells/training.json: no such file; give the"),
    ],
)
def test_what_cannot_stand_beside_a_training_is_refused(
    trainings: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    problem: str,
) -> None:
    """One line, exit code 2, and nothing is written."""
    run = str(store_run(tmp_path / "run", make_run(make_launch(step_seconds=(0.1,)))))
    given = [word.format(*trainings, run=run) for word in words]
    code = main(["compare", *given, "--out", str(tmp_path / "new")])
    said = capsys.readouterr().err

    assert code == 2
    assert problem.format(*trainings, run=run) in said
    assert said.count("\n") == 1
    assert not (tmp_path / "new").exists()


def demo_trainings(folder: Path) -> Iterator[Path]:
    """Seeds 0, 1 and 2 of the demo recipe, and one with a learning rate that is far too low."""
    overrides = [[f"seed={seed}"] for seed in range(3)] + [["lr_init=0.001"]]
    for place, settings in enumerate(overrides):
        (folder / str(place)).mkdir()
        bench = TrainingBench(folder / str(place))
        assert bench.train(*(word for each in settings for word in ("--set", each)))[0] == 0
        yield bench.directory


@pytest.mark.slow
def test_real_trainings_stand_beside_each_other(
    tmp_path: Path, compare: Callable[..., Answer]
) -> None:
    """Their seeds differ, and tell that the low rate is lower beyond chance."""
    code, out, _ = compare(list(demo_trainings(tmp_path)))
    text = " ".join(out.split())

    assert code == 0
    assert re.search(r"B: demo, training-\S+-simulated, not as A: lr_init 0.001 \(A: 0.8\) ", text)
    assert row(out, "A")[:2] == ["A", "3"]
    assert row(out, "B")[-1] == "lower"
    assert "A small problem stood in for the network" in text
