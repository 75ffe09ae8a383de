"""The axes `graph`, `xla_mode` and `layout`."""

from dataclasses import replace

import pytest
from builders import make_cell, make_row

from suite.model.cell import Graph, KernelName, Layout, Mode, Precision, XlaMode
from suite.model.matrix import MatrixError, expand
from suite.model.reference import ReferenceTable

CELL = make_cell(xla=True)


def ids(**changes: list[object]) -> list[str]:
    axes: dict[str, list[object]] = {
        "mode": [Mode.INFERENCE],
        "precision": [Precision.FP32],
        "xla": [False, True],
        "batch_size": [8],
        **changes,
    }
    return [cell.id for cell in expand(KernelName.RESNET50, axes, [], [])]


def test_modes_of_xla_are_one_cell_without_xla() -> None:
    """A matrix may compare no XLA with both modes, and measures each of the three once."""
    both: list[object] = list(XlaMode)

    assert ids(xla_mode=both) == [
        "inference-fp32-bs8-1gpu",
        "inference-fp32-xla-bs8-1gpu",
        "inference-fp32-xla_auto-bs8-1gpu",
    ]


def test_a_graph_is_part_of_the_name_unless_it_is_the_published_one() -> None:
    """Every graph is a cell of its own."""
    assert ids(graph=list(Graph), xla=[False]) == [
        "inference-fp32-bs8-1gpu",
        "inference-fp32-bs8-1gpu-forward",
        "inference-fp32-bs8-1gpu-frozen",
    ]


def test_training_has_only_the_published_graph() -> None:
    """A matrix that asks for training on a frozen graph is refused, not changed."""
    with pytest.raises(MatrixError, match="training has no frozen graph"):
        ids(mode=[Mode.TRAINING], graph=[Graph.FROZEN])


def test_a_layout_is_part_of_the_name_unless_it_is_the_default() -> None:
    """NCHW is a cell of its own, named before the graph."""
    assert ids(layout=list(Layout), xla=[False], graph=[Graph.FORWARD]) == [
        "inference-fp32-bs8-1gpu-forward",
        "inference-fp32-bs8-1gpu-nchw-forward",
    ]


def test_a_frozen_graph_has_one_layout() -> None:
    """A matrix that asks for a graph which TensorFlow would leave unfolded is refused."""
    with pytest.raises(MatrixError, match="folds a frozen graph in nhwc only"):
        ids(layout=[Layout.NCHW], graph=[Graph.FROZEN])


def test_only_the_published_graph_is_set_beside_a_published_row() -> None:
    """A frozen or forward step is other work; modes of XLA and layouts do the published work."""
    row = make_row(xla=True, throughput_img_s=1.0)
    table = ReferenceTable("t4", (row,))

    assert table.find(CELL) is row
    assert table.find(replace(CELL, xla_mode=XlaMode.AUTO_CLUSTERING)) is row
    assert table.find(replace(CELL, layout=Layout.NCHW)) is row
    assert table.find(replace(CELL, graph=Graph.FROZEN)) is None
    assert table.find(replace(CELL, graph=Graph.FORWARD)) is None
