"""ResNet50 v1.5 trained to an accuracy: one process, or one of several ranks."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.node_def_pb2 import NodeDef

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.evaluation import counting_step
from suite.kernels.tensorflow.executed import read_executed, record_first_run
from suite.kernels.tensorflow.kernel import (
    claim_device,
    compiles_whole,
    inference_forward,
    loss_scale_of,
    network,
    observed_facts,
    on_gpu,
    prepare,
)
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.splits import Splits, has_to_normalize, open_splits
from suite.kernels.tensorflow.steps import TrainingParts, reporting_step, training_parts
from suite.kernels.tensorflow.switches import software_facts
from suite.kernels.training_checks import check_state, checked_step
from suite.model.distributed import ONLY_RANK, Rank
from suite.model.facts import Facts
from suite.model.schedule import Schedule
from suite.model.training import Evaluation, TrainedStep, Training

# Seeds of TensorFlow are of 64 bits with a sign.
_STREAMS = 2**63


def build_trainer(training: Training, options: KernelOptions) -> "TensorFlowTrainer":
    """Build network, pipelines and steps on this process's first GPU, else on the CPU.

    Raises:
        InvalidLaunchError: the device lacks the precision.
        InputError, MissingComponentError: as `open_splits`, or what the layout needs is missing.
    """
    claim_device(ONLY_RANK, options.threads)
    return TensorFlowTrainer(training, *trained_network(training, options, ONLY_RANK))


def trained_network(
    training: Training, options: KernelOptions, rank: Rank
) -> tuple[keras.Model, TrainingParts, Splits]:
    """The network with its initial weights, the halves of its step, and what a rank reads.

    On a CPU operations become deterministic, so that equal seeds give equal bits. XLA has no
    gradient of pooling in such a mode, so that with it nothing is promised.
    """
    cell, recipe = training.cell, training.recipe
    prepare(cell, training.seed)
    if not on_gpu() and not cell.xla:
        tf.config.experimental.enable_op_determinism()
    splits = open_splits(training, options, rank)
    model = network(cell, recipe, normalize=has_to_normalize(cell))
    parts = training_parts(
        model,
        cell.global_batch_size,
        recipe,
        loss_scale_of(cell, recipe, on_gpu=on_gpu()),
        schedule=Schedule(steps_per_epoch=splits.steps_per_epoch, epochs=training.epochs),
        stream=(training.seed * rank.size + rank.index) % _STREAMS,
        both_losses=True,
    )
    return model, parts, splits


class TensorFlowTrainer:
    """A network, its optimiser and the batches of this process."""

    def __init__(
        self,
        training: Training,
        model: keras.Model,
        parts: TrainingParts,
        splits: Splits,
    ) -> None:
        cell = training.cell
        self._training = training
        self._model = model
        self._splits = splits
        self._variables = {
            **{f"network/{variable.path}": variable.value for variable in model.variables},
            **parts.variables,
        }
        size = cell.image_size
        images = tf.TensorSpec((cell.batch_size, size, size, 3), tf.float32)
        labels = tf.TensorSpec((cell.batch_size,), tf.int32)
        self._step = tf.function(
            reporting_step(parts), jit_compile=self._compiles_step, autograph=False
        ).get_concrete_function(images, labels)
        self._count = tf.function(
            counting_step(inference_forward(model)),
            jit_compile=compiles_whole(cell),
            autograph=False,
        ).get_concrete_function(images, labels, tf.TensorSpec((), tf.int32))
        self._scaled = parts.loss_scale is not None
        self._steps_done = 0
        self._batches: RecordBatches | None = None
        self._images_device = ""
        self._executed: list[NodeDef] | None = None
        self._loss = np.array(math.nan, np.float32)

    @property
    def steps_per_epoch(self) -> int:
        """Whole global batches in the training split."""
        return self._splits.steps_per_epoch

    @property
    def steps_done(self) -> int:
        """Steps so far, those before a restored state included."""
        return self._steps_done

    def step(self) -> TrainedStep:
        """Wait for the next batch and train on it; fetching the loss waits for the device."""
        began = time.perf_counter()
        if self._batches is None:
            self._batches = self._splits.batches_after(self._steps_done)
        images, labels = self._batches.next()
        self._images_device = images.backing_device
        told = self._run(images, labels)
        loss, cross_entropy, rate, scale, left_out = (float(value) for value in told)
        self._loss = told[0]
        self._steps_done += 1
        return checked_step(
            TrainedStep(
                step=self._steps_done,
                loss=loss,
                cross_entropy=cross_entropy,
                learning_rate=rate,
                seconds=time.perf_counter() - began,
                wait_seconds=self._batches.wait_seconds[-1],
                loss_scale=scale if self._scaled else None,
                is_skipped=bool(left_out),
            )
        )

    def evaluate(self) -> Evaluation:
        """Classify this rank's validation images and add up those of all ranks.

        Raises:
            InvalidLaunchError: a record cannot be used.
        """
        began = time.perf_counter()
        self._share()
        validation, batch_size = self._splits.validation, self._training.cell.batch_size
        batches = validation.batches()
        totals = np.zeros(3)
        for begin in range(0, validation.images, batch_size):
            count = min(batch_size, validation.images - begin)
            totals += self._count(*batches.next(), tf.constant(count, tf.int32)).numpy()
        images, top1, top5, cross_entropy = self._total(np.array([validation.images, *totals]))
        return Evaluation(
            images=round(images),
            top1=round(top1),
            top5=round(top5),
            cross_entropy=float(cross_entropy / images),
            seconds=time.perf_counter() - began,
        )

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The network's variables, the optimiser's, and what decides the next batch."""
        self._share()
        return {name: np.array(value) for name, value in self._own_state().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state.

        Raises:
            InvalidLaunchError: it is that of another network, recipe or seed; nothing has changed.
        """
        check_state(state, self._own_state(), fixed=("seed",))
        for name, variable in self._variables.items():
            variable.assign(state[name])
        self._steps_done = int(state["steps_done"])
        self._batches = None

    def facts(self) -> Facts:
        """What ran, read from the executed graph of the first step here and from the variables.

        Raises:
            InvalidLaunchError: no step was made here, or a switch had no effect.
        """
        if self._batches is None or self._executed is None:
            raise InvalidLaunchError("no step was made, so nothing can be said of one")
        observed = observed_facts(
            self._training.cell,
            self._training.recipe,
            self._model,
            read_executed(self._step, self._executed),
            images_device=self._images_device,
            output=self._loss,
        )
        return observed | self._batches.facts() | software_facts()

    def all_reduce_seconds(self) -> Sequence[float]:
        """None with one rank."""
        return ()

    def _run(self, images: tf.Tensor, labels: tf.Tensor) -> NDArray[np.float32]:
        """What `reporting_step` tells; the first run here is recorded."""
        told: list[NDArray[np.float32]] = []

        def run() -> None:
            told.append(self._step(images, labels).numpy())

        if self._executed is None:
            self._executed = record_first_run(run)
        else:
            run()
        return told[0]

    def _own_state(self) -> dict[str, NDArray[Any]]:
        arrays = {name: variable.numpy() for name, variable in self._variables.items()}
        return {**arrays, "seed": np.array(self._training.seed, np.int64)}

    @property
    def _compiles_step(self) -> bool:
        """Whether XLA compiles the whole training step."""
        return compiles_whole(self._training.cell)

    def _share(self) -> None:
        """Nothing to take over from other ranks."""

    def _total(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum over all ranks."""
        return values
