"""suite.formats.tables: tables in the width that there is."""

import subprocess

import pytest

from suite.formats.tables import Dialect, Table, folded_command, paragraph, plain_table, write_table
from suite.model.text import command

TABLE = Table(
    "",
    ("cell", "img/s of all GPUs", "speedup over one GPU", "what stands in its way"),
    [
        ("training-amp-xla-bs128-8gpu", "1234.50", "7.76x within", "quick, other device"),
        ("training-fp32-bs128-8gpu", "567.80", "7.44x", ""),
    ],
)

AS_IT_IS = """\
cell                         img/s of all GPUs  speedup over one GPU  what stands in its way
---------------------------  -----------------  --------------------  ----------------------
training-amp-xla-bs128-8gpu            1234.50          7.76x within     quick, other device
training-fp32-bs128-8gpu                567.80                 7.44x"""

TITLES_WRAPPED = """\
cell                         img/s of       speedup                 what
                             all GPUs      over one            stands in
                                                GPU              its way
---------------------------  --------  ------------  -------------------
training-amp-xla-bs128-8gpu   1234.50  7.76x within  quick, other device
training-fp32-bs128-8gpu       567.80         7.44x"""

TEXTS_WRAPPED = """\
cell                         img/s of       speedup          what
                             all GPUs      over one     stands in
                                                GPU       its way
---------------------------  --------  ------------  ------------
training-amp-xla-bs128-8gpu   1234.50  7.76x within  quick, other
                                                           device
training-fp32-bs128-8gpu       567.80         7.44x"""

CLOSE_TOGETHER = """\
cell                        img/s of  speedup      what
                            all GPUs over one stands in
                                          GPU   its way
--------------------------- -------- -------- ---------
training-amp-xla-bs128-8gpu  1234.50    7.76x    quick,
                                       within     other
                                                 device
training-fp32-bs128-8gpu      567.80    7.44x"""


@pytest.mark.parametrize(
    ("width", "expected"),
    [(100, AS_IT_IS), (80, TITLES_WRAPPED), (66, TEXTS_WRAPPED), (10, CLOSE_TOGETHER)],
)
def test_a_table_is_made_only_as_narrow_as_it_has_to_be(width: int, expected: str) -> None:
    """Titles are wrapped first, then texts, then columns move closer; ids and numbers are whole."""
    assert write_table(TABLE, Dialect.TERMINAL, width) == expected


def test_markdown_has_no_width() -> None:
    """A reader of Markdown wraps cells by itself."""
    assert write_table(TABLE, Dialect.MARKDOWN, 10) == write_table(TABLE, Dialect.MARKDOWN)


@pytest.mark.parametrize(("width", "longest"), [(80, 80), (100, 100), (300, 100)])
def test_paragraphs_are_as_wide_as_they_read_well(width: int, longest: int) -> None:
    """A wide terminal has wide tables, not lines that the eye loses."""
    lines = paragraph("word " * 100, width).splitlines()

    assert longest - 5 < max(map(len, lines)) <= longest


def test_facts_are_written_as_they_are_given() -> None:
    """Each digit, on the left like every text; a value goes on below itself."""
    assert plain_table([("rate", "1.50"), ("cores", "12")]) == "  rate   1.50\n  cores  12"
    assert plain_table([("note", "aa bb")], 4) == "  note  aa\n        bb"


def test_a_text_that_just_fits_in_its_longest_word_is_wrapped() -> None:
    """A column becomes as narrow as its words allow, down to the narrowest that reads well."""
    table = Table("", ("a", "b"), [("x", "aaaa bbbb")], left=2)

    assert write_table(table, Dialect.TERMINAL, 11).splitlines()[2:] == ["x  aaaa", "   bbbb"]
    assert write_table(table, Dialect.TERMINAL, 12).splitlines()[2:] == ["x  aaaa bbbb"]


WORDS = [
    "run",
    "two words",
    "it's",
    "--flag=a b",
    "$HOME",
    '"',
    "\\",
    "tab\there",
    "é",
    "x" * 50,
    "",
]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_folded_command_is_the_same_command(width: int) -> None:
    """A shell reads the same words from its lines, which are as wide as one word needs at most."""
    line = command(["printf", "%s\\0", *WORDS])
    text = folded_command(line, width, "  ")
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True)

    assert done.stdout.split("\0")[:-1] == WORDS
    assert max(map(len, text.splitlines())) <= max(width, len(f"    {'x' * 50} \\"))
    assert len(text.splitlines()) == 1 or width < 200


def test_a_command_that_fits_is_left_alone() -> None:
    """Nothing is folded without need, and the last column is used."""
    line = command(["run", "quick", "--only", "precision == amp"])

    assert folded_command(line, len(line)) == line
    assert folded_command(line, len(line) - 1) == "run quick \\\n--only 'precision == amp'"


def test_a_text_is_wrapped_by_no_more_than_it_takes() -> None:
    """What is one column shorter than the longest text has room where that one is wrapped."""
    longest, shorter = "aaaaaaaaaa bbbbbbbbbb cc", "dddddddddd eeeeeeeeee f"
    table = Table("", ("", "x"), [(longest, "1"), (shorter, "2")])
    lines = write_table(table, Dialect.TERMINAL, 26).splitlines()

    assert lines[2:] == ["aaaaaaaaaa bbbbbbbbbb    1", "cc", f"{shorter}  2"]
