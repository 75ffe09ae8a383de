"""ResNet50 v1.5 on TensorFlow made executable, with proof of what ran."""

import math
import os
from collections.abc import Mapping

import keras
import tensorflow as tf

from suite.core.cell import Cell, Mode, Precision
from suite.kernels.batches import Batches, open_batches
from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.precision import apply_precision, compute_type
from suite.kernels.resnet50 import resnet50
from suite.kernels.steps import inference_step, training_step


def build_resnet50(cell: Cell, options: KernelOptions) -> "TensorFlowKernel":
    """Build the network, its step and its batch on the first visible GPU, else on the CPU.

    Raises:
        InvalidLaunchError: the precision does not exist on this device.
    """
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    apply_precision(cell.precision, on_gpu=bool(gpus))
    keras.utils.set_random_seed(options.seed)
    batches = open_batches(cell, options)
    model = resnet50(cell.image_size)
    if cell.mode is Mode.TRAINING:
        scale_loss = cell.precision is Precision.AMP and bool(gpus)
        step = training_step(model, cell.global_batch_size, scale_loss=scale_loss)
    else:
        step = inference_step(model)
    function = tf.function(step, jit_compile=cell.xla, autograph=False)
    return TensorFlowKernel(cell, model, function.get_concrete_function(*batches.next()), batches)


class TensorFlowKernel:
    """A traced step and its supply of batches; the wait for a batch is part of the step."""

    def __init__(
        self,
        cell: Cell,
        model: keras.Model,
        function: tf.types.experimental.ConcreteFunction,
        batches: Batches,
    ) -> None:
        self._cell = cell
        self._model = model
        self._function = function
        self._batches = batches
        self._loss = math.nan

    def compile(self) -> None:
        """Run the step once: graph optimisation, XLA and autotuning happen here."""
        self.step()

    def step(self) -> None:
        """Run one batch; fetching the loss waits until the device has finished the step."""
        self._loss = float(self._function(*self._batches.next()))

    def conditions(self) -> Mapping[str, object]:
        """What ran, read from the traced graph and the variables rather than from the flags.

        Raises:
            InvalidLaunchError: a switch had no effect, or the last loss is not finite.
        """
        device = tf.DeviceSpec.from_string(self._model.variables[0].value.device)
        operations = self._function.graph.get_operations()
        convolutions = [op for op in operations if op.type.startswith("Conv2D")]
        types = sorted({op.outputs[0].dtype.name for op in convolutions})
        compiled = bool(self._function.function_def.attr["_XlaMustCompile"].b)
        auto_clustering = "auto_jit" in os.environ.get("TF_XLA_FLAGS", "")
        self._check(types, device.device_type, compiled=compiled, auto_clustering=auto_clustering)
        return {
            "device_type": device.device_type,
            "compute_type": types[0],
            "convolutions": len(convolutions),
            "casts": sum(op.type == "Cast" for op in operations),
            "xla": "jit_compile" if compiled else "off",
            "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
            "layout": keras.config.image_data_format(),
            "parameters": self._model.count_params(),
            "loss": self._loss,
            "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
            "inter_op_threads": tf.config.threading.get_inter_op_parallelism_threads(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            **{
                f"build_{key}": tf.sysconfig.get_build_info().get(f"{key}_version")
                for key in ("cuda", "cudnn")
            },
        }

    def _check(
        self, types: list[str], device_type: str, *, compiled: bool, auto_clustering: bool
    ) -> None:
        wanted = compute_type(self._cell.precision, on_gpu=device_type == "GPU")
        if types != [wanted]:
            raise InvalidLaunchError(
                f"{self._cell.precision.value} means {wanted} here, but convolutions ran in"
                f" {' and '.join(types)}"
            )
        if compiled != self._cell.xla or (auto_clustering and not self._cell.xla):
            raise InvalidLaunchError(
                f"XLA is declared {'on' if self._cell.xla else 'off'}, but it was not so"
            )
        if not math.isfinite(self._loss):
            raise InvalidLaunchError(f"the loss is {self._loss}; the network did not compute")
