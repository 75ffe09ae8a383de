"""suite.formats.plots.panel_groups: small inline elements in the colours of the page."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from plotted import cpu_report, scaling_report, t4_report

from suite.analysis.assemble import join
from suite.formats.palette import INKS, LOOKS, look
from suite.formats.plots import Panel, PanelGroup, panel_groups
from suite.formats.plots.style import drawing
from suite.model.cell import Precision
from suite.model.report import Report

VARIABLES = {f"--c-{each.slug}" for each in LOOKS} | {f"--{ink.name}" for ink in INKS}
# No plot of the page is larger; the page of the T4 has fifteen.
LARGEST = 15_000


@pytest.fixture(scope="module")
def groups() -> list[PanelGroup]:
    """Every panel of three runs, as they would stand on one page."""
    report = join([t4_report(), cpu_report(), scaling_report()])
    return [group for run in range(3) for group in panel_groups(report, run)]


@pytest.fixture(scope="module")
def panels(groups: list[PanelGroup]) -> list[Panel]:
    return [panel for group in groups for panel in group.panels]


def test_a_page_has_a_panel_for_each_condition(groups: list[PanelGroup]) -> None:
    """With its look, so that the page gives the title the colour and the shape of the curve."""
    throughput = groups[0]

    assert throughput.title == "Throughput by batch size, inference"
    assert throughput.note == "Mean of per-step rates, one scale from zero."
    assert [(panel.title, panel.unit) for panel in throughput.panels] == [
        ("FP32", "img/s"),
        ("AMP", "img/s"),
        ("AMP + XLA", "img/s"),
    ]
    assert [panel.look for panel in throughput.panels] == [
        look(Precision.FP32, xla=False),
        look(Precision.AMP, xla=False),
        look(Precision.AMP, xla=True),
    ]


def test_colours_are_those_of_the_page(panels: list[Panel]) -> None:
    """No colour is fixed, and every variable is one that the page defines."""
    for panel in panels:
        assert not re.search("#[0-9a-f]{6}", panel.svg)
        assert set(re.findall(r"var\((--[\w-]+)\)", panel.svg)) <= VARIABLES
    assert "var(--c-fp32)" in panels[0].svg
    assert "var(--failed)" in panels[0].svg


def test_ids_are_unique_on_a_page_and_every_reference_has_its_own(panels: list[Panel]) -> None:
    """No panel draws the shape of another one's marker."""
    seen: set[str] = set()
    for panel in panels:
        ids = re.findall(r'\bid="([^"]*)"', panel.svg)
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        assert set(re.findall(r'href="#([^"]*)"', panel.svg)) == set(ids)


def test_a_panel_is_one_small_element(panels: list[Panel]) -> None:
    """Of its natural width, with a sentence for those who cannot see it, and no prolog or style."""
    for panel in panels:
        root = ET.fromstring(panel.svg)  # noqa: S314 - drawn here
        left, top, width, height = map(float, root.attrib["viewBox"].split())

        assert root.tag == "svg"
        assert (left, top, width) == (0, 0, 352)
        assert 50 < height < 500
        assert (root.attrib["class"], root.attrib["role"]) == ("plot", "img")
        assert root.attrib["aria-label"].endswith(".")
        assert "width" not in root.attrib
        assert not {"style", "metadata", "clipPath"} & {child.tag for child in root.iter()}
        assert "clip-path" not in panel.svg
        assert "\n" not in panel.svg
        assert "font-family" not in panel.svg
        assert len(panel.svg) < LARGEST


def test_nothing_is_turned_by_nothing(panels: list[Panel]) -> None:
    """Zero degrees, as every word has them in an SVG of matplotlib, are not said."""
    assert not any("rotate" in panel.svg for panel in panels)


def test_text_is_large_enough_and_stays_text(panels: list[Panel]) -> None:
    """At natural size nothing is smaller than 11 px, and ticks can be found as words."""
    for panel in panels:
        assert {float(size) for size in re.findall(r"font-size:([\d.]+)px", panel.svg)} == {11}
    assert ">out of memory</text>" in panels[0].svg


