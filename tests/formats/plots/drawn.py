"""What a figure shows, as text: every line, shape and word with its look and its place.

Places are in units, from the lower left corner of the figure.
    python tests/formats/plots/drawn.py
writes the recorded descriptions in tests/data/plots anew.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

TESTS = Path(__file__).parents[2]
DATA = TESTS / "data" / "plots"
# Longer lines than this are told by their number of points, their extent and a checksum.
_MOST_POINTS = 16


def described(figure: Figure) -> str:
    """The figure, its axes and everything in them, a line each."""
    lines = [f"figure {_numbers(figure.bbox.size)} {_visible(figure.patch)}"]
    lines += [f"  {_artist(artist)}" for artist in _own(figure)]
    for axes in figure.axes:
        lines += _axes(axes)
    return "\n".join(lines) + "\n"


def _own(figure: Figure) -> list[Artist]:
    return [*figure.artists, *figure.texts]


def _axes(axes: Axes) -> Iterator[str]:
    yield f"axes {_numbers(axes.bbox.extents)} {_visible(axes.patch)}"
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        limits = axis.get_view_interval()
        yield f"  {name} {axis.get_scale()} {_exact(limits)} label {axis.get_label_text()!r}"
        labels = [label.get_text() for label in axis.get_ticklabels()]
        yield f"    ticks {_exact(axis.get_ticklocs())} {labels} grid {_grid(axis)}"
        yield f"    minor {_exact(axis.get_ticklocs(minor=True))}"
        yield from (f"    {_tick(tick)}" for tick in axis.get_major_ticks()[:1])
    sides = [name for name, side in axes.spines.items() if side.get_visible()]
    yield f"  sides {sides} {_colour(axes.spines['bottom'].get_edgecolor())}"
    for artist in (*axes.lines, *axes.artists, *axes.patches, *axes.collections, *axes.texts):
        yield f"  {_artist(artist)}"


def _grid(axis: Any) -> bool:
    return any(tick.gridline.get_visible() for tick in axis.get_major_ticks())


def _tick(tick: Any) -> str:
    """The look of a tick, which is that of all."""
    text, grid = tick.label1, tick.gridline
    return (
        f"{_colour(text.get_color())} {text.get_fontsize():g} after {tick.get_pad():g}"
        f" mark {tick.tick1line.get_visible()}"
        f" grid {_colour(grid.get_color())} {grid.get_linewidth():g}"
    )


def _visible(patch: Patch) -> str:
    return f"background {to_hex(patch.get_facecolor())}" if patch.get_visible() else "no background"


def _artist(artist: Artist) -> str:
    kinds: Mapping[type[Any], Callable[[Any], str]] = {
        Line2D: _line,
        Text: _text,
        Patch: _patch,
        Collection: _collection,
    }
    told = next(tell for kind, tell in kinds.items() if isinstance(artist, kind))
    cut = "" if not artist.get_clip_on() else " cut at the axes"
    return f"{told(artist)} over {artist.get_zorder():g}{cut}"


def _line(line: Line2D) -> str:
    parts = [f"line {_points(line)}"]
    if line.get_linestyle() != "None":
        dashes = [] if line.get_linestyle() == "-" else vars(line)["_unscaled_dash_pattern"]
        parts.append(f"{_colour(line.get_color())} {line.get_linewidth():g} wide {dashes or ''}")
    marker: Any = line.get_marker()
    if marker not in {"None", None, ""}:
        shape = marker if isinstance(marker, str) else _checksum(marker.vertices.round(3).tolist())
        parts.append(
            f"marker {shape} {line.get_markersize():g}"
            f" {_colour(line.get_markerfacecolor())} edge {_colour(line.get_markeredgecolor())}"
            f" {line.get_markeredgewidth():g}"
        )
    return " ".join(parts)


def _points(line: Line2D) -> str:
    places = line.get_transform().transform(line.get_xydata())
    return _places(places)


def _places(places: Any) -> str:
    told = [_numbers(place) for place in places]
    if len(told) <= _MOST_POINTS:
        return " ".join(told)
    whole = [place for place in places if place[0] == place[0]]  # without the gaps
    low, high = (_numbers(how(column) for column in zip(*whole, strict=True)) for how in (min, max))
    return f"{len(told)} points {low} to {high} {_checksum(told)}"


def _text(text: Text) -> str:
    place = text.get_transform().transform(text.get_position())
    aligned = f"{text.get_horizontalalignment()} {text.get_verticalalignment()}"
    return (
        f"text {text.get_text()!r} at {_numbers(place)} {aligned}"
        f" {_colour(text.get_color())} {text.get_fontsize():g} {text.get_fontweight()}"
    )


def _patch(patch: Patch) -> str:
    return (
        f"patch {_numbers(patch.get_window_extent().extents)} {_colour(patch.get_facecolor())}"
        f" edge {_colour(patch.get_edgecolor())} {patch.get_linewidth():g}"
    )


def _collection(collection: Collection) -> str:
    transform = collection.get_transform()
    paths = [_places(transform.transform(path.vertices)) for path in collection.get_paths()]
    faces = [_colour(face) for face in collection.get_facecolor()]
    edges = [_colour(edge) for edge in collection.get_edgecolor()]
    widths = _numbers(collection.get_linewidth())
    return f"collection {' / '.join(paths)} {faces} edge {edges} {widths}"


def _colour(colour: Any) -> str:
    return "none" if isinstance(colour, str) and colour == "none" else to_hex(colour, True)


def _numbers(numbers: Any) -> str:
    """Units to a tenth."""
    return "(" + ", ".join(f"{number + 0.0:.1f}" for number in numbers) + ")"


def _exact(numbers: Iterable[float]) -> str:
    return "(" + ", ".join(f"{number:.5g}" for number in numbers) + ")"


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
