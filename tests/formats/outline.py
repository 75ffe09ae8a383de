"""What a page says and draws, as text: every word, and every shape but those of plots.

A line begins with every block; in brackets stand the attributes that say, draw or lead somewhere.
    python tests/formats/outline.py
writes the recorded outline in tests/data/page.txt anew.
"""

import re
import sys
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

TESTS = Path(__file__).parents[1]
OUTLINE = TESTS / "data" / "page.txt"
# What stands within a line, and what is written before it; everything else begins a line.
_WITHIN = ("a", "b", "br", "button", "code", "label", "select", "small", "span", "svg", "use")
_BEFORE = {**dict.fromkeys(_WITHIN, " "), "td": " | ", "th": " | "}
_WITHOUT_END = {"br", "circle", "input", "meta", "path", "rect", "use"}
# Elements whose text nobody reads, and those of plots, which are recorded elsewhere.
_LEFT_OUT = {"head", "script", "symbol", "plot"}
# What a reader neither reads nor sees, or sees in the words and shapes beside it.
_UNSEEN = {"aria-hidden", "aria-pressed", "class", "role", "scope", "tabindex", "type"}
# Longer paths than this are told by their length and a checksum.
_LONGEST = 120


def outline(page: str) -> str:
    """A page as lines."""
    reader = _Reader()
    reader.feed(page)
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return (
        "\n".join(line for line in lines if line and not re.fullmatch(r"[a-z0-9]+:", line)) + "\n"
    )


class _Reader(HTMLParser):
    """Collects the parts of an outline; `open` has the elements that what is read stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        kind = "plot" if values.get("class") == "plot" else tag
        if not _LEFT_OUT & {*self.open, kind}:
            self.parts.append(_BEFORE.get(tag, f"\n{tag}: "))
            told = [f"{name}={_short(values[name])}" for name in values if name not in _UNSEEN]
            self.parts.append(f"[{', '.join(told)}] " if told else "")
        if tag not in _WITHOUT_END:
            self.open.append(kind)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _WITHOUT_END:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()
        self.parts.append(" " if tag in _BEFORE else "\n")

    def handle_data(self, data: str) -> None:
        if not _LEFT_OUT & {*self.open}:
            self.parts.append(data.replace("\n", " "))


def _short(value: str) -> str:
    if len(value) <= _LONGEST or not re.match(r"[mM]-?\d", value):
        return value
    return f"{len(value)} characters {sha256(value.encode()).hexdigest()[:10]}"


def main() -> None:
    """Write the recorded outline."""
    sys.path[:0] = [str(TESTS.parent), str(TESTS)]
    from recorded import two_runs_report

    from suite.formats.html.page import report_html

    OUTLINE.write_text(outline(report_html(two_runs_report())), encoding="utf-8")


if __name__ == "__main__":
    main()
