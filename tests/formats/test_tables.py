"""suite.formats.tables: tables in the width that there is."""

import pytest

from suite.formats.tables import Dialect, Table, paragraph, write_table

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


def test_a_text_that_just_fits_in_its_longest_word_is_wrapped() -> None:
    """A column becomes as narrow as its words allow, down to the narrowest that reads well."""
    table = Table("", ("a", "b"), [("x", "aaaa bbbb")], left=2)

    assert write_table(table, Dialect.TERMINAL, 11).splitlines()[2:] == ["x  aaaa", "   bbbb"]
    assert write_table(table, Dialect.TERMINAL, 12).splitlines()[2:] == ["x  aaaa bbbb"]
