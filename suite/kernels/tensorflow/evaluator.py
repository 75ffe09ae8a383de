"""A trained network that classifies the validation split by the step that a cell measures."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from suite.kernels.interface import Evaluator, InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.evaluation import classifying_step
from suite.kernels.tensorflow.executed import read_executed, record_first_run
from suite.kernels.tensorflow.kernel import (
    claim_device,
    compiles_whole,
    graph_forward,
    network,
    observed_facts,
    prepare,
)
from suite.kernels.tensorflow.record_batches import RecordBatches
from suite.kernels.tensorflow.splits import Validation, has_to_normalize, open_validation
from suite.kernels.tensorflow.switches import software_facts
from suite.kernels.tensorflow.trained import put_weights, read_weights
from suite.model.cell import Cell
from suite.model.distributed import ONLY_RANK
from suite.model.evaluation import JudgedBatch
from suite.model.facts import Facts


def build_evaluator(cell: Cell, options: KernelOptions) -> Evaluator:
    """Build the network of `options.weights` and open the split, on the first GPU, else the CPU.

    Raises:
        InvalidLaunchError: the device lacks the precision.
        InputError, MissingComponentError: as `open_validation` and `read_weights`, or what the
            layout needs is missing.
    """
    claim_device(ONLY_RANK, options.threads)
    weights = read_weights(Path(options.weights or ""))
    prepare(cell, options.seed)
    validation = open_validation(cell, options.reading, options, ONLY_RANK)
    model = network(cell, options.recipe, normalize=has_to_normalize(cell))
    put_weights(model, weights)
    return _TensorFlowEvaluator(cell, options, model, weights.sha256, validation)


class _TensorFlowEvaluator:
    """A traced step and the split it classifies."""

    def __init__(
        self,
        cell: Cell,
        options: KernelOptions,
        model: keras.Model,
        sha256: str,
        validation: Validation,
    ) -> None:
        self._cell = cell
        self._options = options
        self._model = model
        self._sha256 = sha256
        self._validation = validation
        images = tf.TensorSpec((cell.batch_size, cell.image_size, cell.image_size, 3), tf.float32)
        self._classify = tf.function(
            classifying_step(graph_forward(cell.graph, model, images)),
            jit_compile=compiles_whole(cell),
            autograph=False,
        ).get_concrete_function(images, tf.TensorSpec((cell.batch_size,), tf.int32))
        self._batches: RecordBatches | None = None
        self._images_device = ""
        self._executed: list[NodeDef] | None = None

    @property
    def batches(self) -> int:
        """Batches that the images of the split are, the last perhaps not full."""
        return -(-self._validation.images // self._cell.batch_size)

    def judged(self) -> Iterator[JudgedBatch]:
        """Every image once; what fills the last batch up is left out."""
        size, images = self._cell.batch_size, self._validation.images
        self._batches = self._validation.batches()
        for begin in range(0, images, size):
            yield self._judge(self._batches, min(size, images - begin))

    def _judge(self, batches: RecordBatches, count: int) -> JudgedBatch:
        """A batch, of which the first `count` images count; the first run here is recorded."""
        images, labels = batches.next()
        self._images_device = images.backing_device
        outputs: list[tf.Tensor] = []

        def run() -> None:
            outputs.extend(output.numpy() for output in self._classify(images, labels))

        if self._executed is None:
            self._executed = record_first_run(run)
        else:
            run()
        said, losses = (output[:count] for output in outputs)
        predicted, in_top5 = said.T
        return JudgedBatch(
            predicted=tuple(predicted.tolist()),
            top1=int((predicted == labels.numpy()[:count]).sum()),
            top5=int(in_top5.sum()),
            cross_entropy=float(losses.astype(np.float64).sum()),
        )

    def facts(self) -> Facts:
        """What ran, read from the executed graph of the first batch and from the variables.

        Raises:
            InvalidLaunchError: no batch was classified, or a switch had no effect.
        """
        if self._batches is None or self._executed is None:
            raise InvalidLaunchError("no batch was classified, so nothing can be said of one")
        observed = observed_facts(
            self._cell,
            self._options.recipe,
            self._model,
            read_executed(self._classify, self._executed),
            images_device=self._images_device,
            # Logits that are not finite are told by the evaluation itself.
            output=np.zeros(0, np.float32),
        )
        source = Facts(weights_sha256=self._sha256)
        return observed | source | self._batches.facts() | software_facts()
