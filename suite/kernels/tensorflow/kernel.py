"""ResNet50 v1.5 on TensorFlow made executable, with proof of what ran."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.node_def_pb2 import NodeDef

from suite.kernels.interface import Consensus, InvalidLaunchError, Kernel, KernelOptions
from suite.kernels.tensorflow.arithmetic import FLOAT32_BITS, float32_bits, xla_compute_type
from suite.kernels.tensorflow.batches import Batch, Batches, open_batches
from suite.kernels.tensorflow.executed import check_launch, read_executed, record_first_run
from suite.kernels.tensorflow.layers import (
    FoldableBatchNormalization,
    FusedBatchNormalization,
    MaxPooling,
)
from suite.kernels.tensorflow.resnet50 import resnet50
from suite.kernels.tensorflow.staging import observed_staging
from suite.kernels.tensorflow.steps import (
    Forward,
    Step,
    TrainingParts,
    evaluation_step,
    forward_step,
    frozen,
    single_step,
    training_parts,
)
from suite.kernels.tensorflow.switches import (
    apply_layout,
    apply_precision,
    check_tf32_switch,
    software_facts,
)
from suite.kernels.tensorflow.trained import put_weights, read_weights
from suite.kernels.tensorflow.training_recipe import DynamicScale, LossScale, StaticScale
from suite.model.cell import Cell, Graph, Layout, Mode, Precision, XlaMode
from suite.model.distributed import ONLY_RANK, Rank
from suite.model.facts import Facts
from suite.model.recipe import Recipe


def build_resnet50(cell: Cell, options: KernelOptions) -> Kernel:
    """Build the network, its step and its batch on this process's first GPU, else on the CPU.

    Raises:
        InvalidLaunchError: the device lacks the precision, or a GPU for the batch.
        InputError: the records it reads are missing, damaged or too few.
        MissingComponentError: DALI, or what the layout needs, is missing.
    """
    claim_device(ONLY_RANK, options.threads)
    opened = open_network(cell, options, ONLY_RANK)
    batch = opened.batches.next()
    if cell.mode is Mode.TRAINING:
        parts = model_parts(cell, options.recipe, opened.model)
        step = single_step(parts)
    else:
        step = _inference_step(cell.graph, opened.model, batch[0])
    function = tf.function(step, jit_compile=compiles_whole(cell), autograph=False)
    return TensorFlowKernel(cell, options.recipe, opened, function.get_concrete_function(*batch))


def claim_device(rank: Rank, threads: int | None) -> None:
    """Make only the rank's own GPU visible, if there are GPUs, and cap TensorFlow's threads.

    Raises:
        InvalidLaunchError: the host has fewer GPUs than ranks.
    """
    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return
    if rank.local_index >= len(gpus):
        raise InvalidLaunchError(
            f"{rank.local_size} ranks were started on a host with {len(gpus)} GPUs; give each host"
            " as many slots as it has GPUs"
        )
    tf.config.set_visible_devices(gpus[rank.local_index], "GPU")
    tf.config.experimental.set_memory_growth(gpus[rank.local_index], True)


@dataclass(frozen=True, slots=True)
class OpenedNetwork:
    """A network and its batches; `weights_sha256` is that of the file of its weights, if any."""

    model: keras.Model
    batches: Batches
    weights_sha256: str | None = None


def open_network(cell: Cell, options: KernelOptions, rank: Rank) -> OpenedNetwork:
    """The network with its initial weights, or with those of a file, and this rank's batches.

    Raises:
        InputError: the file is missing, damaged or of another network; or as `open_batches`.
    """
    weights = read_weights(Path(options.weights)) if options.weights else None
    prepare(cell, options.seed)
    batches = open_batches(cell, options, rank)
    model = network(cell, options.recipe, normalize=not batches.normalized)
    if weights is None:
        return OpenedNetwork(model, batches)
    put_weights(model, weights)
    return OpenedNetwork(model, batches, weights.sha256)


def prepare(cell: Cell, seed: int) -> None:
    """Set the switches of the cell and the seed of its weights, for the whole process.

    Raises:
        InvalidLaunchError: the device lacks the precision.
        MissingComponentError: what the layout needs is missing.
    """
    apply_precision(cell.precision, on_gpu=on_gpu())
    apply_layout(cell, on_gpu=on_gpu())
    keras.utils.set_random_seed(seed)


def network(cell: Cell, recipe: Recipe, *, normalize: bool) -> keras.Model:
    """The cell's network with its initial weights; `normalize` as for `resnet50`."""
    return resnet50(
        cell.image_size,
        recipe.weight_init,
        normalization=_normalization(cell.graph),
        pooling=MaxPooling,
        normalize=normalize,
        channels_first=cell.layout is Layout.NCHW,
    )


def model_parts(cell: Cell, recipe: Recipe, model: keras.Model) -> TrainingParts:
    """The two halves of a cell's training step."""
    loss_scale = loss_scale_of(cell, recipe, on_gpu=on_gpu())
    return training_parts(model, cell.global_batch_size, recipe, loss_scale)


