"""What really ran, read from the graph that TensorFlow executed, and whether it is as declared.

The traced graph is only a request: the optimiser then fuses, casts and clusters, oneDNN substitutes
its own kernels, and XLA may compile the whole step. TensorFlow can return the final graph.
"""

import os
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.python.eager import context

from suite.kernels.interface import InvalidLaunchError
from suite.kernels.tensorflow.staging import NO_COPY, declared_staging
from suite.kernels.tensorflow.switches import compute_type
from suite.model.cell import Cell, Graph, Layout, Mode, Precision
from suite.model.facts import Facts

# Horovod's average of one tensor over all ranks.
ALL_REDUCE = "HorovodAllreduce"
# Operations that represent a cluster compiled by XLA in an executed graph.
_CLUSTERS = {"_XlaRun", "XlaLaunch"}
_READS = {"ReadVariableOp", "_ReadVariablesOp"}
_TRANSPOSES = {"Transpose", "_MklTranspose"}
# 53 forward in the network; a training step has their gradients besides.
_CONVOLUTIONS = 53


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
) -> Facts:
    """The facts of a traced function, given the operations that its first run executed.

    If XLA compiled the step, types, layouts and casts are those of the graph that it was given,
    before its own rewriting.
    """
    clusters = sum(node.op in _CLUSTERS for node in executed)
    # XLA compiled the whole step, which leaves nothing to the executor, or the parts between
    # all-reduces.
    whole = function.function_def.attr["_XlaMustCompile"].b
    programs = 1 if whole else sum(node.attr["_XlaMustCompile"].b for node in executed)
    compiled = programs > 0 and not _convolutions(executed)
    nodes = executed if executed and not clusters and not compiled else _traced(function)
    convolutions = _convolutions(nodes)
    all_reduces = [node for node in nodes if node.op == ALL_REDUCE]
    types = _distinct(
        tf.as_dtype(node.attr["T"].type).name
        for node in nodes
        if "Conv2D" in node.op or "MatMul" in node.op
    )
    return Facts(
        compute_type=" and ".join(types) or "no type at all",
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
    facts: Facts,
    output: NDArray[np.float32],
) -> None:
    """Compare what ran, and the step's output (its loss, or its logits), with the cell.

    Raises:
        InvalidLaunchError: something is not as declared; the message has the first difference.
    """
    wanted = compute_type(cell.precision, on_gpu=facts.device_type == "GPU")
    if facts.compute_type != wanted:
        raise InvalidLaunchError(
            f"{cell.precision.value} means {wanted} here, but what ran is in {facts.compute_type}"
        )
    if (facts.convolutions or 0) < _CONVOLUTIONS:
        raise InvalidLaunchError(
            f"{facts.convolutions} convolutions ran; the network has {_CONVOLUTIONS}"
        )
    # NHWC is only recorded: TensorFlow may turn it into NCHW on a GPU. NCHW is enforced, with that
    # switched off. XLA chooses its own layouts: for XLA this checks the graph that it was given.
    if cell.layout is Layout.NCHW and facts.layouts != (Layout.NCHW.name,):
        found = " and ".join(facts.layouts or ())
        raise InvalidLaunchError(f"NCHW is declared, but convolutions ran in {found}")
    declared = cell.xla_mode.value if cell.xla else "off"
    if facts.xla != declared:
        raise InvalidLaunchError(f"XLA is declared {declared}, but {facts.xla} is what ran")
    if cell.mode is Mode.INFERENCE:
        _check_graph(cell.graph, facts)
    if facts.input_staging not in {NO_COPY, declared_staging(cell)}:
        raise InvalidLaunchError(
            f"a batch must reach the device {declared_staging(cell)}, but reached it"
            f" {facts.input_staging}"
        )
    if cell.precision is Precision.FP32 and facts.tf32:
        raise InvalidLaunchError(
            f"fp32 is declared, but float32 convolutions keep only {facts.float32_bits} mantissa"
            " bits"
        )
    if cell.precision is Precision.TF32 and os.environ.get("NVIDIA_TF32_OVERRIDE") == "0":
        raise InvalidLaunchError("tf32 is declared, but NVIDIA_TF32_OVERRIDE=0 switches it off")
    if not np.isfinite(output).all():
        what = "some logits are not finite" if output.ndim else f"the loss is {output}"
        raise InvalidLaunchError(f"{what}; the network did not compute")


def _check_graph(graph: Graph, facts: Facts) -> None:
    """Check that an inference step computed what its graph declares, with its kind of weights."""
    if graph is Graph.FORWARD and facts.losses:
        raise InvalidLaunchError("graph forward is declared, but the step computed a loss")
    if graph is not Graph.FORWARD and not facts.losses:
        raise InvalidLaunchError(f"graph {graph.value} is declared, but the step computed no loss")
    if graph is Graph.FROZEN and facts.variable_reads:
        raise InvalidLaunchError(
            f"graph frozen is declared, but the step read {facts.variable_reads} variables"
        )
    if graph is not Graph.FROZEN and not facts.variable_reads:
        raise InvalidLaunchError(
            f"graph {graph.value} is declared, but the step read no variable: it is frozen"
        )
