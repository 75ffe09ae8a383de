"""suite.formats.reference_tables: tables in the published page's layout."""

from dataclasses import replace
from pathlib import Path

from suite.analysis.scaling import scaling_of, times_of
from suite.formats.reference_tables import page_tables, reference_text
from suite.formats.tables import Dialect
from suite.model.reference import Reference, ReferenceTable
from suite.model.systems import SYSTEMS
from suite.store.references import REFERENCE_DIRECTORY, published_reference, read_system

PAGE = Path(__file__).parents[1] / "data" / "published_page.txt"


def published(name: str) -> Reference:
    """A published system, with its published derived columns."""
    return read_system(REFERENCE_DIRECTORY / f"{name}.csv")


def test_every_table_of_the_page_is_given_back() -> None:
    """Headings, titles, order and rows of each system are those of the page, to the digit.

    The exception is a comma that was meant as a point.
    """
    shown = []
    for system in SYSTEMS:
        heading = ""
        for item in page_tables(published(system.key)):
            above, table = item.heading, item.table
            shown += ["", above] if above != heading else []
            shown += ["", table.title] if table.title else []
            shown += [" ".join(line) for line in (table.headers, *table.rows)]
            heading = above
    page = PAGE.read_text(encoding="utf-8").replace("17,89", "17.89")

    assert sorted(shown[1:]) == sorted(page.splitlines())


def test_the_terminal_document_is_whole() -> None:
    """A system with training and inference tables is shown as expected, within 100 columns."""
    text = reference_text(published("dgx1"), Dialect.TERMINAL)
    expected = PAGE.with_name("reference_show_dgx1.txt").read_text(encoding="utf-8")

    assert text + "\n" == expected
    assert max(map(len, text.splitlines())) <= 100


def test_a_users_own_rows_get_derived_columns() -> None:
    """What was never published is derived from the rows; in Markdown, and without XLA."""
    base, amp = (
        replace(row, system="mine", xla=False) for row in published_reference("dgx1").rows[:2]
    )
    single = replace(published_reference("t4").rows[0], system="mine", latency_p99_ms=None)
    rows = (base, amp, replace(amp, gpus=2, throughput_img_s=2413.5, note="a guess"), single)
    own = Reference(
        table=ReferenceTable("mine", rows),
        accuracy=(),
        scaling=scaling_of(rows),
        times=times_of(rows),
    )

    text = reference_text(own, Dialect.MARKDOWN)
    expected = PAGE.with_name("reference_show_mine.md").read_text(encoding="utf-8")

    assert text + "\n" == expected


def test_a_training_table_may_have_one_line() -> None:
    """As one of a single GPU."""
    base, amp = (replace(row, system="mine") for row in published_reference("dgx1").rows[:2])
    rows = (base, amp)
    own = Reference(
        table=ReferenceTable("mine", rows), accuracy=(), scaling=scaling_of(rows), times=()
    )
    lines = reference_text(own, Dialect.TERMINAL).splitlines()

    assert len([line for line in lines if "img/s" in line and line.strip()[0] == "1"]) == 1


def test_notes_end_a_table() -> None:
    """A list under its heading, on a terminal without a gap; without a note there is neither."""
    row = replace(published_reference("t4").rows[0], note="a <b>guess</b>")
    own = Reference(table=ReferenceTable("mine", (row,)), accuracy=(), scaling=(), times=())
    without = replace(own, table=ReferenceTable("mine", (replace(row, note=""),)))
    note = "- inference, fp32, batch size 1: a"

    terminal, markdown = (reference_text(own, dialect) for dialect in Dialect)
    assert terminal.endswith(f"\n\nNotes\n{note} <b>guess</b>")
    assert markdown.endswith(f"\n\n## Notes\n\n{note} &lt;b>guess&lt;/b>")
    assert "Notes" not in reference_text(without, Dialect.TERMINAL)


def test_a_files_further_columns_follow_its_tables() -> None:
    """Columns beyond the published ones are shown by row, safe to print, within 100 columns."""
    first, second, third = (
        replace(row, system="mine") for row in published_reference("t4").rows[:3]
    )
    remark = "on shelf 3, beside the door that nobody closes, so that it is colder there in winter"
    rows = (
        replace(first, extra={"driver": "535.10", "\x1b[31m": "", "a long remark": remark}),
        replace(second, extra={"driver": "", "\x1b[31m": "", "a long remark": ""}),
        replace(third, extra={"driver": "=1+1", "\x1b[31m": "a|b\n", "a long remark": ""}),
    )
    own = Reference(table=ReferenceTable("mine", rows), accuracy=(), scaling=(), times=())

    terminal, markdown = (reference_text(own, dialect) for dialect in Dialect)

    assert terminal.partition("Further columns\n\n")[2] == FURTHER_COLUMNS
    assert r"| inference, fp32, batch size 4 | =1+1" in markdown
    assert r"a\|b" in markdown
    assert "## Further columns" in markdown
    assert "\x1b" not in terminal + markdown


FURTHER_COLUMNS = r"""
Row                            driver  \x1b[31m  a long
                                                 remark
-----------------------------  ------  --------  --------------------------------------------------
inference, fp32, batch size 1  535.10  -         on shelf 3, beside the door that nobody closes, so
                                                 that it is colder there in winter
inference, fp32, batch size 4  =1+1    a|b\n     -
""".strip()