def compiles_whole(cell: Cell) -> bool:
    """Whether XLA compiles the whole step, or all of it that it can, rather than clusters."""
    return cell.xla and cell.xla_mode is XlaMode.JIT_COMPILE


def on_gpu() -> bool:
    """Whether the steps of this process run on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def _peak_bytes(device_type: str | None) -> int | None:
    """The most that TensorFlow's allocator gave out at once on this process's GPU, if it tells."""
    if device_type != "GPU":
        return None
    try:
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])
    except (ValueError, tf.errors.OpError):
        return None


def _normalization(graph: Graph) -> type[keras.layers.BatchNormalization]:
    return FoldableBatchNormalization if graph is Graph.FROZEN else FusedBatchNormalization


def _inference_step(graph: Graph, model: keras.Model, images: tf.Tensor) -> Step:
    forward = graph_forward(graph, model, tf.TensorSpec.from_tensor(images))
    return (forward_step if graph is Graph.FORWARD else evaluation_step)(forward)


def graph_forward(graph: Graph, model: keras.Model, images: tf.TensorSpec) -> Forward:
    """The network's inference as a graph has it, on images of one shape.

    A frozen one has the values that the variables have now.
    """
    return frozen(model, images) if graph is Graph.FROZEN else inference_forward(model)


def inference_forward(model: keras.Model) -> Forward:
    """The network's inference with its variables."""
    return lambda images: model(images, training=False)


def loss_scale_of(cell: Cell, recipe: Recipe, *, on_gpu: bool) -> LossScale | None:
    """The loss scale that float16 needs; bfloat16 has the range of float32."""
    if cell.precision is not Precision.AMP or not on_gpu:
        return None
    if recipe.static_loss_scale is None:
        return DynamicScale()
    return StaticScale(recipe.static_loss_scale)


class TensorFlowKernel:
    """A traced step and its supply of batches; the wait for a batch is part of the step."""

    consensus: Consensus | None = None

    def __init__(
        self,
        cell: Cell,
        recipe: Recipe,
        opened: OpenedNetwork,
        function: tf.types.experimental.ConcreteFunction,
    ) -> None:
        self._cell = cell
        self._recipe = recipe
        self._model = opened.model
        self._weights_sha256 = opened.weights_sha256
        self._function = function
        self._batches = opened.batches
        self._images_device = ""
        self._executed: list[NodeDef] = []
        self._output = np.array(math.nan)

    def compile(self) -> None:
        """Run the step once: graph optimisation, XLA and autotuning happen here."""
        batch = self._batches.next()
        self._executed = record_first_run(lambda: self._run(batch))

    def step(self) -> None:
        """Wait for a batch and run it; returns when the device has finished."""
        self._run(self._batches.next())

    def input_wait_seconds(self) -> Sequence[float]:
        """How long each batch so far was waited for."""
        return self._batches.wait_seconds

    def _run(self, batch: Batch) -> None:
        """Fetching the loss or the logits waits until the device has finished the step."""
        self._images_device = batch[0].backing_device
        self._output = self._function(*batch).numpy()

    def all_reduce_seconds(self) -> Sequence[float]:
        """Nothing to reduce with one rank."""
        return ()

    def facts(self) -> Facts:
        """What ran, read from the executed graph and the variables rather than from the flags.

        Raises:
            InvalidLaunchError: a switch had no effect, or the last loss is not finite.
        """
        observed = observed_facts(
            self._cell,
            self._recipe,
            self._model,
            read_executed(self._function, self._executed),
            images_device=self._images_device,
            output=self._output,
        )
        source = Facts(weights_sha256=self._weights_sha256)
        return observed | source | self._batches.facts() | software_facts()


def observed_facts(
    cell: Cell,
    recipe: Recipe,
    model: keras.Model,
    graph: Facts,
    *,
    images_device: str,
    output: NDArray[np.float32],
) -> Facts:
    """What ran, given the facts of its graph, where the images were, and the step's output.

    Raises:
        InvalidLaunchError: a switch had no effect, or the output is not finite.
    """
    computing_device = model.variables[0].value.device
    device_type = tf.DeviceSpec.from_string(computing_device).device_type
    compute_type = graph.compute_type or ""
    bits = float32_bits(xla=cell.xla)
    facts = graph | Facts(
        device_type=device_type,
        float32_bits=bits,
        tf32=bits < FLOAT32_BITS,
        parameters=sum(math.prod(v.shape) for v in model.trainable_variables),
        loss=float(output) if output.ndim == 0 else None,
        peak_bytes=_peak_bytes(device_type),
        loss_scaled=cell.mode is Mode.TRAINING and compute_type == "float16",
        recipe=recipe if cell.mode is Mode.TRAINING else None,
        input_staging=observed_staging(cell, images_device, computing_device),
    )
    check_launch(cell, facts, output)
    check_tf32_switch(cell.precision)
    if graph.xla != "off" and device_type == "CPU":
        facts |= Facts(xla_compute_type=xla_compute_type(compute_type))
    return facts
