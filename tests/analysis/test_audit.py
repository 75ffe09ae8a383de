"""suite.analysis.audit: what the page derives from itself, derived again."""

from dataclasses import replace

import pytest

from suite.analysis.audit import Audit, audit
from suite.model.reference import Metric, ReferenceTable, printed_rounding
from suite.store.references import (
    BANDS_PATH,
    published_reference,
    published_scaling,
    published_times,
    read_bands,
)

TABLES = {name: published_reference(name) for name in ("dgxa100", "dgx1", "dgx2", "t4")}


@pytest.fixture(scope="module")
def published() -> Audit:
    """The audit of the page as published."""
    return audit(TABLES, published_scaling(), published_times())


def test_only_the_known_derived_numbers_disagree(published: Audit) -> None:
    """One speedup and two estimates of hours, all of one A100, do not follow from the page."""
    wrong = [
        (check.system, check.gpus, check.quantity, check.printed, round(check.recomputed, 2))
        for check in published.ratios + published.hours
        if not check.agrees
    ]

    assert wrong == [
        ("dgxa100", 1, "amp speedup", 2.60, 2.61),
        ("dgxa100", 1, "tf32 hours", 40.0, 35.24),
        ("dgxa100", 1, "amp hours", 18.0, 13.49),
    ]
    assert (len(published.ratios), len(published.hours)) == (12, 12)


def test_a_changed_number_is_found() -> None:
    """A weak scaling 0.1 too high and hours 2 too many are told from rounding."""
    scaling = [
        replace(line, weak_scaling_amp=(line.weak_scaling_amp or 0) + 0.1)
        if line.gpus == 16
        else line
        for line in published_scaling()
    ]
    times = [replace(time, hours=time.hours + 2) for time in published_times() if time.gpus == 16]

    findings = audit(TABLES, scaling, times)

    assert [check.quantity for check in findings.ratios if not check.agrees] == [
        "amp speedup",
        "amp weak scaling",
    ]
    assert [check.agrees for check in findings.hours] == [False, False]


def test_no_inference_throughput_is_below_its_latency(published: Audit) -> None:
    """A mean of rates never falls below batch size / average latency by more than rounding."""
    products = [
        (row.throughput_img_s + 0.005) * ((row.latency_avg_ms or 0) + 0.005) / 1000 / row.batch_size
        for row in published.inference
    ]

    assert len(products) == 117
    assert min(products) >= 1


def test_the_committed_bands_follow_from_the_tables(published: Audit) -> None:
    """reference/bands.csv holds what the replication of DGX-1 on DGX-2 gives, and no less."""
    assert read_bands(BANDS_PATH) == published.bands
    assert (len(published.replicated), len(published.bands)) == (29, 16)


@pytest.mark.parametrize(
    ("rate", "rounding"), [(909, 0.5), (2375, 0.5), (7000, 5), (17250, 5), (17400, 50)]
)
def test_trailing_zeros_of_a_training_throughput_are_rounding(rate: float, rounding: float) -> None:
    """Zeros beyond three digits are taken for rounding; other digits are not."""
    row = replace(TABLES["dgx1"].rows[0], throughput_img_s=float(rate))

    assert printed_rounding(row, Metric.THROUGHPUT) == rounding


def test_a_derived_number_without_its_throughput_is_not_checked() -> None:
    """Where a user has taken rows out, what derived from them is passed over."""
    emptied = {name: ReferenceTable(name, table.rows[-1:]) for name, table in TABLES.items()}

    findings = audit(emptied, published_scaling(), published_times())

    assert (findings.ratios, findings.hours) == ((), ())
