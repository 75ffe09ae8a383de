"""suite.model.reference: which published row stands for a cell."""

from dataclasses import replace

import pytest
from builders import make_cell, make_row

from suite.model.cell import Cell, Data, KernelName, Mode, Precision
from suite.model.reference import (
    Key,
    Metric,
    Reference,
    ReferenceTable,
    ScalingRow,
    TimeToTrainRow,
    key_of,
    printed_rounding,
)

ROW = make_row(
    precision=Precision.AMP,
    xla=True,
    batch_size=64,
    throughput_img_s=1131.56,
    latency_avg_ms=56.63,
    latency_p90_ms=57.22,
    latency_p95_ms=57.41,
)
TABLE = ReferenceTable("t4", (replace(ROW, xla=False, throughput_img_s=991.39), ROW))
CELL = make_cell(precision=Precision.AMP, xla=True, batch_size=64)


@pytest.mark.parametrize("data", [Data.SYNTHETIC, Data.TFRECORD])
def test_a_cell_finds_its_row_whether_images_are_synthetic_or_read(data: Data) -> None:
    """A row is found by its full condition, not by where the images came from."""
    found = TABLE.find(replace(CELL, data=data))

    assert found is ROW


@pytest.mark.parametrize(
    "other",
    [
        replace(CELL, mode=Mode.TRAINING),
        replace(CELL, precision=Precision.FP32),
        replace(CELL, gpus=8),
        replace(CELL, batch_size=32),
        replace(CELL, data=Data.DALI),
        replace(CELL, data=Data.SYNTHETIC_DEVICE),
        replace(CELL, image_size=32),
        replace(CELL, kernel=KernelName.SIMULATED),
    ],
    ids=lambda cell: cell.id,
)
def test_other_work_has_no_row(other: Cell) -> None:
    """A cell that differs from the published work in any condition finds nothing."""
    found = TABLE.find(other)

    assert found is None


@pytest.mark.parametrize(
    ("gpu", "system", "found"),
    [
        ("t4", "t4", True),
        ("dgx1", "t4", False),
        ("h200", "t4", True),
        ("dgx1", "mine", True),
    ],
)
def test_the_gpu_of_another_published_system_has_no_row(
    gpu: str, system: str, *, found: bool
) -> None:
    """A V100's number is never set beside the T4's row; what was not published may be."""
    table = ReferenceTable(system, (replace(ROW, system=system),))

    assert (table.find(replace(CELL, gpu=gpu)) is not None) is found


def test_a_metric_names_the_field_it_reads() -> None:
    """Every metric reads its own column, and an unpublished number is None."""
    values = [ROW.value(metric) for metric in Metric]

    assert values == [1131.56, 56.63, 57.22, 57.41, None]


def test_a_row_and_the_cell_it_stands_for_have_one_key() -> None:
    """The key names the conditions that tell the rows of a system apart, from either side."""
    key = Key(mode=Mode.INFERENCE, precision=Precision.AMP, xla=True, gpus=1, batch_size=64)

    assert ROW.key == key_of(CELL) == key
    assert TABLE.rate(key) == 1131.56
    assert TABLE.rate(replace(key, batch_size=32)) is None


def test_keys_are_ordered_as_the_page_orders_its_rows() -> None:
    """By mode, then GPUs, precision as FP32, TF32, AMP, without XLA first, then batch size."""
    base = Key(mode=Mode.INFERENCE, precision=Precision.FP32, xla=False, gpus=1, batch_size=1)
    ordered = [
        base,
        replace(base, batch_size=16),
        replace(base, xla=True),
        replace(base, precision=Precision.TF32),
        replace(base, precision=Precision.AMP),
        replace(base, gpus=8),
        replace(base, mode=Mode.TRAINING),
    ]
    backwards = list(reversed(ordered))

    assert sorted(backwards, key=lambda key: key.page_order) == ordered


def test_a_training_line_names_the_rows_of_its_two_sides() -> None:
    """Each side has its own batch size; an absent side has no row."""
    line = ScalingRow(
        system="mine",
        gpus=8,
        xla=True,
        base_precision=Precision.TF32,
        batch_size_base=None,
        batch_size_amp=256,
        throughput_speedup=None,
        weak_scaling_base=None,
        weak_scaling_amp=None,
    )
    amp = Key(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, gpus=8, batch_size=256)

    assert (line.base_key, line.amp_key) == (None, amp)
    assert amp.on_one_gpu == replace(amp, gpus=1)


def test_the_two_estimators_of_a_row_are_compared_over_all_gpus() -> None:
    """Two images on each of four GPUs in 10 ms are 800 img/s; 2 % more is still the same thing."""
    row = replace(ROW, batch_size=2, gpus=4, throughput_img_s=800.0, latency_avg_ms=10.0)

    assert row.estimator_ratio == pytest.approx(1)
    assert [
        replace(row, throughput_img_s=rate).estimators_agree for rate in (783, 785, 815, 817)
    ] == [False, True, True, False]
    unknown = replace(row, latency_avg_ms=None)
    assert (unknown.estimator_ratio, unknown.estimators_agree) == (None, True)


@pytest.mark.parametrize(
    ("mode", "throughput", "half"),
    [
        (Mode.TRAINING, 909.0, 0.5),
        (Mode.TRAINING, 909.4, 0.5),
        (Mode.TRAINING, 1270.4, 0.5),
        (Mode.TRAINING, 1270.0, 5.0),
        (Mode.TRAINING, 1271.0, 0.5),
        (Mode.TRAINING, 17400.0, 50.0),
        (Mode.TRAINING, 17410.0, 5.0),
        (Mode.TRAINING, 17411.0, 0.5),
        (Mode.TRAINING, 7000.0, 5.0),
        (Mode.INFERENCE, 7000.0, 0.005),
    ],
)
def test_a_number_is_known_to_half_of_its_last_printed_place(
    mode: Mode, throughput: float, half: float
) -> None:
    """Training is printed in whole img/s, of which zeros beyond three digits are rounding."""
    row = replace(ROW, mode=mode, throughput_img_s=throughput)

    assert printed_rounding(row, Metric.THROUGHPUT) == half
    assert printed_rounding(row, Metric.LATENCY_P99) == 0.005


def test_hours_are_those_of_the_same_conditions() -> None:
    """A published time stands for every batch size; one that was derived for its own alone."""
    key = Key(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, gpus=8, batch_size=256)
    time = TimeToTrainRow(
        system="t4", gpus=8, precision=Precision.AMP, xla=True, batch_size=None, epochs=90, hours=3
    )
    published = Reference(table=TABLE, accuracy=(), scaling=(), times=(time,))
    derived = replace(published, times=(replace(time, batch_size=256),))

    assert published.hours(key) == derived.hours(key) == 3
    assert published.hours(replace(key, batch_size=128)) == 3
    assert derived.hours(replace(key, batch_size=128)) is None
    for other in (
        replace(key, gpus=1), replace(key, xla=False), replace(key, precision=Precision.FP32), None,
    ):  # fmt: skip
        assert published.hours(other) is None


def test_rows_can_be_keys_whatever_columns_they_have() -> None:
    """Further columns of a file are kept with a row, and do not tell it from another."""
    assert hash(replace(ROW, extra={"driver": "550"})) == hash(ROW)
