"""Checks that what ran is what the cell declares; a switch without effect is invalid."""

import os

import numpy as np
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError
from suite.kernels.tensorflow.arithmetic import FLOAT32_BITS
from suite.kernels.tensorflow.executed import Executed
from suite.kernels.tensorflow.precision import compute_type
from suite.kernels.tensorflow.staging import NO_COPY, declared_staging
from suite.model.cell import Cell, Graph, Layout, Mode, Precision

# 53 forward in the network; a training step has their gradients besides.
_CONVOLUTIONS = 53


def check_launch(
    cell: Cell,
    executed: Executed,
    *,
    device_type: str,
    staging: str,
    float32_bits: int,
    output: NDArray[np.float32],
) -> None:
    """Compare the executed graph, the device's arithmetic and the result with the cell.

    `staging` is how the last step's batch reached the device, `output` the step's output: its loss,
    or its logits.

    Raises:
        InvalidLaunchError: something is not as declared; the message has the first difference.
    """
    wanted = compute_type(cell.precision, on_gpu=device_type == "GPU")
    if executed.compute_types != (wanted,):
        found = " and ".join(executed.compute_types) or "no type at all"
        raise InvalidLaunchError(
            f"{cell.precision.value} means {wanted} here, but what ran is in {found}"
        )
    if executed.convolutions < _CONVOLUTIONS:
        raise InvalidLaunchError(
            f"{executed.convolutions} convolutions ran; the network has {_CONVOLUTIONS}"
        )
    # NHWC is only recorded: TensorFlow may turn it into NCHW on a GPU. NCHW is enforced, with that
    # switched off. XLA chooses its own layouts: for XLA this checks the graph that it was given.
    if cell.layout is Layout.NCHW and executed.layouts != (Layout.NCHW.name,):
        found = " and ".join(executed.layouts)
        raise InvalidLaunchError(f"NCHW is declared, but convolutions ran in {found}")
    declared = cell.xla_mode.value if cell.xla else "off"
    if executed.xla != declared:
        raise InvalidLaunchError(f"XLA is declared {declared}, but {executed.xla} is what ran")
    if cell.mode is Mode.INFERENCE:
        _check_graph(cell.graph, executed)
    if staging not in {NO_COPY, declared_staging(cell)}:
        raise InvalidLaunchError(
            f"a batch must reach the device {declared_staging(cell)}, but reached it {staging}"
        )
    if cell.precision is Precision.FP32 and float32_bits < FLOAT32_BITS:
        raise InvalidLaunchError(
            f"fp32 is declared, but float32 convolutions keep only {float32_bits} mantissa bits"
        )
    if cell.precision is Precision.TF32 and os.environ.get("NVIDIA_TF32_OVERRIDE") == "0":
        raise InvalidLaunchError("tf32 is declared, but NVIDIA_TF32_OVERRIDE=0 switches it off")
    if not np.isfinite(output).all():
        what = "some logits are not finite" if output.ndim else f"the loss is {output}"
        raise InvalidLaunchError(f"{what}; the network did not compute")


def _check_graph(graph: Graph, executed: Executed) -> None:
    """Check that an inference step computed what its graph declares, with its kind of weights."""
    if graph is Graph.FORWARD and executed.losses:
        raise InvalidLaunchError("graph forward is declared, but the step computed a loss")
    if graph is not Graph.FORWARD and not executed.losses:
        raise InvalidLaunchError(f"graph {graph.value} is declared, but the step computed no loss")
    if graph is Graph.FROZEN and executed.variable_reads:
        raise InvalidLaunchError(
            f"graph frozen is declared, but the step read {executed.variable_reads} variables"
        )
    if graph is not Graph.FROZEN and not executed.variable_reads:
        raise InvalidLaunchError(
            f"graph {graph.value} is declared, but the step read no variable: it is frozen"
        )
