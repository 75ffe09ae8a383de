"""A template filled into a page: its look, and that no text from outside acts in it."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from suite.formats.html import text
from suite.formats.numbers import milliseconds, percent, rate
from suite.formats.palette import INKS, LOOKS
from suite.model.text import shown, shown_lines

_FOLDER = Path(__file__).parents[1] / "templates"


def filled_page(name: str, **values: Any) -> str:
    """The page of a template: one file with its own style, which loads nothing."""
    page = _environment().get_template(name)
    return page.render(style=inlined("report.css"), inks=INKS, looks=LOOKS, **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,  # a slip in a template fails loudly
        autoescape=True,
        finalize=_finalize,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "rate": rate,
        "ms": milliseconds,
        "percent": percent,
        "times": text.times,
        "lines": _lines,
        "glyph": text.GLYPHS.__getitem__,
    }
    return environment


def _lines(value: str) -> Markup:
    """Text of several lines, whole; its line breaks stay."""
    return escape(shown_lines(value))


def _finalize(value: object) -> object:
    """Text from outside without characters that act; markup of templates as it is."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def inlined(name: str) -> Markup:
    """A file of our own that stands in the page as it is."""
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 - ours, not a user's
