"""A small training that is real: softmax regression of points in a plane, to try the whole path.

Its accuracy means nothing for a network, and every record says so.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.analysis.learning_rate import learning_rate
from suite.kernels.interface import KernelOptions
from suite.kernels.training_checks import check_state, checked_step
from suite.model.cell import Cell
from suite.model.errors import InputError
from suite.model.evaluation import JudgedBatch
from suite.model.facts import Facts
from suite.model.schedule import Schedule
from suite.model.training import Evaluation, TrainedStep, Training
from suite.store.checkpoints import read_state

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

# Points around as many centres, which lie on a circle and have a class each. They are the same in
# every training.
_CLASSES = 10
_RADIUS = 3.0
_DEVIATION = 0.35
_RECORDS_SEED = 1
# Neither is a multiple of a usual batch, so that some points are left out of an epoch.
_BATCHES_PER_EPOCH = 10
_LEFT_OVER = 3
_VALIDATION = 203


class SimulatedTrainer:
    """Momentum, decay and smoothing of the recipe on all of the global batch, whatever the rank.

    Ranks of it compute the same and exchange nothing. A training split holds ten batches and a few
    points more.
    """

    def __init__(self, training: Training) -> None:
        self._recipe = training.recipe
        self._seed = training.seed
        self._batch = training.cell.global_batch_size
        self._schedule = Schedule(steps_per_epoch=_BATCHES_PER_EPOCH, epochs=training.epochs)
        size = _BATCHES_PER_EPOCH * self._batch + min(_LEFT_OVER, self._batch - 1)
        self._points, self._labels = _records(size, split=0)
        self._held_out = _records(_VALIDATION, split=1)
        # The last row is the bias of each class.
        self._weights: Floats = np.random.default_rng(training.seed).normal(0, 0.1, (3, _CLASSES))
        self._momentum: Floats = np.zeros_like(self._weights)
        self._steps_done = 0

    @property
    def steps_per_epoch(self) -> int:
        """Ten, whatever the batch."""
        return self._schedule.steps_per_epoch

    @property
    def steps_done(self) -> int:
        """Steps so far."""
        return self._steps_done

    def step(self) -> TrainedStep:
        """Train on the next batch."""
        began = time.perf_counter()
        points, labels = self._next_batch()
        recipe = self._recipe
        logits = points @ self._weights
        spread = recipe.label_smoothing / _CLASSES
        targets = np.eye(_CLASSES)[labels] * (1 - recipe.label_smoothing) + spread
        log_shares = _log_shares(logits)
        cross_entropy = float(-(targets * log_shares).sum(axis=1).mean())
        decay = float(recipe.weight_decay * (self._weights**2).sum() / 2)
        rate = learning_rate(recipe, self._schedule, self._steps_done, self._batch)
        gradient = points.T @ (np.exp(log_shares) - targets) / self._batch
        gradient += recipe.weight_decay * self._weights
        self._momentum = recipe.momentum * self._momentum + gradient
        self._weights = self._weights - rate * self._momentum
        self._steps_done += 1
        return checked_step(
            TrainedStep(
                step=self._steps_done,
                loss=cross_entropy + decay,
                cross_entropy=cross_entropy,
                learning_rate=rate,
                seconds=time.perf_counter() - began,
                wait_seconds=0.0,
            )
        )

    def evaluate(self) -> Evaluation:
        """Classify every held-out point once."""
        began = time.perf_counter()
        judged = _judged(self._weights, *self._held_out)
        return Evaluation(
            images=_VALIDATION,
            top1=judged.top1,
            top5=judged.top5,
            cross_entropy=judged.cross_entropy / _VALIDATION,
            seconds=time.perf_counter() - began,
        )

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Weights, momentum, and what decides the next batch."""
        return {
            "weights": self._weights.copy(),
            "momentum": self._momentum.copy(),
            "steps_done": np.array(self._steps_done, np.int64),
            "seed": np.array(self._seed, np.int64),
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state."""
        check_state(state, self.state(), fixed=("seed",))
        self._weights = np.array(state["weights"])
        self._momentum = np.array(state["momentum"])
        self._steps_done = int(state["steps_done"])

    def facts(self) -> Facts:
        """Marks the record as simulated."""
        return Facts(simulated=True, recipe=self._recipe)

    def all_reduce_seconds(self) -> Sequence[float]:
        """None: nothing is exchanged."""
        return ()

    def _next_batch(self) -> tuple[Floats, Labels]:
        """A part of this epoch's order, which only the seed and the epoch decide."""
        epoch, number = divmod(self._steps_done, self._schedule.steps_per_epoch)
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._labels))
        chosen = order[number * self._batch : (number + 1) * self._batch]
        return self._points[chosen], self._labels[chosen]


class SimulatedEvaluator:
    """The classifier of a checkpoint on the held-out points, in batches of the cell's size."""

    def __init__(self, cell: Cell, options: KernelOptions) -> None:
        path = Path(options.weights or "")
        weights = read_state(path).arrays.get("weights")
        if weights is None or weights.shape != (3, _CLASSES):
            raise InputError(f"{path}: is not a checkpoint of the small problem of `demo`")
        self._weights = weights
        self._batch = cell.batch_size

    @property
    def batches(self) -> int:
        """Batches of the held-out points."""
        return -(-_VALIDATION // self._batch)

    def judged(self) -> Iterator[JudgedBatch]:
        """Every held-out point once."""
        points, labels = _records(_VALIDATION, split=1)
        for begin in range(0, _VALIDATION, self._batch):
            part = slice(begin, begin + self._batch)
            yield _judged(self._weights, points[part], labels[part])

    def facts(self) -> Facts:
        """Marks the record as simulated."""
        return Facts(simulated=True)


def _judged(weights: Floats, points: Floats, labels: Labels) -> JudgedBatch:
    log_shares = _log_shares(points @ weights)
    own = log_shares[np.arange(len(labels)), labels]
    above = (log_shares > own[:, np.newaxis]).sum(axis=1)
    return JudgedBatch(
        predicted=tuple(log_shares.argmax(axis=1).tolist()),
        top1=int((above < 1).sum()),
        top5=int((above < 5).sum()),
        cross_entropy=float(-own.sum()),
    )


def _records(size: int, *, split: int) -> tuple[Floats, Labels]:
    """Points [size, 3], whose last coordinate is 1, and their classes [size]."""
    generator = np.random.default_rng([_RECORDS_SEED, split])
    labels = generator.integers(0, _CLASSES, size)
    angles = 2 * np.pi * labels / _CLASSES
    centres = _RADIUS * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = centres + generator.normal(0, _DEVIATION, (size, 2))
    return np.concatenate([points, np.ones((size, 1))], axis=1), labels


def _log_shares(logits: Floats) -> Floats:
    """Logarithms of the softmax of each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_shares: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return log_shares
