"""What really ran, read from the graph that TensorFlow executed, and whether it is as declared.

The traced graph is only a request: the optimiser then fuses, casts and clusters, oneDNN substitutes
its own kernels, and XLA may compile the whole step. TensorFlow can return the final graph.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.eager import context

from suite.kernels.interface import InvalidLaunchError
from suite.kernels.tensorflow.arithmetic import FLOAT32_BITS
from suite.kernels.tensorflow.staging import NO_COPY, declared_staging
from suite.kernels.tensorflow.switches import compute_type
from suite.model.cell import Cell, Graph, Layout, Mode, Precision

# Horovod's average of one tensor over all ranks.
ALL_REDUCE = "HorovodAllreduce"
# Operations that represent a cluster compiled by XLA in an executed graph.
_CLUSTERS = {"_XlaRun", "XlaLaunch"}
_READS = {"ReadVariableOp", "_ReadVariablesOp"}
_TRANSPOSES = {"Transpose", "_MklTranspose"}
# 53 forward in the network; a training step has their gradients besides.
_CONVOLUTIONS = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """Facts of the executed graph.

    `compute_types` are the types of all convolutions and matrix products, gradients among them.
    `xla` is `jit_compile` where XLA compiled the whole step, or all of it around its all-reduces,
    `auto_clustering` where it compiled parts, else `off`. `layouts` are those of the convolutions,
    `transposes` counts changes of layout. If XLA compiled the step, types, layouts and casts are
    those of the graph that it was given, before its own rewriting. `variable_reads` counts reads of
    the network's variables, `losses` the cross entropies computed. `all_reduces` counts Horovod's,
    one per tensor and step, with types `all_reduce_types`. `onednn_operations` counts oneDNN's
    kernels outside XLA.
    """

    compute_types: tuple[str, ...]
    layouts: tuple[str, ...]
    transposes: int
    convolutions: int
    fused_batch_normalizations: int
    casts: int
    variable_reads: int
    losses: int
    all_reduces: int
    all_reduce_types: tuple[str, ...]
    onednn_operations: int
    xla: str
    xla_clusters: int


def record_first_run(run: Callable[[], object]) -> list[NodeDef]:
    """The operations that TensorFlow's executor runs on the first call of a traced function.

    They are placed, optimised and final. A function that XLA compiled whole has none: the executor
    never sees its parts.
    """
    now = context.context()
    now.enable_graph_collection()
    try:
        run()
        collected = now.export_run_metadata()
    finally:
        now.disable_graph_collection()
    return [
        node
        for function in collected.function_graphs
        for graph in function.partition_graphs
        for node in graph.node
    ]


def read_executed(
    function: tf.types.experimental.ConcreteFunction, executed: Sequence[NodeDef]
) -> Executed:
    """The facts of a traced function, given the operations that its first run executed."""
    clusters = sum(node.op in _CLUSTERS for node in executed)
    # XLA compiled the whole step, which leaves nothing to the executor, or the parts between
    # all-reduces.
    whole = function.function_def.attr["_XlaMustCompile"].b
    programs = 1 if whole else sum(node.attr["_XlaMustCompile"].b for node in executed)
    compiled = programs > 0 and not _convolutions(executed)
    nodes = executed if executed and not clusters and not compiled else _traced(function)
    convolutions = _convolutions(nodes)
    all_reduces = [node for node in nodes if node.op == ALL_REDUCE]
    return Executed(
        compute_types=_distinct(
            tf.as_dtype(node.attr["T"].type).name
            for node in nodes
            if "Conv2D" in node.op or "MatMul" in node.op
        ),
        layouts=_distinct(node.attr["data_format"].s.decode() for node in convolutions),
        transposes=sum(node.op in _TRANSPOSES for node in nodes),
        convolutions=len(convolutions),
        fused_batch_normalizations=sum(_fuses_batch_normalization(node) for node in nodes),
        casts=sum(node.op == "Cast" for node in nodes),
        variable_reads=sum(node.op in _READS for node in nodes),
        losses=sum("CrossEntropy" in node.op for node in nodes),
        all_reduces=len(all_reduces),
        all_reduce_types=_distinct(tf.as_dtype(node.attr["T"].type).name for node in all_reduces),
        onednn_operations=sum(node.op.startswith("_Mkl") for node in executed),
        xla="jit_compile" if compiled else "auto_clustering" if clusters else "off",
        xla_clusters=programs if compiled else clusters,
    )


def _traced(function: tf.types.experimental.ConcreteFunction) -> list[NodeDef]:
    """The operations of the traced graph and of the functions that it calls."""
    graph = function.graph.as_graph_def()
    return [*graph.node, *(node for part in graph.library.function for node in part.node_def)]


def _convolutions(nodes: Iterable[NodeDef]) -> list[NodeDef]:
    """Convolutions and their gradients, fused and oneDNN's own among them."""
    return [node for node in nodes if "Conv2D" in node.op]


def _fuses_batch_normalization(node: NodeDef) -> bool:
    """Whether this is a forward batch normalisation in one operation, or within a convolution."""
    if "FusedBatchNorm" in node.op:
        return "Grad" not in node.op
    return b"FusedBatchNorm" in node.attr["fused_ops"].list.s


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


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
