"""Whole documents from the templates beside this file."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from suite.formats.markdown import Markdown, line


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,  # a slip in a template fails loudly
        autoescape=False,  # noqa: S701 - every value is escaped for Markdown instead
        finalize=_written,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _written(value: object) -> object:
    """A value as a template writes it: text that is not Markdown yet is made harmless."""
    return line(value) if isinstance(value, str) and not isinstance(value, Markdown) else value


def fill_template(template: str, **values: object) -> str:
    """The text of a template; every name it uses must be given."""
    return _environment().get_template(template).render(**values)
