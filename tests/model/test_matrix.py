"""suite.model.matrix: which cells a matrix declares."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from suite.model.cell import Cell, Data, KernelName, Mode, Precision
from suite.model.matrix import MOST_CELLS, Conditions, MatrixError, expand

AXES: dict[str, Sequence[object]] = {
    "mode": [Mode.INFERENCE],
    "precision": [Precision.FP32, Precision.AMP],
    "xla": [False, True],
    "batch_size": [1, 8],
}


def cells(
    exclude: Sequence[Conditions] = (),
    include: Sequence[Conditions] = (),
    axes: Mapping[str, Sequence[object]] = AXES,
) -> tuple[Cell, ...]:
    return expand(KernelName.RESNET50, axes, list(exclude), list(include))


def test_expands_to_the_product_with_the_batch_size_changing_fastest() -> None:
    """Cells come in the order of the published tables: batch sizes within a condition."""
    ids = [cell.id for cell in cells()]

    assert ids == [
        "inference-fp32-bs1-1gpu",
        "inference-fp32-bs8-1gpu",
        "inference-fp32-xla-bs1-1gpu",
        "inference-fp32-xla-bs8-1gpu",
        "inference-amp-bs1-1gpu",
        "inference-amp-bs8-1gpu",
        "inference-amp-xla-bs1-1gpu",
        "inference-amp-xla-bs8-1gpu",
    ]


def test_exclusion_removes_every_cell_that_has_all_its_conditions() -> None:
    """An exclusion with two conditions leaves cells that have only one of them."""
    kept = cells(exclude=[{"precision": Precision.FP32, "xla": True}])

    assert all(not (cell.precision is Precision.FP32 and cell.xla) for cell in kept)
    assert len(kept) == 6


def test_inclusion_takes_what_it_leaves_out_from_axes_with_a_single_value() -> None:
    """An included cell need not repeat the only mode of the matrix."""
    included = {"precision": Precision.FP32, "xla": False, "batch_size": 64}

    assert cells(include=[included])[-1] == Cell(
        mode=Mode.INFERENCE, precision=Precision.FP32, xla=False, batch_size=64
    )


@pytest.mark.parametrize(
    ("exclude", "include", "place", "words"),
    [
        ([{"batch_size": 3}], [], ("exclude", 0), "matches no cell"),
        ([{"mode": Mode.INFERENCE}], [], ("exclude",), "leaves no cell"),
        ([], [{"batch_size": 3}], ("include", 0), "precision or xla"),
        (
            [],
            [{"precision": Precision.AMP, "xla": True, "batch_size": 8}],
            ("include", 0),
            "inference-amp-xla-bs8-1gpu twice",
        ),
    ],
)
def test_contradiction_names_its_place(exclude, include, place, words) -> None:  # type: ignore[no-untyped-def]
    """An exclusion or inclusion that cannot be meant is an error at its place."""
    with pytest.raises(MatrixError, match=words) as caught:
        cells(exclude, include)

    assert caught.value.place == place


def test_an_exclusion_that_only_repeats_earlier_ones_is_a_slip() -> None:
    """Each has to take a cell that no earlier one takes; the first that does not is named."""
    exclude: list[Conditions] = [
        {"precision": Precision.FP32, "xla": True},
        {"batch_size": 8},
        {"batch_size": 8, "precision": Precision.AMP},
        {"batch_size": 8},
    ]

    assert len(cells(exclude[:2])) == 3
    with pytest.raises(MatrixError) as caught:
        cells(exclude)
    assert caught.value.place == ("exclude", 2)


def test_too_many_cells_are_refused_before_they_are_made() -> None:
    """The number follows from the lengths of the axes: 10^18 cells cost nothing."""

    class Long(Sequence[object]):
        def __len__(self) -> int:
            return 10**9

        def __getitem__(self, _index: object) -> Any:
            raise AssertionError("expanded")

    axes = {**AXES, "batch_size": Long(), "image_size": Long()}
    with pytest.raises(MatrixError, match="give 4000000000000000000 cells, more than the 20000"):
        cells(axes=axes)


def test_a_doubled_value_on_an_axis_is_a_duplicate_cell() -> None:
    """A batch size given twice would be measured twice under one name."""
    with pytest.raises(MatrixError, match="bs1-1gpu twice"):
        cells(axes={**AXES, "batch_size": [1, 1]})


STRONG: dict[str, Sequence[object]] = {
    "mode": [Mode.TRAINING],
    "gpus": [1, 2, 4],
    "precision": [Precision.AMP],
    "xla": [True],
    "global_batch_size": [64, 128],
}


def test_a_global_batch_size_is_shared_out_among_the_gpus() -> None:
    """Cells of strong scaling differ in batch size per GPU, and their whole step is as large."""
    expanded = cells(axes=STRONG)

    assert [(cell.gpus, cell.batch_size) for cell in expanded] == [
        (1, 64), (1, 128), (2, 32), (2, 64), (4, 16), (4, 32),
    ]  # fmt: skip
    assert {cell.global_batch_size for cell in expanded} == {64, 128}


def test_exclusions_and_inclusions_speak_of_the_batch_size_per_gpu() -> None:
    """A lone global batch size supplies nothing to an included cell."""
    changed = cells(
        exclude=[{"batch_size": 16}],
        include=[{"gpus": 8, "batch_size": 8}],
        axes={**STRONG, "global_batch_size": [64]},
    )

    assert [(cell.gpus, cell.batch_size) for cell in changed] == [(1, 64), (2, 32), (8, 8)]
    with pytest.raises(MatrixError, match="does not say batch_size"):
        cells(include=[{"gpus": 8}], axes={**STRONG, "global_batch_size": [64]})


def test_ids_tell_all_conditions_apart() -> None:
    """Two different cells never share an id, hence never a file."""
    axes: dict[str, Sequence[object]] = {
        "mode": list(Mode),
        "gpus": [1, 8],
        "image_size": [160, 224],
        "precision": list(Precision),
        "xla": [False, True],
        "batch_size": [1, 16],
    }
    expanded = cells([{"mode": Mode.INFERENCE, "gpus": 8}], axes=axes)

    assert len({cell.id for cell in expanded}) == len(expanded) == 72


def test_a_batch_on_the_device_is_a_cell_of_its_own() -> None:
    """Its name says where the images are, and it reads no records."""
    usual = Cell(mode=Mode.INFERENCE, precision=Precision.FP32, xla=False, batch_size=8)
    kept = replace(usual, data=Data.SYNTHETIC_DEVICE)

    assert kept.id == "inference-fp32-bs8-1gpu-synthetic_device"
    assert [cell.reads_records for cell in (usual, kept)] == [False, False]
    assert all(replace(usual, data=data).reads_records for data in (Data.TFRECORD, Data.DALI))


@pytest.mark.parametrize(
    ("sizes", "place", "words"),
    [
        ({}, "batch_size", "missing; add it, or global_batch_size to divide it"),
        (
            {"batch_size": [8], "global_batch_size": [8]},
            "global_batch_size",
            "conflicts with batch_size; keep one of the two",
        ),
    ],
)
def test_there_is_one_axis_of_batch_sizes(
    sizes: dict[str, Sequence[object]], place: str, words: str
) -> None:
    """Neither none nor two that could contradict each other."""
    axes = {name: values for name, values in STRONG.items() if name != "global_batch_size"}
    with pytest.raises(MatrixError, match=words) as caught:
        cells(axes={**axes, **sizes})

    assert caught.value.place == ("axes", place)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (66, "66 cannot be divided evenly among 4 GPUs; give a multiple of 4"),
        (65_537, "65537 among 1 GPUs is more than 65536 for each; lower it"),
    ],
)
def test_a_global_batch_size_that_cannot_be_shared_out_is_named(images: int, words: str) -> None:
    """By its place on the axis, as the GPUs are on another."""
    with pytest.raises(MatrixError, match=words) as caught:
        cells(axes={**STRONG, "global_batch_size": [64, images]})

    assert caught.value.place == ("axes", "global_batch_size", 1)


def test_the_largest_matrix_has_20_000_cells() -> None:
    """Those that are included count as well; the place is that of the ones too many."""
    axes = {**AXES, "batch_size": list(range(1, 5000))}
    more = [{"precision": Precision.AMP, "xla": True, "batch_size": 5000 + n} for n in range(5)]

    assert len(cells(include=more[:4], axes=axes)) == MOST_CELLS
    with pytest.raises(MatrixError, match="adds 5 cells to the 19996 of the axes, more than 20000"):
        cells(include=more, axes=axes)
    assert len(cells(axes={**AXES, "batch_size": list(range(1, 5001))})) == MOST_CELLS


def test_a_cell_that_contradicts_itself_is_an_error() -> None:
    """A matrix is not changed to one that could run."""
    with pytest.raises(MatrixError, match="gives cell inference-fp32-bs1-2gpu: inference runs on"):
        cells(axes={**AXES, "gpus": [1, 2]})


def test_as_many_images_may_be_shared_out_as_fit_on_each_gpu() -> None:
    """The limit of a batch is that of one GPU."""
    (largest,) = cells(axes={**STRONG, "gpus": [4], "global_batch_size": [4 * 65_536]})

    assert largest.batch_size == 65_536
