"""suite.analysis.audit: what the page derives from itself, derived again."""

from dataclasses import replace

import pytest
from builders import make_row

from suite.analysis.audit import Audit, audit
from suite.analysis.scaling import scaling_of, times_of
from suite.model.cell import Mode, Precision
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


def test_a_derived_number_is_as_exact_as_those_it_derives_from(published: Audit) -> None:
    """DGX-1's 412 and 3170 img/s are known to 0.5 and 5, its hours are printed in whole ones."""
    (weak,) = (
        number
        for number in published.ratios
        if (number.system, number.gpus, number.quantity) == ("dgx1", 8, "fp32 weak scaling")
    )
    (hours,) = (
        number
        for number in published.hours
        if (number.system, number.gpus, number.quantity) == ("dgx1", 8, "fp32 hours")
    )

    assert weak.source == "3170 / 412 img/s"
    assert (weak.low, weak.recomputed, weak.high) == pytest.approx(
        (3165 / 412.5, 3170 / 412, 3175 / 411.5)
    )
    assert (weak.printed, weak.unit, weak.agrees) == (7.69, 0.01, True)
    assert hours.source == "90 epochs at 3170 img/s"
    assert (hours.low, hours.recomputed, hours.high) == pytest.approx(
        tuple(90 * 1_281_167 / 3600 / rate for rate in (3175, 3170, 3165))
    )
    assert (hours.unit, hours.agrees) == (1.0, True)
    assert {(number.printed, number.unit) for number in published.hours if number.unit != 1} == {
        (3.5, 0.5)
    }


def test_a_printed_number_agrees_within_one_unit_of_its_last_place(published: Audit) -> None:
    """Whether it was rounded or cut; a whole unit away is another number."""
    number = replace(published.ratios[0], low=2.0, recomputed=2.25, high=2.5, unit=0.25)
    agreeing = [replace(number, printed=value).agrees for value in (1.75, 1.76, 2.25, 2.74, 2.75)]

    assert agreeing == [False, True, True, True, False]


def test_one_gpu_has_no_weak_scaling(published: Audit) -> None:
    """It would be one by definition; every other line has that of each of its two sides."""
    quantities = {
        gpus: sorted(
            number.quantity
            for number in published.ratios
            if (number.system, number.gpus) == ("dgxa100", gpus)
        )
        for gpus in (1, 8)
    }

    assert quantities == {
        1: ["amp speedup"],
        8: ["amp speedup", "amp weak scaling", "tf32 weak scaling"],
    }


def test_rows_that_the_page_leaves_open_are_told(published: Audit) -> None:
    """A 90 % latency below the average, and a throughput that its latency does not give."""
    assert all((row.latency_p90_ms or 0) < (row.latency_avg_ms or 0) for row in published.early_p90)
    assert (len(published.unsteady), len(published.early_p90)) == (13, 7)


def test_two_gpus_scale_as_any_other_number_does() -> None:
    """A line of a user's own system is checked where its throughputs are there."""
    rows = tuple(
        make_row(
            system="mine", mode=Mode.TRAINING, precision=precision, gpus=gpus,
            throughput_img_s=gpus * rate,
        )
        for gpus in (1, 2)
        for precision, rate in ((Precision.FP32, 101.0), (Precision.AMP, 202.0))
    )  # fmt: skip
    tables = {**TABLES, "mine": ReferenceTable("mine", rows)}
    findings = audit(tables, scaling_of(rows), times_of(rows))

    assert [(number.gpus, number.quantity, number.recomputed) for number in findings.ratios] == [
        (1, "amp speedup", 2.0),
        (2, "amp speedup", 2.0),
        (2, "fp32 weak scaling", 2.0),
        (2, "amp weak scaling", 2.0),
    ]
    assert all(number.agrees for number in (*findings.ratios, *findings.hours))
