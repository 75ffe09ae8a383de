"""What an evaluation leaves is read again, and is JSON that any reader reads."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from trained import evaluated_with

from suite.model.errors import InputError
from suite.model.evaluation import Classified, EvaluationResult
from suite.store.evaluations import create_evaluation, read_result, write_report, write_result

FOUND = Classified(predicted=(3, -1), top1=1, top5=1, cross_entropy=None, seconds=0.5)


@pytest.mark.parametrize(
    "result", [EvaluationResult(classified=FOUND), EvaluationResult(refused="a.ckpt: is damaged")]
)
def test_a_result_comes_back_as_it_was(tmp_path: Path, result: EvaluationResult) -> None:
    """Also of a network without classes, and of one that was refused."""
    directory = create_evaluation(tmp_path / "a")
    write_result(directory, "cell", result)

    assert read_result(directory, "cell") == result
    assert read_result(directory, "other") is None


@pytest.mark.parametrize(
    "result",
    [
        EvaluationResult(),
        EvaluationResult(classified=FOUND, refused="a"),
        EvaluationResult(classified=replace(FOUND, top1=2)),
        EvaluationResult(classified=replace(FOUND, predicted=())),
    ],
)
def test_a_result_that_cannot_be_true_is_refused(tmp_path: Path, result: EvaluationResult) -> None:
    """One line with the file."""
    directory = create_evaluation(tmp_path / "a")
    write_result(directory, "cell", result)

    with pytest.raises(InputError, match=r"cell\.json: classified"):
        read_result(directory, "cell")


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    """Two evaluations of one second do not share a directory."""
    create_evaluation(tmp_path / "a")

    assert create_evaluation(tmp_path / "a").name == "a-2"


def test_a_report_is_json_for_any_reader(tmp_path: Path) -> None:
    """An infinite cross entropy is null."""
    report = evaluated_with("mine")
    first = report.variants[0]
    assert first.accuracy is not None
    broken = replace(first, accuracy=replace(first.accuracy, cross_entropy=float("inf")))
    write_report(tmp_path, replace(report, variants=(broken,)))
    text = (tmp_path / "evaluation.json").read_text()

    assert "Infinity" not in text
    assert json.loads(text)["variants"][0]["accuracy"]["cross_entropy"] is None
