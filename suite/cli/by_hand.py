"""`python -m suite.kernels` in the modes that measure nothing: train, evaluate and predict."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.cli import run_verb
from suite.cli.train import train
from suite.cli.training_start import matrix_of
from suite.cli.training_work import TrainingRequest, training_in
from suite.model.errors import ExitCode, InputError
from suite.model.text import bench, shown
from suite.run.flag_table import NetworkMode, TrainingMode
from suite.run.network_flags import (
    evaluation_words,
    export_words,
    network_notes,
    prediction_words,
)
from suite.run.training_flags import training_of
from suite.store.text import reachable


def by_hand(given: Mapping[str, Any], words: Sequence[str]) -> int:
    """Do what the flags of such a mode ask for; `words` are the flags as typed.

    Raises:
        SuiteError: the flags contradict each other, or as `bench.py train`, `evaluate` and the
            like.
    """
    exported = given.get("export_dir")
    if exported is not None and reachable(Path(exported).exists):
        raise InputError(f"--export_dir {exported}: is there already; give a new directory")
    if isinstance(given["mode"], TrainingMode):
        code = int(_train(given, words))
    else:
        for note in network_notes(given, os.environ):
            _say(note)
        is_prediction = given["mode"] is NetworkMode.PREDICT
        code = _run(prediction_words(given) if is_prediction else evaluation_words(given))
    return _run(export_words(given)) if exported is not None and code == ExitCode.GOOD else code


def _train(given: Mapping[str, Any], words: Sequence[str]) -> ExitCode:
    """Train, or go on, in the directory that the flags name."""
    asked = training_of(given, os.environ)
    for note in asked.notes:
        _say(note)
    request = TrainingRequest(
        chosen=asked.chosen,
        matrix=matrix_of(asked.chosen),
        options=asked.options,
        subject=f"--mode={asked.mode.value}",
        command=tuple(words),
        by_hand=True,
        waits=True,  # the published scripts have no flag for it
        eval_every=asked.chosen.training.epochs if asked.evaluates else None,
        max_seconds=asked.max_seconds,
    )
    return train(request, lambda header, _: training_in(Path(asked.directory), header))


def _run(words: Sequence[str]) -> int:
    """Run a verb, and say which, so that its own flags can be found."""
    _say(f"this is {bench(*words)}")
    return run_verb(words)


def _say(note: str) -> None:
    print(f"note: {shown(note)}", flush=True)
