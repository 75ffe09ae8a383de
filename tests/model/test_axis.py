"""suite.model.axis: what is declared of an axis once reaches files, flags, ids and the schema."""

import json
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

import pytest

from suite.kernels.interface import KernelOptions
from suite.model.axis import Axis
from suite.model.cell import AXES, Cell, Data, Mode, Precision, Protocol, XlaMode
from suite.model.matrix import VARIED
from suite.run.flags import parse_order, to_arguments
from suite.run.order import LaunchOrder, decode_order, encode_order
from suite.store.matrix_model import json_schema

INFERENCE = Cell(mode=Mode.INFERENCE, precision=Precision.AMP, xla=True, batch_size=8)
TRAINING = replace(INFERENCE, mode=Mode.TRAINING)

every_axis = pytest.mark.parametrize("axis", AXES.values(), ids=AXES)


def values_of(axis: Axis) -> list[Any]:
    """Each value of an axis, or the ends of its range."""
    if axis.kind is bool:
        return [False, True]
    if axis.bounds:
        return [axis.bounds.lowest, axis.bounds.highest]
    if axis.kind == str | None:
        return [None, "t4", "h200"]
    assert issubclass(axis.kind, Enum)
    return list(axis.kind)


def cells_along(axis: Axis) -> Iterator[tuple[Cell, Cell]]:
    """Cells with each value of an axis, all of them possible, each beside one with another."""
    values = values_of(axis)
    for value, other in zip(values, values[1:] + values[:1], strict=True):
        pairs = [
            (replace(cell, **{axis.name: value}), replace(cell, **{axis.name: other}))
            for cell in (TRAINING, INFERENCE)
        ]
        possible = [pair for pair in pairs if pair[0].contradiction is None]
        assert possible, value
        yield from possible


def order_of(cell: Cell) -> LaunchOrder:
    """An order to measure a cell, with the folders of its records."""
    options = KernelOptions(
        data_dir="/data" if cell.reads_records else None,
        data_idx_dir="/index" if cell.data is Data.DALI else None,
    )
    return LaunchOrder(
        cell=cell, protocol=Protocol(warmup_steps=1, measured_steps=2), options=options
    )


@every_axis
def test_a_value_of_an_axis_is_part_of_the_id(axis: Axis) -> None:
    """Two cells that differ in one condition never share the name of their records."""
    for cell, other in cells_along(axis):
        assert cell.id != other.id


@every_axis
def test_a_value_of_an_axis_survives_flags_and_json(axis: Axis) -> None:
    """What a matrix may say can be said by hand, and reaches a worker as it was."""
    for cell, _ in cells_along(axis):
        order = order_of(cell)
        ranks = {"RANK": 0, "SIZE": cell.gpus, "LOCAL_RANK": 0, "LOCAL_SIZE": cell.gpus}
        environment = {f"OMPI_COMM_WORLD_{name}": str(value) for name, value in ranks.items()}

        assert parse_order(to_arguments(order), environment).cell == cell
        assert decode_order(encode_order(order)).cell == cell


@every_axis
def test_an_axis_has_a_flag_and_a_described_key(
    axis: Axis, capsys: pytest.CaptureFixture[str]
) -> None:
    """--help lists it, and editors complete it: as an axis, or as a key of the whole matrix."""
    with pytest.raises(SystemExit):
        parse_order(["--help"])
    listed = capsys.readouterr().out
    schema = json.loads(json_schema())
    keys = schema["$defs"]["AxesModel"]["properties"]
    conditions = schema["$defs"]["ConditionsModel"]["properties"]

    assert all(f"\n  --{name} " in listed for name in axis.flag.arguments())
    assert axis.about
    if axis.varied:
        assert keys[axis.name]["description"] == axis.about
        assert axis.name in conditions
    else:
        assert axis.name in schema["properties"]


def test_a_mode_of_xla_is_told_only_with_xla() -> None:
    """Without XLA its modes are one cell, and have one name."""
    plain = replace(INFERENCE, xla=False)

    assert replace(plain, xla_mode=XlaMode.AUTO_CLUSTERING) == plain


def test_the_batch_size_varies_fastest() -> None:
    """Cells of a published table's row and column stay together, whatever axes there are."""
    assert VARIED[-1] == "batch_size"
    assert {"precision", "xla", "xla_mode"} == set(VARIED[-4:-1])
