"""Runs beside another: what is said where a side tells little, or where there is nothing to say."""

import random
from dataclasses import replace
from typing import Any

from builders import make_cell, make_launch, make_run
from recorded import other_run, paired_report, recorded_run

from suite.analysis.assemble import assemble
from suite.analysis.pairs import paired
from suite.formats.pairs import pairs_markdown, pairs_text
from suite.model.cell import Cell, Protocol, quick_protocol
from suite.model.report import Report
from suite.model.run import Run, SavedResults

CELLS = make_cell(), make_cell(batch_size=16)


def words(report: Report) -> str:
    """The text of a report's pairs, on one line."""
    return " ".join(pairs_text(report).split())


def sound(*cells: Cell, launches: int = 2, **header: Any) -> Run:
    """A run with enough steps for every interval and with no doubt."""
    chance = random.Random(1)  # noqa: S311 - the same steps in every run
    protocol = Protocol(warmup_steps=1, measured_steps=400, launches=launches)
    made = [
        make_launch(
            cell=cell,
            launch=number,
            protocol=protocol,
            step_seconds=tuple(chance.uniform(0.01, 0.0102) for _ in range(400)),
        )
        for cell in cells
        for number in range(launches)
    ]
    return make_run(*made, protocol=protocol, **header)


def test_runs_that_differ_in_nothing_say_so() -> None:
    """And there are no legends, headings or tables of what is not there."""
    report = paired(assemble([sound(CELLS[0]), sound(CELLS[0])]))
    text = pairs_text(report)

    assert "Nothing differs of what the runs recorded of device, software and protocol." in text
    for absent in ("What differs", "~ =", "! =", "Without a whole", "Only in", "No ratio has"):
        assert absent not in text
        assert absent not in pairs_markdown(report)
    assert "95 % is the interval of a ratio" in text
    assert not pairs_text(report).endswith("\n")


def test_a_single_launch_on_each_side_gives_no_interval() -> None:
    """Then no ratio tells a difference from chance."""
    report = paired(assemble([sound(CELLS[0], launches=1), sound(CELLS[0], launches=1)]))

    assert "No ratio has an interval: that takes two launches of a cell or more" in words(report)
    assert "95 % is the interval" not in words(report)


def test_one_interval_is_enough_to_explain_them() -> None:
    """Launches may differ in throughput and not in their median, or the other way round."""
    report = paired(assemble([sound(CELLS[0]), sound(CELLS[0])]))
    (pair,) = report.pairs
    (cell,) = pair.cells
    for name in ("throughput", "latency_p50"):
        bare = replace(getattr(cell, name), ratio_interval=None)
        cells = (replace(cell, **{name: bare}),)
        text = words(replace(report, pairs=(replace(pair, cells=cells),)))
        assert "95 % is the interval of a ratio" in text


def test_runs_without_a_common_cell_have_no_table() -> None:
    """Beside others that have one; what each has alone is named."""
    report = paired(assemble([sound(CELLS[0]), sound(CELLS[0]), sound(CELLS[1])]))
    _, text = pairs_text(report).split("\n\n\n")

    assert text.startswith("C over A\n")
    assert "The two have no cell in common." in text
    assert "img/s" not in text
    assert text.endswith(
        "Only in A:\n  inference-fp32-bs8-1gpu\n\nOnly in C:\n  inference-fp32-bs16-1gpu"
    )
    _, markdown = pairs_markdown(report).split("# C over A")
    assert "The two have no cell in common." in markdown
    assert "|" not in markdown


def test_a_saved_table_says_what_it_does_not_tell() -> None:
    """Software, machine and launches; of its cells those are named that both sides have."""
    first = assemble([recorded_run()]).runs[0]
    saved = SavedResults(
        matrix="kept", device="Tesla T4", started_at="2025-01-01", results=tuple(first.results)
    )
    text = words(paired(assemble([other_run()]), saved))

    assert "A: kept on Tesla T4, started 2025-01-01, from a saved table B: recorded" in text
    assert "One side is a saved table, which does not tell software, machine, protocol" in text
    assert "Nothing differs" not in text
    assert "95 % is the interval" not in text
    assert "No ratio has an interval:" not in text
    assert "A: inference-fp32-bs256-1gpu: out of memory" in text
    assert "A: inference-tf32-bs8-1gpu: skipped" not in text


def test_a_quick_run_says_so_beside_its_name() -> None:
    """It is a first look, on whichever side."""
    run = recorded_run()
    quick = replace(run.header, protocol=quick_protocol(run.header.protocol))
    text = words(paired_report(replace(run, header=quick)))

    assert text.count("; quick protocol: a first look, not numbers to quote") == 1
    assert "quick protocol" not in words(paired_report())


def test_sides_beyond_the_alphabet_are_counted() -> None:
    """The base is A, so the last letter is that of the 25th pair."""
    report = paired_report()
    titles = [
        text.split("\n")[0]
        for text in pairs_text(replace(report, pairs=report.pairs * 26)).split("\n\n\n")
    ]

    assert titles[:2] == ["B over A", "C over A"]
    assert titles[24:] == ["Z over A", "run 27 over A"]
