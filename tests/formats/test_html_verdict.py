"""The top of the page: when and how a run was measured, and what to be careful about."""

from dataclasses import replace
from typing import Any

from builders import make_cell, make_launch, make_run
from recorded import recorded_report, recorded_run, two_runs_report

from suite.analysis.assemble import assemble
from suite.formats.html.verdict import (
    cautions_line,
    compared_cells,
    comparisons_of,
    grid,
    protocol_words,
    when,
)
from suite.model.cell import Protocol
from suite.model.report import Report, ReportedRun
from suite.model.run import DamagedRecord


def reported(protocol: Protocol | None = None, **header: Any) -> Report:
    """A run of one cell, measured in two launches unless another protocol is given."""
    protocol = protocol or Protocol(warmup_steps=1, measured_steps=2, launches=2)
    launches = [
        make_launch(launch=number, protocol=protocol, step_seconds=(0.1, 0.1))
        for number in range(protocol.launches)
    ]
    return assemble([make_run(*launches, protocol=protocol, **header)])


def timed(started_at: str, ended_at: str | None) -> ReportedRun:
    """A run between two times."""
    run = recorded_report().runs[0]
    return replace(run, header=replace(run.header, started_at=started_at), ended_at=ended_at)


def test_a_run_is_told_with_its_day_and_hours() -> None:
    """In UTC; the day on which it ended is told if it was another one."""
    began = "2026-01-31T23:50:00+00:00"

    assert when(timed(began, "2026-01-31T23:59:59+00:00")) == (
        "31 January 2026",
        "23:50 to 23:59 UTC",
    )
    assert when(timed(began, "2026-02-01T02:10:00+02:00")) == (
        "31 January 2026",
        "23:50 to 00:10 on 1 February 2026 UTC",
    )
    assert when(timed(began, None)) == ("31 January 2026", "23:50 UTC")
    assert when(timed("yesterday", began)) == ("", "")


def test_a_protocol_is_told_in_words() -> None:
    """One launch is one, and a limit of time belongs to each."""
    once = Protocol(warmup_steps=3, measured_steps=7, launches=1)
    capped = replace(once, launches=2, max_seconds=90.0)

    assert protocol_words(reported(once).runs[0]) == (
        "1 launch each, 3 warm-up and 7 measured steps a launch"
    )
    assert protocol_words(reported(capped).runs[0]) == (
        "2 launches each, 3 warm-up and 7 measured steps a launch, at most 90 s"
    )


def test_a_sound_run_has_nothing_to_be_careful_about() -> None:
    """One that nothing was published for needs no word on the published side either."""
    assert cautions_line(reported(), 0) == ""


def test_launches_that_were_not_repeated_are_told_if_there_are_any() -> None:
    """A run of which nothing is there has no interval to miss."""
    once = Protocol(warmup_steps=1, measured_steps=2, launches=1)
    said = "one launch each, so no interval says how launches differ"

    assert cautions_line(reported(once), 0) == said
    assert said not in cautions_line(assemble([make_run(cells=("x",), protocol=once)]), 0)


def test_damaged_records_are_counted() -> None:
    """One is one, and several are several."""
    lost = DamagedRecord(file="cells/a.0.json", problem="cut short")
    for count, words in (
        (1, "1 damaged record is left out"),
        (2, "2 damaged records are left out"),
    ):
        run = replace(recorded_run(), damaged=(lost,) * count)
        assert words in cautions_line(assemble([run]), 0)
    assert "damaged" not in cautions_line(assemble([recorded_run()]), 0)


def test_each_run_is_judged_by_its_own_comparison() -> None:
    """The second one ran on other hardware, whose numbers say nothing of the years between."""
    report = two_runs_report()

    assert [comparison.run for comparison in comparisons_of(report, 1)] == [1]
    assert cautions_line(report, 0).endswith("; the published side is TensorFlow 1.15 of 2020")
    assert cautions_line(report, 1).endswith(
        "the published numbers are for other hardware, NVIDIA DGX-1 (8x V100 16G), so ratios are"
        " not judged"
    )


def test_cells_beside_published_numbers_are_those_of_both_sides() -> None:
    """On the GPU that was published for; a cell that the page lacks has no number beside it."""
    report = two_runs_report()
    of_both = [
        cell.cell_id
        for cell in report.comparisons[0].cells
        if cell.result is not None and cell.row is not None
    ]

    assert set(compared_cells(report, 0)) == set(of_both)
    assert len(of_both) == 4
    assert compared_cells(report, 1) == {}


def test_a_square_says_what_its_number_is() -> None:
    """Ratios have no unit; beside them a throughput has one, and alone none needs one."""
    squares = {
        square.cell_id: square
        for row in grid(recorded_report(), 0).rows
        for square in row.squares
        if square
    }
    alone = grid(reported(), 0)

    assert [
        (squares[cell].text, squares[cell].unit)
        for cell in (
            "inference-amp-bs64-1gpu",
            "training-amp-xla-bs256-2gpu",
            "inference-fp32-bs256-1gpu",
        )
    ] == [("0.97", ""), ("2409.71", "img/s"), ("", "")]
    assert [(square.text, square.unit) for square in alone.rows[0].squares if square] == [
        ("80.00", "")
    ]
    assert alone.of == "Throughput of every cell in img/s, images / elapsed time."


def test_cells_that_differ_in_batch_size_alone_share_a_row() -> None:
    """A size that a condition lacks keeps its place."""
    cells = make_cell(batch_size=8), make_cell(batch_size=2), make_cell(batch_size=4, image_size=64)
    launches = [make_launch(cell=cell, step_seconds=(0.1, 0.1)) for cell in cells]
    found = grid(assemble([make_run(*launches)]), 0)

    assert found.batch_sizes == (2, 4, 8)
    assert [
        (row.conditions, [square.cell_id if square else None for square in row.squares])
        for row in found.rows
    ] == [("", [cells[1].id, None, cells[0].id]), ("image size 64", [None, cells[2].id, None])]
