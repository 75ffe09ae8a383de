"""suite.analysis.bands: tolerance from replication, and the word that a ratio earns."""

from dataclasses import replace

import pytest
from builders import make_cell, make_row

from suite.analysis.bands import (
    Band,
    ReplicatedCell,
    band_for,
    derive_bands,
    judge,
    replicated_cells,
)
from suite.model.cell import Mode, Precision
from suite.model.reference import Metric, ReferenceRow, ReferenceTable
from suite.model.report import Word

ROW = make_row(
    system="first",
    gpu="V100",
    precision=Precision.AMP,
    throughput_img_s=1000.0,
    latency_avg_ms=8.0,
    latency_p90_ms=8.2,
    latency_p95_ms=8.5,
    latency_p99_ms=9.0,
)
BAND = Band(
    metric=Metric.THROUGHPUT,
    gpus=1,
    xla=False,
    batch_size_from=4,
    batch_size_to=None,
    tolerance=0.25,
    pairs=14,
)


def other(row: ReferenceRow, throughput: float) -> ReferenceRow:
    """The same cell on the other system, with another throughput."""
    return replace(row, system="second", throughput_img_s=throughput)


def test_only_cells_of_both_tables_are_pairs() -> None:
    """A cell that one system lacks is no replication."""
    lonely = replace(ROW, batch_size=16)
    first = ReferenceTable("first", (ROW, lonely))
    second = ReferenceTable("second", (other(ROW, 1100.0),))

    assert replicated_cells(first, second) == (ReplicatedCell(ROW, other(ROW, 1100.0)),)


def test_a_band_is_the_widest_factor_of_its_class_rounded_up() -> None:
    """1000 against 1099.99 may be 999.995 against 1099.995: 10.00005 % apart, hence 11 %."""
    pairs = [
        ReplicatedCell(ROW, other(ROW, 1050.0)),
        ReplicatedCell(other(ROW, 1099.99), replace(ROW, batch_size=16)),
        ReplicatedCell(replace(ROW, xla=True), other(replace(ROW, xla=True), 1600.0)),
    ]

    bands = [band for band in derive_bands(pairs) if band.metric is Metric.THROUGHPUT]

    assert bands == [
        replace(
            BAND,
            tolerance=0.11,
            pairs=2,
            note="widest: inference amp batch 8, 1099.99 on second and 1000.0 on first",
        ),
        Band(
            metric=Metric.THROUGHPUT,
            gpus=1,
            xla=True,
            batch_size_from=1,
            batch_size_to=15,
            tolerance=0.61,
            pairs=1,
            note="widest: inference amp batch 8, 1000.0 on first and 1600.0 on second",
        ),
    ]


def test_the_99th_percentile_has_no_band() -> None:
    """Bands are for throughput, average, 90 % and 95 % latency."""
    metrics = {band.metric for band in derive_bands([ReplicatedCell(ROW, other(ROW, 1050.0))])}

    assert metrics == set(Metric) - {Metric.LATENCY_P99}


@pytest.mark.parametrize(
    ("batch_size", "gpus", "found"), [(3, 1, False), (4, 1, True), (256, 1, True), (256, 8, False)]
)
def test_a_cell_finds_the_band_of_its_class(batch_size: int, gpus: int, found: bool) -> None:  # noqa: FBT001
    """Limits are inclusive, and a band of one GPU says nothing of eight."""
    cell = make_cell(mode=Mode.TRAINING, batch_size=batch_size, gpus=gpus)

    assert (band_for(cell, Metric.THROUGHPUT, [BAND]) is BAND) == found


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (0.79, Word.BELOW),
        (0.80, Word.WITHIN),
        (1.00, Word.WITHIN),
        (1.25, Word.WITHIN),
        (1.26, Word.ABOVE),
    ],
)
def test_a_ratio_is_judged_by_the_band_of_its_row(ratio: float, word: Word) -> None:
    """A tolerance of 25 % holds ratios from 1 / 1.25 to 1.25."""
    judgement = judge(ratio, Metric.THROUGHPUT, ROW, [BAND])

    assert judgement.word is word
    assert judgement.reason == "band 0.80 to 1.25 from 14 replicated cells"
    assert judgement.band == (0.8, 1.25)


@pytest.mark.parametrize(
    ("metric", "row", "reason"),
    [
        (
            Metric.LATENCY_P99,
            ROW,
            "the published p99 rests on 350 samples or fewer, an interval needs 368",
        ),
        (
            Metric.THROUGHPUT,
            replace(ROW, throughput_img_s=1030.0),
            (
                "the reference row disagrees with itself: its throughput is 1.030 x batch size /"
                " average latency"
            ),
        ),
        (Metric.LATENCY_AVG, ROW, "no reference band for this cell"),
        (Metric.THROUGHPUT, replace(ROW, batch_size=2, latency_avg_ms=2.0), "no reference band"),
    ],
)
def test_what_cannot_be_judged_says_why(metric: Metric, row: ReferenceRow, reason: str) -> None:
    """No word is given for a p99, on a row that contradicts itself, or without a band."""
    judgement = judge(1.0, metric, row, [BAND])

    assert judgement.word is Word.NOT_JUDGED
    assert judgement.reason.startswith(reason)
    assert judgement.band is None


@pytest.mark.parametrize(
    ("other_band", "overlaps"),
    [
        (replace(BAND, batch_size_from=1, batch_size_to=3), False),
        (replace(BAND, batch_size_from=1, batch_size_to=4), True),
        (replace(BAND, batch_size_from=1, batch_size_to=None), True),
        (replace(BAND, batch_size_from=100), True),
        (replace(BAND, gpus=8), False),
        (replace(BAND, xla=True), False),
        (replace(BAND, metric=Metric.LATENCY_AVG), False),
    ],
)
def test_two_bands_overlap_if_one_cell_has_both(other_band: Band, *, overlaps: bool) -> None:
    """In whichever order they are compared."""
    assert BAND.overlaps(other_band) is other_band.overlaps(BAND) is overlaps


def test_two_replicated_numbers_differ_by_a_factor() -> None:
    """The larger over the smaller, whichever system it is of; none where one was not published."""
    faster, slower = ReplicatedCell(ROW, other(ROW, 1250.0)), ReplicatedCell(ROW, other(ROW, 800.0))
    unknown = ReplicatedCell(ROW, replace(ROW, latency_p99_ms=None))

    assert faster.factor(Metric.THROUGHPUT) == slower.factor(Metric.THROUGHPUT) == 1.25
    assert faster.widest_factor(Metric.THROUGHPUT) == pytest.approx(1250.005 / 999.995)
    assert unknown.factor(Metric.LATENCY_P99) is unknown.widest_factor(Metric.LATENCY_P99) is None
