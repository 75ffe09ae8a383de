"""`python -m suite.kernels --mode=train`: train as `bench.py train`, by the published flags."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from suite.cli.train import train
from suite.cli.training_work import TrainingRequest, training_in
from suite.model.errors import ExitCode
from suite.run.training_flags import training_of


def train_by_hand(given: Mapping[str, Any], words: Sequence[str]) -> ExitCode:
    """Train, or go on, in the directory that the flags name; `words` are the flags as typed.

    Raises:
        SuiteError: flags that make no training, or as `train`.
    """
    asked = training_of(given, os.environ)
    for note in asked.notes:
        print(f"note: {note}", flush=True)
    request = TrainingRequest(
        chosen=asked.chosen,
        options=asked.options,
        subject=f"--mode={asked.mode.value}",
        command=tuple(words),
        by_hand=True,
        eval_every=asked.chosen.training.epochs if asked.evaluates else None,
        max_seconds=asked.max_seconds,
    )
    return train(request, lambda header, _: training_in(Path(asked.directory), header))
