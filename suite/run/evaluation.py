"""Evaluating a trained network in a launched process: every validation image once."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from suite.kernels.interface import Evaluator, Framework
from suite.model.errors import InputError
from suite.model.evaluation import Classified, EvaluationResult, JudgedBatch
from suite.model.launch import Launch, Status
from suite.run.channel import Progress
from suite.run.order import LaunchOrder
from suite.run.phases import phase
from suite.run.requests import stop_on_request
from suite.store.evaluations import write_result

EVALUATING = "evaluating"

Notify = Callable[[Progress], None]


def evaluate(
    order: LaunchOrder,
    framework: Framework,
    launch: Launch,
    notify: Notify,
    stop_requested: Callable[[], bool] | None = None,
) -> Launch:
    """Classify the split, and write what came of it into the directory of the evaluation.

    `launch` is the record so far. The one returned has the seconds of each batch.

    Raises:
        InputError: the records or the network do not allow it.
        InvalidLaunchError: it cannot run as declared, or a record cannot be used.
    """
    if order.evaluation is None:
        raise ValueError("an order without an evaluation")
    directory, startup = Path(order.evaluation.directory), dict[str, float]()
    try:
        with phase("import", startup, notify):
            framework.import_for(order.cell)
        with phase("build", startup, notify):
            evaluator = framework.evaluate(order.cell, order.options)
    except InputError as error:
        write_result(directory, order.cell.id, EvaluationResult(refused=str(error)))
        raise
    stop_requested = stop_requested or stop_on_request(order)
    judged: list[JudgedBatch] = []
    seconds: list[float] = []
    for batch, took in _timed(evaluator, notify):
        judged.append(batch)
        seconds.append(took)
        if stop_requested() and len(judged) < evaluator.batches:
            reason = f"after {len(judged)} of {evaluator.batches} batches"
            return replace(launch, status=Status.INTERRUPTED, reason=reason)
    launch = replace(
        launch,
        startup_seconds=startup,
        step_seconds=tuple(seconds),
        conditions=evaluator.facts(),
    )
    found = EvaluationResult(classified=_total(judged, sum(seconds)))
    write_result(directory, order.cell.id, found)
    return launch


def _timed(evaluator: Evaluator, notify: Notify) -> Iterator[tuple[JudgedBatch, float]]:
    """What is said of each batch, with the seconds it took."""
    notify(Progress(EVALUATING, 0, evaluator.batches))
    began = time.perf_counter()
    for number, batch in enumerate(evaluator.judged(), 1):
        ended = time.perf_counter()
        notify(Progress(EVALUATING, number, evaluator.batches))
        yield batch, ended - began
        began = time.perf_counter()


def _total(judged: Sequence[JudgedBatch], seconds: float) -> Classified:
    predicted = tuple(label for batch in judged for label in batch.predicted)
    cross_entropy = sum(batch.cross_entropy for batch in judged) / len(predicted)
    return Classified(
        predicted=predicted,
        top1=sum(batch.top1 for batch in judged),
        top5=sum(batch.top5 for batch in judged),
        cross_entropy=cross_entropy if math.isfinite(cross_entropy) else None,
        seconds=seconds,
    )
