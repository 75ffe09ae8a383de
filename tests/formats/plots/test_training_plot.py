"""suite.formats.plots.training: a training as a picture, whatever it is called."""

from xml.etree import ElementTree as ET

import pytest
from builders import make_training_header
from drawn import DATA, described
from hostile import EVERYTHING
from trained import trained

from suite.analysis.training_course import training_course
from suite.formats.palette import look
from suite.formats.plots.figures import group_figure
from suite.formats.plots.style import drawing
from suite.formats.plots.training import training_charts, training_plots
from suite.model.cell import Precision
from suite.model.text import shown


def test_a_training_without_a_step_has_no_plot() -> None:
    """There is nothing to draw."""
    assert training_plots(training_course(make_training_header(), [])) == {}


def texts(course_name: str) -> list[str]:
    """What is written in the picture."""
    svg = ET.fromstring(training_plots(trained(course_name))["training.svg"])  # noqa: S314 - ours
    return [text for text in (part.strip() for part in svg.itertext()) if text]


def test_the_plot_has_the_last_numbers_in_the_colour_of_the_precision() -> None:
    """Loss, learning rate and top-1 beside the ends of their curves."""
    assert {"Loss", "Learning rate", "Accuracy", "1", "0.1", "70.00"} <= set(texts("mine"))
    plots = training_plots(trained())
    assert look(Precision.AMP, xla=False).light.encode() in plots["training.svg"]
    assert plots == training_plots(trained())


@pytest.mark.parametrize("name", [EVERYTHING, "x" * 900, "日本語", "$x$"])
def test_any_name_is_drawn(name: str) -> None:
    """Hostile and long ones too."""
    assert all(shown(text) == text for text in texts(name))


def test_the_plot_is_drawn_as_recorded() -> None:
    """Every number, colour, size, place and word; the description is written anew by hand."""
    with drawing():
        found = described(group_figure(training_charts(trained()), "a training"))

    assert found == (DATA / "training.txt").read_text(encoding="utf-8")
