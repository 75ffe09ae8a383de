"""What a figure shows, as text: every line, shape and word with its look and its place.

Places are in units, from the lower left corner of the figure.
    python tests/formats/plots/drawn.py
writes the recorded descriptions in tests/data/plots anew.
"""

import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text

TESTS = Path(__file__).parents[2]
DATA = TESTS / "data" / "plots"
# Longer lines than this are told by their number of points, their extent and a checksum.
_MOST_POINTS = 16


def described(figure: Figure) -> str:
    """The figure and everything in it, a line each."""
    paper = figure.patch
    background = to_hex(paper.get_facecolor()) if paper.get_visible() else "nothing"
    lines = [f"figure {_numbers(figure.bbox.size)} on {background}"]
    lines += [f"  {_artist(artist)}" for artist in (*figure.artists, *figure.texts)]
    return "\n".join(lines) + "\n"


def _artist(artist: Artist) -> str:
    match artist:
        case Line2D():
            told = _line(artist)
        case Text():
            told = _text(artist)
        case Polygon():
            told = _shape(artist)
    return f"{told} over {artist.get_zorder():g}"


def _line(line: Line2D) -> str:
    parts = [f"line {_places(line, line.get_xydata())}"]
    if line.get_linestyle() != "None":
        dashes = "" if line.get_linestyle() == "-" else vars(line)["_unscaled_dash_pattern"]
        parts.append(f"{_colour(line.get_color(), line)} {line.get_linewidth():g} wide {dashes}")
    shape: Any = line.get_marker()
    if shape != "None":
        outline = shape if isinstance(shape, str) else _checksum(shape.vertices.round(3).tolist())
        inside, edge = line.get_markerfacecolor(), line.get_markeredgecolor()
        parts.append(
            f"marks {outline} {line.get_markersize():g} {_colour(inside, line)}"
            f" edge {_colour(edge, line)} {line.get_markeredgewidth():g}"
        )
    return " ".join(parts)


def _text(text: Text) -> str:
    aligned = f"{text.get_horizontalalignment()} {text.get_verticalalignment()}"
    return (
        f"text {text.get_text()!r} at {_places(text, [text.get_position()])} {aligned}"
        f" {_colour(text.get_color(), text)} {text.get_fontsize():g} {text.get_fontweight()}"
    )


def _shape(shape: Polygon) -> str:
    edge = _colour(shape.get_edgecolor(), shape)
    return (
        f"shape {_places(shape, shape.get_xy())} {_colour(shape.get_facecolor(), shape)}"
        f" edge {edge} {shape.get_linewidth():g}"
    )


def _places(artist: Artist, points: Any) -> str:
    places = artist.get_transform().transform(points)
    told = [_numbers(place) for place in places]
    if len(told) <= _MOST_POINTS:
        return " ".join(told)
    whole = [place for place in places if place[0] == place[0]]  # without the gaps
    low, high = (_numbers(map(end, zip(*whole, strict=True))) for end in (min, max))
    return f"{len(told)} points {low} to {high} {_checksum(told)}"


def _colour(colour: Any, artist: Artist) -> str:
    if isinstance(colour, str) and colour == "none":
        return "none"
    opacity = artist.get_alpha()
    return to_hex(colour) + ("" if opacity is None else f" opacity {opacity:g}")


def _numbers(numbers: Iterable[float]) -> str:
    """Units to a tenth."""
    return "(" + ", ".join(f"{number + 0.0:.1f}" for number in numbers) + ")"


def _checksum(what: object) -> str:
    return sha256(repr(what).encode()).hexdigest()[:10]


def main() -> None:
    """Write every recorded description."""
    sys.path[:0] = [str(TESTS.parent), str(TESTS), str(Path(__file__).parent)]
    from test_drawn import RECORDED, description

    DATA.mkdir(exist_ok=True)
    for name in RECORDED:
        (DATA / f"{name}.txt").write_text(description(name), encoding="utf-8")


if __name__ == "__main__":
    main()
