"""A figure as a file, or as an SVG element inside a page: small, in the page's colours and font."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import TYPE_CHECKING

from suite.formats.palette import INKS, LOOKS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_DROPPED = {f"{_SVG}{tag}" for tag in ("metadata", "style")}
# The colours of the light theme -> the page's variables, which know the dark one as well.
_VARIABLES = {
    **{look.light: f"var(--c-{look.slug})" for look in LOOKS},
    **{ink.light: f"var(--{ink.name})" for ink in INKS},
}
_COLOUR = re.compile("|".join(_VARIABLES))
_STEP = re.compile(r"([A-Za-z])(?: (-?[\d.]+) (-?[\d.]+))?")
_NUMBER = re.compile(r"-?\d+\.\d+")
# What holds without being said, and what the page decides.
_IDLE = re.compile(
    r"stroke-linejoin: (?:miter|round)|stroke-linecap: (?:butt|square)|stroke-dashoffset: 0"
    r"|text-anchor: start|opacity: 1|font-family: .*"
)
# A weight, if it is not the usual one, and a size: as matplotlib before 3.10 writes them.
_FONT = re.compile(r"font: (?:(\d+) )?([\d.]+px) .*")
_NO_TURN = re.compile(r"rotate\(-?0(?: [^)]*)?\)")
# Twice the natural size, for screens of high density.
_PNG_DOTS = 144


def svg_bytes(figure: "Figure") -> bytes:
    """A whole SVG file, the same for the same figure: no date, and no version of matplotlib."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def png_bytes(figure: "Figure") -> bytes:
    """The same as a picture of pixels, at twice the natural size."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_PNG_DOTS, metadata={"Software": None})
    return file.getvalue()


def inline_svg(figure: "Figure", name: str, says: str) -> str:
    """The figure as one element; `name` sets its ids apart, and `says` is read out in its place.

    Colours are `var(--c-...)` for conditions and `var(--...)` for inks, text has the page's font,
    and the width is left to the page's rule for the class `plot`.
    """
    width, height = figure.bbox.size
    (root,) = _plain(ET.fromstring(svg_bytes(figure)))  # noqa: S314 - drawn here
    ids: dict[str, str] = {}
    for element in root.iter():
        _simplify(element, ids, name)
    root.attrib = {
        "class": "plot",
        "viewBox": f"0 0 {width:g} {height:g}",
        "role": "img",
        "aria-label": says,
        "stroke-linejoin": "round",
    }
    return ET.tostring(root, encoding="unicode")


def _plain(element: ET.Element) -> Iterator[ET.Element]:
    """The element without what an inline one does not need; a bare group gives its children."""
    children = [plain for child in element for plain in _plain(child)]
    is_group = element.tag == f"{_SVG}g" and not set(element.attrib) - {"id"}
    is_empty = element.tag in {f"{_SVG}defs", f"{_SVG}g"} and not children
    if is_group:
        yield from children
    elif element.tag not in _DROPPED and not is_empty:
        element[:] = children
        yield element


def _simplify(element: ET.Element, ids: dict[str, str], name: str) -> None:
    """Shorten an element in place; `ids` are those of what is referred to, old and new."""
    # Without a prefix the element belongs to the page, and no name space has to be declared.
    element.tag = element.tag.removeprefix(_SVG)
    element.tail = None
    if element.tag != "text":
        element.text = None
    given, element.attrib = element.attrib, {}
    for key, value in given.items():
        if key == "id":
            ids[value] = f"{name}-{len(ids)}"
            element.set(key, ids[value])
        elif key == _LINK:
            element.set("href", f"#{ids[value.removeprefix('#')]}")
        elif key == "style":
            element.set(key, _style(value))
        elif key == "d":
            element.set(key, _path(value))
        elif key != "transform" or (value := _NO_TURN.sub("", value).strip()):
            element.set(key, _numbers(value))


def _style(style: str) -> str:
    parts = [_FONT.sub(_long_font, part) for part in style.split("; ")]
    kept = [part for part in "; ".join(parts).split("; ") if not _IDLE.fullmatch(part)]
    short = ";".join(part.replace(": ", ":") for part in kept)
    return _COLOUR.sub(lambda found: _VARIABLES[found[0]], short)


def _long_font(found: re.Match[str]) -> str:
    weight, size = found.groups()
    return f"font-weight: {weight}; font-size: {size}" if weight else f"font-size: {size}"


def _path(path: str) -> str:
    """A path of straight lines by its moves, in tenths of a unit; any other with its numbers short.

    Each move is from where the last one ended after rounding, so that errors do not add up.
    """
    steps = _STEP.findall(path)
    if not {letter for letter, _, _ in steps} <= {"M", "L", "z"}:
        return _numbers(path)
    moves = []
    at_x = at_y = start_x = start_y = 0
    for letter, x, y in steps:
        if letter == "z":
            moves.append("z")
            at_x, at_y = start_x, start_y
            continue
        right, down = round(float(x) * 10) - at_x, round(float(y) * 10) - at_y
        at_x, at_y = at_x + right, at_y + down
        if letter == "M":
            start_x, start_y = at_x, at_y
        moves.append(_move(letter.lower(), right, down))
    return "".join(moves)


def _move(letter: str, right: int, down: int) -> str:
    """A move by tenths of a unit; a level or upright line needs one number."""
    if letter == "l" and 0 in {right, down}:
        return f"h{right / 10:g}" if right else f"v{down / 10:g}"
    return f"{letter}{right / 10:g} {down / 10:g}".replace(" -", "-")


def _numbers(text: str) -> str:
    """Numbers to a tenth of a unit, and no space where a letter parts them."""
    rounded = _NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), text)
    return re.sub(r"\s*([A-Za-z(),])\s*|\s+", lambda found: found[1] or " ", rounded).strip()
