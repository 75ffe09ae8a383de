"""training.html: one page that loads and runs nothing, in which all of a training is found."""

import re
from collections import Counter
from html import unescape

import pytest
from builders import make_training_header
from hostile import HOSTILE
from test_html_page import FETCHING, Page
from trained import trained

from suite.analysis.training_course import training_course
from suite.formats.html.training import training_html
from suite.model.training_course import TrainingCourse


def read(course: TrainingCourse) -> Page:
    return Page(training_html(course))


def words_of(text: str) -> str:
    """What a reader reads, with a space between all elements."""
    body = text.rsplit("</style>", maxsplit=1)[-1]
    return " ".join(unescape(re.sub("<[^>]*>", " ", body)).split())


@pytest.mark.parametrize("is_begun", [True, False])
def test_the_page_is_whole_and_loads_and_runs_nothing(*, is_begun: bool) -> None:
    """Every tag is closed, every link leads to an id here, and the policy forbids scripts."""
    course = trained() if is_begun else training_course(make_training_header(), [])
    text, page = training_html(course), read(course)
    policy = "default-src 'none'; style-src 'unsafe-inline'"

    assert [found for found, count in Counter(page.ids).items() if count > 1] == []
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert [(name, value) for name, value in page.attributes if name in FETCHING] == []
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert not page.elements.keys() & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    assert "\n\n\n" not in text.split("</style>")[-1]
    assert text.endswith("</html>\n")


def test_the_result_stands_beside_what_was_published() -> None:
    """Accuracy with its interval, hours, speed, energy, and that it is not the recipe as it is."""
    text = words_of(training_html(trained()))

    for words in (
        "Top-1 70.00% published 76.99% 95 %: 60.42% to 78.11%, of 100 images",
        "published 3.5 h",
        "Speed 16.00 img/s",
        "4.43 kJ 0.00123 kWh by mine",
        "without part 1: it left no record",
        "Not the recipe as it is: data dali, not mine.",
        "stopped: by mine",
        "part 2: mine.",
        "2 of 4 epochs",
    ):
        assert words in text, words


def test_the_page_has_every_epoch_plot_setting_and_part() -> None:
    """Three epochs, the curves of loss, learning rate and accuracy, and the machine meanwhile."""
    text, page = training_html(trained()), read(trained())
    epochs = text.split('id="epochs"')[1].split("</table>")[0]

    assert epochs.count("<tr>") == 1 + 3
    assert page.elements["figure"] == 3
    assert [re.sub("<.*?>", "", each) for each in re.findall("<figcaption><b>.*?</b>", text)] == [
        "Loss", "Learning rate", "Accuracy",
    ]  # fmt: skip
    assert "static_loss_scale 128.0" in words_of(text)
    assert "part readings power W peak" in words_of(text)


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_text_from_outside_becomes_markup(kind: str) -> None:
    """A hostile name adds no element and no attribute to the page."""
    hostile, plain = read(trained(HOSTILE[kind])), read(trained())

    assert hostile.elements == plain.elements
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]


def test_a_training_without_a_step_has_a_page() -> None:
    """It says that nothing is known yet."""
    page = read(training_course(make_training_header(), []))

    assert "0 of 2 epochs" in page.text
    assert "not evaluated" in page.text
    assert page.elements["figure"] == 0
