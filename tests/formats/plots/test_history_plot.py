"""suite.formats.plots.history: a trend as a picture, whatever the runs are called."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from builders import make_cell, make_header, make_launch
from drawn import DATA, described
from hostile import EVERYTHING

from suite.analysis.trends import history
from suite.formats.palette import look
from suite.formats.plots.history import history_figure, history_plots
from suite.formats.plots.style import INK, drawing
from suite.model.cell import Precision
from suite.model.history import History
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.run import RunSummary
from suite.model.text import shown

FIRST = datetime(2026, 1, 1, tzinfo=timezone.utc)
CELL = make_cell(precision=Precision.AMP)


def launch(seconds: float | None, device: str = "Tesla T4", *cautions: Caution) -> Launch:
    """A launch with two such steps, or one that crashed."""
    ok = make_launch(cell=CELL, device=device, cautions=cautions)
    if seconds is None:
        return make_launch(cell=CELL, device=device, status=Status.CRASHED, reason="why")
    return make_launch(cell=ok.cell, device=device, cautions=cautions, step_seconds=(seconds,) * 2)


def plots(launches: Sequence[Launch]) -> Mapping[str, bytes]:
    """The files of a history."""
    return history_plots(trends(launches))


def trends(launches: Sequence[Launch]) -> History:
    """A run for each launch, a day each."""
    runs = [
        RunSummary(
            directory=str(day),
            header=make_header(started_at=(FIRST + timedelta(day - 1)).isoformat()),
            recorded_launches=1,
        )
        for day in range(len(launches), 0, -1)
    ]
    by_day = {str(day): [each] for day, each in enumerate(launches, 1)}
    return history(runs, CELL.id, by_day)


def texts(files: Mapping[str, bytes]) -> list[str]:
    """What is written in the picture."""
    svg = ET.fromstring(files["history.svg"])  # noqa: S314 - drawn here
    return [text for text in (part.strip() for part in svg.itertext()) if text]


def test_each_device_has_a_row_with_its_newest_number() -> None:
    """In the colour of the cell's condition; the dates of the first and the last are there."""
    steps = [(0.1, "Tesla T4"), (0.05, "NVIDIA L4"), (0.08, "Tesla T4")]
    launches = [launch(seconds, device) for seconds, device in steps]
    files = plots(launches)
    found = texts(files)

    assert {CELL.id, "Tesla T4", "NVIDIA L4", "100.00", "160.00", "2026-01-01"} <= set(found)
    assert "80.00" not in found
    assert look(Precision.AMP, xla=False).light.encode() in files["history.svg"]


@pytest.mark.parametrize(
    "launches",
    [
        [launch(0.1)],
        [launch(None)],
        [launch(None), launch(0.1), launch(None)],
        [launch(0.1), launch(1e-6), launch(1e4)],
        [
            launch(0.1, EVERYTHING),
            launch(0.1, "x" * 900),
            launch(0.1, "日本語"),
            launch(0.1, "$x$"),
        ],
        [launch(0.1, "T4", Caution(CautionKind.QUICK, "why"))] * 60,
    ],
)
def test_any_history_is_drawn(launches: list[Launch]) -> None:
    """One run, none with a number, far-apart numbers, hostile names, many runs."""
    files = plots(launches)
    found = texts(files)

    assert CELL.id in found
    assert all(shown(text) == text for text in found)
    assert files == plots(launches)


def test_a_trend_without_any_number_has_no_scale() -> None:
    """Its axis would be invented; its runs have their glyphs all the same."""
    found = texts(plots([launch(None), launch(None)]))

    assert found[found.index("Tesla T4") :] == ["Tesla T4", "2026-01-01", "2026-01-02", "img/s"]


def test_a_change_stands_between_the_runs_that_it_separates() -> None:
    """As a dotted line; an interval is cut off at the edges of the area."""
    launches = [launch(seconds) for seconds in (0.1, 0.1, 0.1)]
    (trend,) = trends(launches).trends
    changed = [
        replace(trend.points[0], interval=(1.0, 79.0)),
        replace(trend.points[1], changed=("driver",)),
        trend.points[2],
    ]
    found = replace(trends(launches), trends=(replace(trend, points=tuple(changed)),))
    with drawing():
        lines = described(history_figure(found)).splitlines()

    (dotted,) = (line for line in lines if INK["control"] in line)
    (whisker,) = (line for line in lines if " 1 wide  over 4" in line)
    # Three runs share the 588 units from 76 on.
    assert dotted.startswith("  line (272.0, 40.0) (272.0, 210.0) ")
    assert dotted.endswith(" 1 wide (0.0, (1, 1.65)) over 1.5")
    assert whisker.startswith("  line (174.0, 40.0) (174.0, ")


def test_a_number_far_below_the_newest_is_within_the_area() -> None:
    """The axis reaches a tenth about the newest number, and every other one."""
    with drawing():
        lines = described(history_figure(trends([launch(0.2), launch(0.05), launch(0.1)])))
    (marks,) = (line for line in lines.splitlines() if " marks D 5.5 " in line)
    heights = [float(y) for y in re.findall(r", ([\d.]+)\)", marks)]

    # From 40 * 0.98 to 160 * 1.02 img/s in 170 units from 40 on.
    assert heights == pytest.approx([41.1, 205.6, 95.9], abs=0.1)


def test_a_change_point_is_drawn_before_the_first_run_of_its_level() -> None:
    """With its size; where there is none, no line and no size."""
    before, after = (0.1, 0.101, 0.0995, 0.1004), (0.111, 0.1108, 0.1113, 0.1101)
    still = texts(plots([launch(seconds) for seconds in before * 2]))
    found = texts(plots([launch(seconds) for seconds in (*before, *after)]))

    assert [text for text in found if "%" in text and text[0] in "+-"] == ["-9.5%"]
    assert not [text for text in still if "%" in text and text[0] in "+-"]


def test_sizes_of_change_points_that_stand_close_do_not_cover_each_other() -> None:
    """The first is written; the lines are all there."""
    levels = [0.1 * 1.1**number for number in range(16)]
    launches = [launch(level * (1 + 0.001 * number)) for level in levels for number in range(3)]
    points = trends(launches).trends[0].change_points
    words = [text for text in texts(plots(launches)) if "%" in text and text[0] in "+-"]

    assert len(points) == 15
    assert 2 <= len(words) < len(points)


def test_a_history_is_drawn_as_recorded() -> None:
    """Every number, colour, size, place and word; the recorded description is written anew by hand.

    Two devices, a run that failed, one that is doubted, and a change point.
    """
    doubt = Caution(CautionKind.QUICK, "why")
    launches = [
        *(launch(seconds) for seconds in (0.1, 0.102, 0.099)),
        launch(None),
        launch(0.101, "Tesla T4", doubt),
        *(launch(seconds, "NVIDIA L4") for seconds in (0.05, 0.0495, 0.0497)),
        *(launch(seconds, "NVIDIA L4") for seconds in (0.0531, 0.0528, 0.0532)),
    ]
    with drawing():
        found = described(history_figure(trends(launches)))

    assert found == (DATA / "history.txt").read_text(encoding="utf-8")
