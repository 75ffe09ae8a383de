"""ResNet50 v1.5 on TensorFlow made executable, with proof of what ran."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.framework.node_def_pb2 import NodeDef

from suite.core.cell import Cell, Graph, Layout, Mode, Precision, XlaMode
from suite.kernels.arithmetic import FLOAT32_BITS, float32_bits, xla_compute_type
from suite.kernels.batch_normalization import (
    FoldableBatchNormalization,
    FusedBatchNormalization,
)
from suite.kernels.batches import Batch, Batches, open_batches
from suite.kernels.executed import read_executed, record_first_run
from suite.kernels.frozen import frozen
from suite.kernels.interface import KernelOptions
from suite.kernels.layout import apply_layout
from suite.kernels.loss_scale import DynamicScale, LossScale, StaticScale
from suite.kernels.max_pooling import MaxPooling
from suite.kernels.precision import apply_precision
from suite.kernels.proof import check_launch
from suite.kernels.recipe import Recipe
from suite.kernels.resnet50 import resnet50
from suite.kernels.steps import Step, evaluation_step, forward_step, training_step


def build_resnet50(cell: Cell, options: KernelOptions) -> "TensorFlowKernel":
    """Build the network, its step and its batch on the first visible GPU, else on the CPU.

    Raises:
        InvalidLaunchError: the precision, or the place of the batch, does not exist here.
        InputError: the records it reads are missing, damaged or too few.
        MissingComponentError: DALI, or what the layout needs, is not there.
    """
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    apply_precision(cell.precision, on_gpu=bool(gpus))
    apply_layout(cell, on_gpu=bool(gpus))
    keras.utils.set_random_seed(options.seed)
    batches = open_batches(cell, options)
    model = resnet50(
        cell.image_size,
        options.recipe.weight_init,
        normalization=_normalization(cell.graph),
        pooling=MaxPooling,
        normalize=not batches.normalized,
        channels_first=cell.layout is Layout.NCHW,
    )
    batch = batches.next()
    if cell.mode is Mode.TRAINING:
        loss_scale = _loss_scale(cell, options.recipe, on_gpu=bool(gpus))
        step = training_step(model, cell.global_batch_size, options.recipe, loss_scale)
    else:
        step = _inference_step(cell.graph, model, batch[0])
    jit_compile = cell.xla and cell.xla_mode is XlaMode.JIT_COMPILE
    function = tf.function(step, jit_compile=jit_compile, autograph=False)
    return TensorFlowKernel(
        cell, options.recipe, model, function.get_concrete_function(*batch), batches
    )


def _normalization(graph: Graph) -> type[keras.layers.BatchNormalization]:
    return FoldableBatchNormalization if graph is Graph.FROZEN else FusedBatchNormalization


def _inference_step(graph: Graph, model: keras.Model, images: tf.Tensor) -> Step:
    def forward(images: tf.Tensor) -> tf.Tensor:
        return model(images, training=False)

    if graph is Graph.FORWARD:
        return forward_step(forward)
    if graph is Graph.FROZEN:
        return evaluation_step(frozen(model, tf.TensorSpec.from_tensor(images)))
    return evaluation_step(forward)


def _loss_scale(cell: Cell, recipe: Recipe, *, on_gpu: bool) -> LossScale | None:
    """What keeps gradients in range: float16 needs it, bfloat16 has the range of float32."""
    if cell.precision is not Precision.AMP or not on_gpu:
        return None
    if recipe.static_loss_scale is None:
        return DynamicScale()
    return StaticScale(recipe.static_loss_scale)


class TensorFlowKernel:
    """A traced step and its supply of batches; the wait for a batch is part of the step."""

    def __init__(
        self,
        cell: Cell,
        recipe: Recipe,
        model: keras.Model,
        function: tf.types.experimental.ConcreteFunction,
        batches: Batches,
    ) -> None:
        self._cell = cell
        self._recipe = recipe
        self._model = model
        self._function = function
        self._batches = batches
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
        self._output = self._function(*batch).numpy()

    def conditions(self) -> Mapping[str, object]:
        """What ran, read from the executed graph and the variables rather than from the flags.

        `compute_type` is that of the convolutions, and `xla_compute_type` what XLA makes of it on
        a CPU. `float32_bits` are the mantissa bits a float32 convolution keeps here, 16 for all.

        Raises:
            InvalidLaunchError: a switch had no effect, or the last loss is not finite.
        """
        executed = read_executed(self._function, self._executed)
        device = tf.DeviceSpec.from_string(self._model.variables[0].value.device)
        bits = float32_bits(xla=self._cell.xla)
        check_launch(
            self._cell,
            executed,
            device_type=device.device_type,
            float32_bits=bits,
            output=self._output,
        )
        (compute_type,) = executed.compute_types
        widened = executed.xla != "off" and device.device_type == "CPU"
        return {
            "device_type": device.device_type,
            "compute_type": compute_type,
            "xla_compute_type": xla_compute_type(compute_type) if widened else None,
            "float32_bits": bits,
            "tf32": bits < FLOAT32_BITS,
            "xla": executed.xla,
            "xla_clusters": executed.xla_clusters,
            "layouts": list(executed.layouts),
            "transposes": executed.transposes,
            "convolutions": executed.convolutions,
            "fused_batch_normalizations": executed.fused_batch_normalizations,
            "casts": executed.casts,
            "onednn_operations": executed.onednn_operations,
            "parameters": sum(math.prod(v.shape) for v in self._model.trainable_variables),
            "loss": float(self._output) if self._output.ndim == 0 else None,
            "loss_scaled": self._cell.mode is Mode.TRAINING and compute_type == "float16",
            "recipe": asdict(self._recipe) if self._cell.mode is Mode.TRAINING else None,
            **self._batches.conditions(),
            **_software(),
        }


def _software() -> dict[str, object]:
    """Threads that TensorFlow may use (0: as many as it sees cores) and what it was built with."""
    build = tf.sysconfig.get_build_info()
    return {
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "build_cuda": build.get("cuda_version"),
        "build_cudnn": build.get("cudnn_version"),
    }
