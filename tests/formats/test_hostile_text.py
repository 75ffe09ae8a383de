"""Every format of a report beside every hostile text: it stays a text, wherever it stands."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hostile import HOSTILE, reference_with, run_with
from markdown_it import MarkdownIt
from recorded import recorded_run
from test_report_documents import FORMATS

from suite.analysis.assemble import assemble
from suite.analysis.pairs import paired
from suite.model.report import Report
from suite.model.text import LONGEST, shown

PLAIN = "nothing"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@cache
def report_with(kind: str) -> Report:
    """Two runs beside each other and beside a table, in which every text is hostile."""
    text = HOSTILE[kind]
    runs = [run_with(text, started_at=f"2026-01-02T03:04:0{place}+00:00") for place in range(2)]
    return paired(assemble(runs, [reference_with(text)]))


@cache
def rendered(name: str, kind: str) -> str:
    """The report in a format."""
    return FORMATS[name].render(report_with(kind))


def of_formats(*suffixes: str) -> list[str]:
    """The formats whose names end so."""
    return [name for name in FORMATS if name.endswith(suffixes)]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_in_a_format_acts(name: str, kind: str) -> None:
    """No control, bidirectional or invisible character is left, and UTF-8 has all that is."""
    text = rendered(name, kind)

    assert not {character for character in {*text} - {"\n"} if shown(character) != character}
    text.encode()


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"report.json"}))
@pytest.mark.parametrize("kind", ["long", "long, of many words"])
def test_a_long_text_buries_nothing(name: str, kind: str) -> None:
    """It loses its middle wherever it stands; report.json has it whole."""
    text = rendered(name, kind)

    assert "x" * LONGEST not in text
    assert "word " * (LONGEST // len("word ")) not in " ".join(text.split())
    assert len(text) < len(rendered(name, PLAIN)) + 200 * LONGEST
    assert HOSTILE[kind] in rendered("report.json", kind)


def structure_of_markdown(text: str) -> list[tuple[str, set[str]]]:
    """Each block, and the kinds of what is in its lines."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [
        (token.type, {child.type for child in token.children or ()} - {"text_special", "softbreak"})
        for token in tokens
    ]


class Elements(HTMLParser):
    """The elements of a page in order, and the names of their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))


def structure_of_xml(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements in order, and the names of their attributes."""
    root = ET.fromstring(text.encode())  # noqa: S314 - rendered here
    return [(element.tag, tuple(element.keys())) for element in root.iter()]


def structure_of_csv(text: str) -> list[tuple[bool, ...]]:
    """The rows, and which of their fields are numbers."""

    def is_number(field: str) -> bool:
        return bool(re.fullmatch(r"-?\d+(\.\d+)?(e[-+]?\d+)?|", field))

    return [tuple(map(is_number, row)) for row in csv.reader(io.StringIO(text))]


STRUCTURES: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(of_formats(".md"), structure_of_markdown),
    **dict.fromkeys(of_formats(".html"), lambda text: Elements(text).found),
    **dict.fromkeys(of_formats(".xml"), structure_of_xml),
    **dict.fromkeys(of_formats(".csv"), structure_of_csv),
}


@pytest.mark.parametrize("name", STRUCTURES)
@pytest.mark.parametrize("kind", sorted(set(HOSTILE) - {PLAIN}))
def test_no_text_changes_the_structure_of_a_document(name: str, kind: str) -> None:
    """Headings, tables, elements, attributes, rows and columns are those of a plain name."""
    structure = STRUCTURES[name]

    assert structure(rendered(name, kind)) == structure(rendered(name, PLAIN))


@pytest.mark.parametrize("name", of_formats(".csv"))
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_field_is_a_formula(name: str, kind: str) -> None:
    """A text that a spreadsheet would compute is quoted as a text; negative numbers stay."""
    for row in csv.reader(io.StringIO(rendered(name, kind))):
        for field in row:
            assert not field.startswith(FORMULA) or re.fullmatch(r"-\d+(\.\d+)?(e[-+]?\d+)?", field)


@pytest.mark.parametrize("kind", HOSTILE)
def test_report_json_has_the_text_itself(kind: str) -> None:
    """A program gets what was there, to the last character that JSON has."""
    (first, _) = json.loads(rendered("report.json", kind))["runs"]
    text = HOSTILE[kind]
    as_json = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)

    assert first["header"]["device"] == as_json
    assert first["coverage"]["damaged"][0]["problem"] == as_json
    assert rendered("report.json", kind).isascii()


@pytest.mark.parametrize("name", of_formats(".txt", ".md", ".xml"))
@pytest.mark.parametrize("kind", ["other scripts", "many marks", "quotes"])
def test_letters_of_any_script_stay(name: str, kind: str) -> None:
    """What is harmless is shown as it is, for those who read it."""
    text = rendered(name, kind).replace("&quot;", '"').replace("\\`", "`")

    assert HOSTILE[kind].split()[0] in text


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "value", [None, -1.5, True, "x", [], [3, None], {"gpus": [3], "cpu": "x", "hosts": {}}]
)
def test_a_header_of_another_shape_is_rendered(name: str, value: object) -> None:
    """The parts of run.json that have no types hold whatever somebody put there."""
    held = dict.fromkeys(("gpus", "cpu", "nvml", "hosts", "python", "variables"), value)
    run = recorded_run()
    header = replace(run.header, machine=held, environment=held, distributed=held)
    form = FORMATS[name]

    assert form.render(form.report(replace(run, header=header)))


def test_a_page_runs_its_own_script_alone() -> None:
    """Whatever the names: one script, and no attribute that holds code or leads elsewhere."""
    for kind in HOSTILE:
        found = Elements(rendered("report.html", kind)).found
        counts = Counter(tag for tag, _ in found)
        attributes = {name for _, names in found for name in names}

        assert counts["script"] == 1
        assert not {name for name in attributes if name.startswith("on")}
        assert "javascript:" not in rendered("report.html", "html")
