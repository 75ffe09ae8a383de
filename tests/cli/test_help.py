"""What `--help` of every verb looks like on a narrow terminal."""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from suite.cli.parser import make_parser
from suite.run.flags import parse_order

WIDTH = 80
# A help of more flags than this is read in groups.
MOST_UNGROUPED = 6


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser, and those of its verbs and their actions."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from parsers(verb)


EVERY = {parser.prog: parser for parser in parsers(make_parser())}
WHOLE, *VERBS = EVERY


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))


@pytest.mark.parametrize("prog", EVERY)
def test_help_fits_a_narrow_terminal(prog: str) -> None:
    """No line is cut or wrapped at 80 columns, examples and exit codes included."""
    lines = EVERY[prog].format_help().splitlines()

    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("prog", VERBS)
def test_help_ends_with_an_example_that_works(prog: str) -> None:
    """Each verb and action shows how it is called, in words that the parser takes."""
    text = EVERY[prog].format_help()
    examples = [
        words
        for line in text.partition("\nexample")[2].splitlines()[1:]
        if (words := shlex.split(line))
    ]

    assert examples
    for example in examples:
        start = example.index(prog.split()[1])
        assert " ".join(example[start:]).startswith(" ".join(prog.split()[1:]))
        make_parser().parse_args(example[start:])


@pytest.mark.parametrize("prog", VERBS)
def test_many_flags_are_in_groups(prog: str) -> None:
    """A long list of flags has titles that say what they are about."""
    parser = EVERY[prog]
    flags = [action for action in parser._actions if action.option_strings]
    ungrouped = parser._optionals._group_actions

    assert len(flags) <= MOST_UNGROUPED or len(ungrouped) <= 2


def test_each_verb_is_on_a_line_with_what_it_does() -> None:
    """The list of verbs reads as a table."""
    text = EVERY[WHOLE].format_help()

    for prog in VERBS:
        verb = prog.split()[-1]
        if prog.split()[-2] == WHOLE.split()[-1]:
            assert re.search(rf"^    {verb} +\w", text, re.MULTILINE)


def test_the_program_of_one_cell_has_help_of_the_same_kind() -> None:
    """It fits, and ends with an example that the program takes."""
    words = [sys.executable, "-m", "suite.kernels", "--help"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    example = text.splitlines()[-1]

    assert max(map(len, text.splitlines())) <= WIDTH
    assert example.startswith("example: python -m suite.kernels --")
    assert parse_order(shlex.split(example)[4:]).cell.id == "inference-amp-bs8-1gpu"