def test_a_sentence_says_what_a_panel_shows(panels: list[Panel]) -> None:
    """Measured and published numbers at both ends, and what has none."""
    label = ET.fromstring(panels[0].svg).attrib["aria-label"]  # noqa: S314 - drawn here

    assert label == (
        "Throughput by batch size, inference: FP32, measured 140 img/s at batch 1 to 439 at batch"
        " 64; published 136 at batch 1 to 426 at batch 256; out of memory at batch 128; skipped at"
        " batch 256."
    )


def coordinates(path: str) -> list[tuple[float, float]]:
    """The ends of the moves of a path, added up."""
    x = y = 0.0
    start, ends = (0.0, 0.0), []
    for letter, numbers in re.findall(r"([mlhvz])([^mlhvz]*)", path):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if letter == "z":
            x, y = start
            continue
        x += 0 if letter == "v" else values[0]
        y += values[-1] if letter != "h" else 0
        if letter == "m":
            start = (x, y)
        ends.append((round(x, 1), round(y, 1)))
    return ends


def test_short_paths_lead_where_long_ones_did() -> None:
    """Moves by tenths of a unit add up to places within a twentieth, also after many of them."""
    from suite.formats.plots.svg import _path

    long = "M 1.26 2 \nL 3.333333 2 \nL 3.333333 9.06 \nL 1 -4.44 \nz\nM 7.77 1.2 \nL 8 1.2 "

    assert _path(long) == "m1.3 2h2v7.1l-2.3-13.5zm6.5-0.8h0.2"
    assert coordinates(_path(long)) == [
        (1.3, 2.0), (3.3, 2.0), (3.3, 9.1), (1.0, -4.4), (7.8, 1.2), (8.0, 1.2),
    ]  # fmt: skip
    assert _path("M 0 3 \nC 0.795609 3 1.55874 2.683901 2 2 \nz\n") == "M0 3C0.8 3 1.6 2.7 2 2z"


@pytest.mark.parametrize(
    "font",
    [
        "font: 700 11px 'DejaVu Sans', sans-serif",
        "font-weight: 700; font-size: 11px; font-family: 'DejaVu Sans', sans-serif",
    ],
)
def test_styles_are_short_in_whatever_version_of_matplotlib(font: str) -> None:
    """The family is the page's, what holds anyway is not said, and colours are variables."""
    from suite.formats.plots.svg import _style

    style = f"{font}; text-anchor: start; fill: #0072b2; stroke: #16191d; stroke-linecap: butt"

    assert _style(style) == "font-weight:700;font-size:11px;fill:var(--c-fp32);stroke:var(--ink)"
    assert _style("font: 11px serif; text-anchor: end") == "font-size:11px;text-anchor:end"


def test_a_group_that_places_what_is_in_it_stays() -> None:
    """Only bare groups give their children away; matplotlib places a formula by its group."""
    from matplotlib.figure import Figure

    from suite.formats.plots.svg import inline_svg

    figure = Figure(figsize=(1, 1), dpi=72)
    figure.text(0.5, 0.5, "$x^2$", parse_math=True)
    with drawing():
        (group,) = ET.fromstring(inline_svg(figure, "p0", "A formula.")).iter("g")  # noqa: S314

    assert group.get("transform") == "translate(36 36)"


@pytest.mark.parametrize("make", [t4_report, cpu_report])
def test_the_same_run_gives_the_same_panels(make: Callable[[], Report]) -> None:
    """A page is the same file whenever it is made."""
    assert panel_groups(make(), 0) == panel_groups(make(), 0)


def test_each_run_has_its_own_panels() -> None:
    """The second run of a report is drawn with its own numbers."""
    report = join([t4_report(), cpu_report()])

    assert [group.title for group in panel_groups(report, 1)] == [
        "Cells side by side",
        "Step times",
    ]
