"""suite.model.frames: a report in a notebook."""

from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_row, make_run, store_run

import suite
from suite.analysis.assemble import assemble
from suite.model.cell import AXES
from suite.model.launch import Caution, CautionKind, Status
from suite.model.reference import Reference, ReferenceTable
from suite.model.report import Report

LAUNCHES = (
    make_launch(
        warmup_seconds=(0.5,),
        step_seconds=(0.1, 0.3),
        cautions=(Caution(CautionKind.QUICK, "a"), Caution(CautionKind.QUICK, "b")),
    ),
    make_launch(cell=make_cell(batch_size=16), status=Status.CRASHED, reason="ended by SIGSEGV"),
)


@pytest.fixture
def report() -> Report:
    """Two runs of two cells, the first of which was published."""
    table = ReferenceTable("t4", (make_row(latency_avg_ms=100.0),))
    reference = Reference(table=table, accuracy=(), scaling=(), times=())
    return assemble([make_run(*LAUNCHES), make_run(LAUNCHES[0], device="other")], [reference])


def test_a_frame_has_a_row_for_each_cell_of_each_run(report: Report) -> None:
    """Axes, status and numbers are columns, and so are the published number and the ratio."""
    frame = report.frame()
    first = frame.iloc[0]

    assert list(frame["run"]) == [0, 0, 1]
    assert list(frame["device"]) == ["Tesla T4", "Tesla T4", "other"]
    assert set(AXES) <= set(frame.columns)
    assert (first["mode"], first["batch_size"], first["xla"]) == ("inference", 8, False)
    assert first["images_per_second"] == pytest.approx(40.0)
    assert first["cautions"] == "quick"
    assert (first["reference"], first["latency_avg_ms_published"]) == ("t4", 100.0)
    assert first["latency_avg_ms_ratio"] == pytest.approx(2.0)
    assert first["throughput_img_s_ratio"] == pytest.approx((80 + 8 / 0.3) / 200)


def test_a_cell_without_a_number_has_a_row_with_its_reason(report: Report) -> None:
    """What failed is not left out of an analysis unnoticed."""
    failed = report.frame().iloc[1]

    assert (failed["status"], failed["reason"]) == ("crashed", "ended by SIGSEGV")
    assert failed[["count", "images_per_second", "p50_seconds", "reference"]].isna().all()


def test_samples_have_a_row_for_each_step(report: Report) -> None:
    """Warm-up and measured steps are told apart, and in order."""
    samples = report.samples()

    assert list(samples.columns) == ["run", "cell", "launch", "phase", "step", "seconds"]
    assert samples[samples.run == 0][["phase", "step", "seconds"]].to_numpy().tolist() == [
        ["warm-up", 0, 0.5],
        ["measuring", 0, 0.1],
        ["measuring", 1, 0.3],
    ]


def test_the_package_gives_what_a_notebook_needs(tmp_path: Path) -> None:
    """`from suite import read_run, assemble` reads a run directory into a frame."""
    directory = store_run(tmp_path / "run", make_run(*LAUNCHES))

    assert len(suite.assemble([suite.read_run(directory)]).frame()) == 2
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        suite.nonsense  # noqa: B018
