"""A training as text, Markdown and CSV: as recorded, and harmless whatever it is called."""

from dataclasses import replace

import pytest
from builders import make_training_header
from hostile import HOSTILE
from trained import DATA, FILES, trained

from suite.analysis.training_course import training_course
from suite.formats.training import epoch_line, step_line
from suite.model.facts import Facts
from suite.model.text import shown


@pytest.mark.parametrize("name", FILES)
def test_a_document_is_as_recorded(name: str) -> None:
    """Word by word; `python tests/trained.py` writes it anew."""
    assert FILES[name](trained()) == (DATA / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_in_a_document_acts(name: str, kind: str) -> None:
    """No control, bidirectional or invisible character is left, and UTF-8 has all that is."""
    text = FILES[name](trained(HOSTILE[kind]))

    assert not {letter for letter in text.replace("\n", "") if shown(letter) != letter}
    text.encode()


def test_a_training_that_never_began_has_documents() -> None:
    """They say what was to be trained."""
    course = training_course(make_training_header(), [])

    assert "0 of 2" in FILES["training.txt"](course)
    assert FILES["training.csv"](course).count("\n") == 1


def test_a_training_without_onednn_says_how_to_switch_it_on() -> None:
    """In the text that is printed, by the words of its record; nothing where there are none."""
    without = replace(trained(), conditions=Facts(onednn=False, onednn_remedy="set the switch"))

    assert "note: oneDNN's kernels were off; set the switch" in FILES["training.txt"](without)
    assert "oneDNN" not in FILES["training.txt"](trained())


def test_an_epoch_in_one_line_has_what_one_watches() -> None:
    """Loss, rate, accuracy, speed, time, and the time left where it is known."""
    course = trained()

    assert epoch_line(course.epochs[1], course.header, 90.0) == (
        "epoch 2/4, loss 1.2500, learning rate 0.1, top-1 70.0%, top-5 95.0%, 16.00 img/s, 3 s,"
        " 1 min 30 s left"
    )
    assert epoch_line(course.epochs[2], course.header, None) == (
        "epoch 3/4, loss 1.0000, learning rate 0.1, 16.00 img/s, 0 s"
    )
    assert step_line(course.steps, course.header, 2, "training", None, 90.0) == (
        "training: epoch 3/4, step 1/2, loss 1.0000, learning rate 0.1, 1 min 30 s left"
    )
