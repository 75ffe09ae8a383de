"""What is drawn: charts that know how to draw themselves into axes, in groups with one subject."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.formats.palette import Look
from suite.formats.placement import Box

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Three of them stand side by side on a page, and one on a phone.
CHART_WIDTH = 352.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """The space around the area of the data in a chart, in units: for ticks and labels."""

    left: float
    right: float
    top: float
    bottom: float

    def inside(self, box: Box) -> Box:
        """What they leave of the box of a chart."""
        return Box(
            box.left + self.left,
            box.bottom + self.bottom,
            box.right - self.right,
            box.top - self.top,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart `CHART_WIDTH` units wide and `height` high, title and unit not included.

    `look` is that of its title, None where it shows several conditions. `says` is a sentence with
    what there is to see, for those who cannot. `draw` draws it into a box of a figure, in units.
    """

    title: str
    unit: str
    says: str
    height: float
    draw: Callable[["Figure", Box], None]
    look: Look | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartGroup:
    """Charts of one subject: `name` is part of the names of files, `note` says how to read them."""

    name: str
    title: str
    note: str
    charts: tuple[Chart, ...]
