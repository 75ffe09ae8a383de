"""suite.formats.plots: the files of a run, in whatever environment they are drawn."""

import logging
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_protocol, make_run
from plotted import cpu_report, scaling_report, t4_report

from suite.analysis.assemble import assemble, join
from suite.formats.plots import (
    MostRows,
    chart_groups,
    comparison_plots,
    panel_groups,
    plot_files,
    plot_titles,
)
from suite.formats.plots.figures import group_figure
from suite.formats.plots.series import plotted_run
from suite.formats.plots.style import drawing
from suite.model.launch import Status
from suite.model.report import Report

TESTS = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n\x1a\n"

DRAW = """
import hashlib
from plotted import cpu_report
from suite.formats.plots import plot_files

for name, content in plot_files(cpu_report()).items():
    print(name, hashlib.sha256(content).hexdigest())
"""


def texts_of(svg: bytes) -> list[str]:
    """Every text in a plot, which is there as text and not as outlines."""
    namespace = "{http://www.w3.org/2000/svg}"
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{namespace}text")]  # noqa: S314


def draw(**variables: str) -> "subprocess.CompletedProcess[str]":
    paths = [str(TESTS.parent), str(TESTS), str(Path(__file__).parent)]
    return subprocess.run(
        [sys.executable, "-c", DRAW],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def usual() -> "subprocess.CompletedProcess[str]":
    return draw()


@pytest.mark.parametrize("case", ["no writable folder", "unknown backend", "settings of a user"])
def test_the_environment_neither_shows_nor_matters(
    tmp_path: Path, usual: "subprocess.CompletedProcess[str]", case: str
) -> None:
    """No word on stderr and the very same files, whatever matplotlib finds around it."""
    (tmp_path / "file").write_text("")
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nno.such.key: 1\n")
    variables = {
        "no writable folder": {"MPLCONFIGDIR": str(tmp_path / "file" / "below")},
        "unknown backend": {"MPLBACKEND": "nonsense"},
        "settings of a user": {"MPLCONFIGDIR": str(tmp_path)},
    }
    done = draw(**variables[case])

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == usual.stdout
    assert "cells.svg" in done.stdout


def test_every_plot_is_there_as_svg_and_as_png() -> None:
    """A file for a page, and one for a slide; report.md links the former by its title."""
    files = plot_files(t4_report())
    names = ["throughput_inference", "latency_inference", "ratios_inference", "energy_inference"]

    assert [*files] == [f"{name}.{kind}" for name in [*names, "steps"] for kind in ("svg", "png")]
    assert all(files[name].startswith(PNG) for name in files if name.endswith(".png"))
    assert plot_titles(t4_report(), 0) == {
        "throughput_inference.svg": "Throughput by batch size, inference",
        "latency_inference.svg": "Latency by batch size, inference",
        "ratios_inference.svg": "Ratios by batch size, inference",
        "energy_inference.svg": "Images per joule by batch size, inference",
        "steps.svg": "Step times",
    }


def test_pictures_are_twice_as_large_as_their_natural_size() -> None:
    """Sharp on any screen, and the same part of the same plot."""
    files = plot_files(cpu_report())
    width, height = (int.from_bytes(files["cells.png"][at : at + 4]) for at in (16, 20))
    _, _, *size = ET.fromstring(files["cells.svg"]).attrib["viewBox"].split()  # noqa: S314

    assert (width, height) == (2 * float(size[0]), 2 * float(size[1]))


def test_a_second_run_has_files_of_its_own() -> None:
    """Plots of two runs never overwrite each other."""
    report = join([cpu_report(), scaling_report()])

    assert {*plot_titles(report, 1)} == {
        "steps_2.svg",
        "cells_2.svg",
        "weak_scaling_2.svg",
        "strong_scaling_2.svg",
    }
    assert {name for name in plot_files(report) if name.endswith(".svg")} == {
        *plot_titles(report, 0),
        *plot_titles(report, 1),
    }


def test_a_plot_says_what_it_is_of() -> None:
    """The matrix and the device are in the picture, which travels without its report."""
    texts = texts_of(plot_files(cpu_report())["cells.svg"])

    assert "quick on a CPU" in texts
    assert "Cells side by side" in texts


def test_the_same_numbers_give_the_same_files() -> None:
    """Plots carry neither a date nor random names, so that they can be compared as files."""
    first, second = (plot_files(scaling_report()) for _ in range(2))

    assert first == second
    assert not any(b"dc:date" in content for content in first.values())


def test_a_run_without_a_number_has_no_plot() -> None:
    """Nothing is drawn, and nothing is linked."""
    failed = make_launch(status=Status.OUT_OF_MEMORY, reason="why")
    report = assemble([make_run(failed)])

    assert plot_files(report) == {}
    assert plot_titles(report, 0) == {}


def test_a_single_cell_has_its_plots() -> None:
    """A bar, its steps and their distribution; with one step as with many."""
    report = assemble([make_run(make_launch(cell=make_cell(), step_seconds=(0.1,)))])

    assert {*plot_titles(report, 0)} == {"cells.svg", "steps.svg"}
    assert len(plot_files(report)) == 4


def test_a_comparison_is_drawn_on_the_gpu_that_was_published_for() -> None:
    """On other hardware nothing published stands in a plot, and so there is none."""

    def elsewhere(report: Report) -> Report:
        (comparison,) = report.comparisons
        return replace(report, comparisons=(replace(comparison, same_gpu=False),))

    plots = comparison_plots(scaling_report())

    assert [*plots] == ["weak_scaling_compared.svg"]
    title = "dgx1_training on Tesla V100-SXM2-16GB beside dgx1"
    assert title in texts_of(plots["weak_scaling_compared.svg"].encode())
    assert comparison_plots(elsewhere(scaling_report())) == {}


def test_drawing_leaves_logging_and_the_backend_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever draws from a notebook keeps its own settings."""
    monkeypatch.setenv("MPLBACKEND", "svg")
    logger = logging.getLogger("matplotlib")
    monkeypatch.setattr(logger, "level", logging.INFO)
    plot_files(cpu_report())

    assert (os.environ["MPLBACKEND"], logger.level) == ("svg", logging.INFO)
    monkeypatch.delenv("MPLBACKEND")
    plot_files(cpu_report())
    assert "MPLBACKEND" not in os.environ


def test_a_document_that_links_plots_draws_none() -> None:
    """report.md comes without the time that it takes to load what draws."""
    program = """
import sys
from plotted import t4_report
from suite.formats.results import report_markdown

assert "plots/steps.svg" in report_markdown(t4_report())
assert "matplotlib" not in sys.modules
"""
    paths = [str(TESTS.parent), str(TESTS), str(Path(__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_more_steps_need_no_more_parts() -> None:
    """Steps that fall onto one another are drawn once, and those of a condition as one line."""

    def parts(count: int) -> list[int]:
        steps = tuple(0.1 + 0.0001 * (step * 7 % 13) for step in range(count))
        protocol = make_protocol(measured_steps=count)
        launches = [
            make_launch(cell=make_cell(batch_size=size), protocol=protocol, step_seconds=steps)
            for size in (1, 2, 4)
        ]
        plotted = plotted_run(assemble([make_run(*launches)]), 0)
        with drawing():
            figures = [
                group_figure(group, "")
                for group in chart_groups(plotted, MostRows(cells=9, steps=9))
            ]
        return [len(figure.artists) + len(figure.texts) for figure in figures]

    assert parts(400) == parts(4000)


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        ((1, 2), ["cells.svg", "steps.svg"]),
        ((1, 2, 4), ["throughput_inference.svg", "latency_inference.svg", "steps.svg"]),
    ],
)
def test_three_batch_sizes_make_a_curve(sizes: tuple[int, ...], names: list[str]) -> None:
    """With fewer, cells stand side by side."""
    cells = [make_cell(batch_size=size) for size in sizes]
    launches = [make_launch(cell=cell, step_seconds=(0.1,)) for cell in cells]

    assert [*plot_titles(assemble([make_run(*launches)]), 0)] == names


def test_many_cells_are_cut_and_counted() -> None:
    """Forty rows in a file; on a page, which has more to show, twenty, and eight with steps."""
    launches = [
        make_launch(cell=make_cell(image_size=32 + pixels), step_seconds=(0.1, 0.1 + pixels / 1000))
        for pixels in range(45)
    ]
    report = assemble([make_run(*launches)])
    files, page = plot_files(report), panel_groups(report, 0)
    side_by_side, steps = (texts_of(files[f"{name}.svg"]) for name in ("cells", "steps"))

    for texts, note in (
        (side_by_side, "5 more cells are not drawn."),
        (steps, "Only 40 of 45 cells: those whose p99 is furthest above p50."),
    ):
        assert sum(text.endswith(" bs8") for text in texts) == 2 * 40
        assert note in " ".join(texts)
    assert [group.panels[0].svg.count(" bs8</text>") for group in page] == [20, 8]
    assert "FP32, image size 76 bs8" in steps
    assert "FP32, image size 32 bs8" not in steps
