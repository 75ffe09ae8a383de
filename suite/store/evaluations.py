"""Evaluation directories: evaluations/<cell id>.json of each worker, and evaluation.json."""

import math
from dataclasses import asdict
from itertools import count
from pathlib import Path

from suite.model.errors import InputError
from suite.model.evaluation import EvaluationReport, EvaluationResult
from suite.store.records import SCHEMA_VERSION, read_record
from suite.store.text import json_text, make_folder, write_text

REPORT = "evaluation.json"
_FOLDER = "evaluations"


def create_evaluation(wanted: Path) -> Path:
    """Make a new directory for an evaluation; if the name is taken, a number is appended.

    Raises:
        InputError: it cannot be made.
    """
    directory = wanted
    for number in count(2):
        try:
            directory.mkdir(parents=True)
            break
        except FileExistsError:
            directory = wanted.with_name(f"{wanted.name}-{number}")
        except OSError as error:
            raise InputError(f"{directory}: cannot be made ({error.strerror})") from None
    for name in (_FOLDER, "cells"):
        make_folder(directory / name)
    return directory


def write_result(directory: Path, cell_id: str, result: EvaluationResult) -> None:
    """Write what the worker of a cell found.

    Raises:
        InputError: it cannot be written.
    """
    text = json_text({"schema_version": SCHEMA_VERSION, **asdict(result)})
    write_text(directory / _FOLDER / f"{cell_id}.json", text + "\n")


def read_result(directory: Path, cell_id: str) -> EvaluationResult | None:
    """What the worker of a cell found; None if it left nothing.

    Raises:
        InputError: the file is damaged.
    """
    path = directory / _FOLDER / f"{cell_id}.json"
    if not path.is_file():
        return None
    return read_record(EvaluationResult, path, "the result of an evaluation", "evaluate again")


def write_report(directory: Path, report: EvaluationReport) -> None:
    """Write evaluation.json; a cross entropy that is not finite is null: JSON has no word for it.

    Raises:
        InputError: it cannot be written.
    """
    fields = {"schema_version": SCHEMA_VERSION, **asdict(report)}
    accuracies = (fields["network"]["recorded"], *(v["accuracy"] for v in fields["variants"]))
    for accuracy in accuracies:
        if accuracy is not None and not math.isfinite(accuracy["cross_entropy"]):
            accuracy["cross_entropy"] = None
    write_text(directory / REPORT, json_text(fields, indent=1) + "\n")
