"""The drawings of steps: every step is on them, where its time says."""

import re
from dataclasses import replace

import pytest
from builders import make_launch, make_run, make_telemetry

from suite.analysis.assemble import assemble
from suite.formats.html.steps import (
    HISTOGRAM_WIDTH,
    SERIES_HEIGHT,
    SPARK_HEIGHT,
    SPARK_WIDTH,
    STEPS_HEIGHT,
    STEPS_WIDTH,
    StepsDrawing,
    draw_steps,
    spark,
    window,
)
from suite.model.cell import Protocol
from suite.model.launch import Launch
from suite.model.telemetry import TelemetryPoint

Stroke = tuple[int, int, int]


def drawing(*steps: float, warm_up: tuple[float, ...] = (), **facts: object) -> StepsDrawing:
    """The drawing of a launch with these steps."""
    protocol = Protocol(warmup_steps=len(warm_up), measured_steps=len(steps))
    launch: Launch = replace(
        make_launch(protocol=protocol, warmup_seconds=warm_up, step_seconds=steps),
        **facts,  # type: ignore[arg-type]
    )
    (row,) = assemble([make_run(launch, protocol=protocol)]).runs[0].launches
    return draw_steps(row)


def strokes(path: str) -> list[Stroke]:
    """Where a path of upright strokes goes, in absolute places: x, top and length."""
    found, x, y = [], 0, 0
    for across, down, length in re.findall(r"m(-?\d+) ?(-?\d+)v(\d+)", path):
        x, y = x + int(across), y + int(down)
        found.append((x, y, int(length)))
        y += int(length)
    return found


def test_every_step_is_a_dot_at_its_time() -> None:
    """Ten steps of 100 ms in a window of 90 to 110 ms; one of 95 ms lies three quarters down."""
    drawn = drawing(*[0.1] * 9, 0.095)
    places = strokes(drawn.measured)

    width, middle = STEPS_WIDTH / 10, STEPS_HEIGHT // 2
    assert [x for x, _, _ in places] == [round((step + 0.5) * width) for step in range(10)]
    assert [y for _, y, _ in places] == [middle] * 9 + [round(STEPS_HEIGHT * 0.75)]
    assert {length for *_, length in places} == {0}
    assert (drawn.lowest, drawn.median, drawn.highest) == ("90.00", "100.00", "110.00")
    assert drawn.middle == middle
    assert drawn.few
    assert not drawn.outside


def test_the_warm_up_comes_first_and_apart() -> None:
    """The first measured step stands right of the boundary; a slow start is told in words."""
    drawn = drawing(*[0.1] * 6, warm_up=(0.5, 0.1))

    assert drawn.boundary == round(STEPS_WIDTH / 4)
    assert [x for x, *_ in strokes(drawn.warm_up)] == [round(1.5 * STEPS_WIDTH / 8)]
    assert strokes(drawn.measured)[0][0] == round(2.5 * STEPS_WIDTH / 8) > drawn.boundary
    assert (drawn.first_measured, drawn.last) == (3, 8)
    assert drawn.outside == ("▲ 1 of the warm-up above, to 500.00 ms",)


def test_a_launch_without_a_warm_up_has_none() -> None:
    """Its first step is a measured one."""
    drawn = drawing(*[0.1] * 6)

    assert (drawn.warm_up, drawn.boundary, drawn.first_measured) == ("", 0, 1)


def test_the_window_reaches_a_tenth_from_the_median_at_least() -> None:
    """So noise of one percent looks like one percent; wider times widen it."""
    narrow, wide = window([1.0, 1.0, 1.01], 1.0, 100), window([1.0, 1.0, 1.3], 1.0, 100)

    assert (narrow.lowest, narrow.highest) == pytest.approx((0.9, 1.1))
    assert (wide.lowest, wide.highest) == pytest.approx((0.9, 1.3))
    assert [wide.place(seconds) for seconds in (1.3, 1.1, 0.9)] == [0, 50, 100]
    assert [wide.holds(seconds) for seconds in (1.3, 0.9, 1.31, 0.89)] == [True, True, False, False]


def test_far_outliers_stay_outside_and_are_told() -> None:
    """One step in a hundred may be ten times as long without flattening all others."""
    drawn = drawing(*[0.1] * 198, 1.0, 0.01)

    assert (drawn.lowest, drawn.highest) == ("90.00", "110.00")
    assert drawn.outside == ("▲ 1 above, to 1000.0 ms", "▼ 1 below, to 10.00 ms")
    assert sum(length == 0 for *_, length in strokes(drawn.measured)) == 198


def test_more_than_one_step_in_a_hundred_is_never_outside() -> None:
    """On either side: two of two hundred may be, three are drawn."""
    two = drawing(*[0.1] * 196, 1.0, 1.0, 0.01, 0.01)
    slow, fast = drawing(*[0.1] * 197, *[1.0] * 3), drawing(*[0.1] * 197, *[0.01] * 3)

    assert (two.lowest, two.highest) == ("90.00", "110.00")
    assert (slow.lowest, slow.highest, slow.outside) == ("90.00", "1000.0", ())
    assert (fast.lowest, fast.highest, fast.outside) == ("10.00", "110.00", ())


def test_near_outliers_are_drawn() -> None:
    """A few that lie hardly further than the others belong into the picture."""
    drawn = drawing(*[0.1] * 198, 0.12, 0.085)

    assert (drawn.lowest, drawn.highest) == ("85.00", "120.00")
    assert not drawn.outside


def test_many_steps_share_columns_and_keep_every_spike() -> None:
    """1,000 steps in columns of five: each from its shortest to its longest, if these touch."""
    noisy = [0.1 + 0.0001 * (step % 5) for step in range(995)] + [0.1, 0.1, 0.109, 0.1, 0.1]
    drawn = drawing(*noisy)
    places = strokes(drawn.measured)

    assert drawn.per_column == 5
    assert not drawn.few
    # The last column holds the spike as a dot of its own.
    assert len({x for x, *_ in places}) == 200
    assert len(places) == 201
    assert places[0][2] == round(STEPS_HEIGHT * 0.0004 / 0.02)


def test_two_levels_stay_two_levels() -> None:
    """A bar between them would look like noise."""
    drawn = drawing(*[0.1, 0.114] * 400)
    places = strokes(drawn.measured)

    assert {length for *_, length in places} == {0}
    assert len({y for _, y, _ in places}) == 2


def test_values_closer_than_three_units_are_one_stroke() -> None:
    """What is further apart has a gap between, as two levels have."""
    apart = {}
    for units in (3, 4):
        seconds = 0.1 + units * 0.02 / STEPS_HEIGHT
        apart[units] = len(strokes(drawing(*[0.1, seconds] * 248).measured)) / 248

    assert apart == {3: 1, 4: 2}


def test_few_steps_have_larger_dots() -> None:
    """Up to forty, the warm-up counted."""
    assert drawing(*[0.1] * 38, warm_up=(0.1, 0.1)).few
    assert not drawing(*[0.1] * 39, warm_up=(0.1, 0.1)).few


def test_the_histogram_lies_on_the_scale_of_the_steps() -> None:
    """The longest bar takes the whole width, and a rare time is still seen."""
    drawn = drawing(*[0.1] * 199, 0.1085)
    bars = [tuple(map(int, bar)) for bar in re.findall(r"M0 (\d+)h(\d+)v(\d+)H0z", drawn.histogram)]

    assert bars == [(12, 1, 6), (90, HISTOGRAM_WIDTH, 6)]


def test_a_bar_is_as_long_as_its_share_of_the_longest() -> None:
    """Half as many steps make half a bar; the shortest step of the window is in the last one."""
    drawn = drawing(*[0.1] * 4, 0.105, 0.105, 0.09)
    bars = [tuple(map(int, bar)) for bar in re.findall(r"M0 (\d+)h(\d+)v(\d+)H0z", drawn.histogram)]

    assert bars == [
        (42, HISTOGRAM_WIDTH // 2, 6),
        (90, HISTOGRAM_WIDTH, 6),
        (STEPS_HEIGHT - 6, round(HISTOGRAM_WIDTH / 4), 6),
    ]


def test_a_line_in_the_list_shows_all_steps_within_a_tenth() -> None:
    """What lies outside stands at the edge, so that it is seen that something does."""
    places = strokes(spark([0.1] * 8 + [0.2, 0.01], 0.1))

    assert [y for _, y, _ in places] == [SPARK_HEIGHT // 2] * 8 + [0, SPARK_HEIGHT]
    assert places[-1][0] == round(9.5 / 10 * SPARK_WIDTH)
    assert len({x for x, *_ in strokes(spark([0.1] * 3000, 0.1))}) <= SPARK_WIDTH // 2


def point(step: int, **values: float) -> TelemetryPoint:
    return TelemetryPoint(step=step, values=values)


def test_readings_stand_under_the_step_they_follow() -> None:
    """A clock that falls from 1,500 to 500 MHz: from the top to the bottom of its own scale."""
    series = (
        point(1, gpu_sm_clock_mhz=1500.0, gpu_power_watts=5.25),
        point(8, gpu_sm_clock_mhz=500.0, resident_bytes=1e9),
    )
    clock, power = drawing(
        *[0.1] * 8, warm_up=(0.1, 0.1), telemetry=make_telemetry(series=series)
    ).series

    assert strokes(clock.path) == [
        (round(0.3 * STEPS_WIDTH), 0, 0),
        (STEPS_WIDTH, SERIES_HEIGHT, 0),
    ]
    assert (clock.name, clock.last, clock.dots) == ("SM MHz", "500", True)
    assert strokes(power.path) == [(round(0.3 * STEPS_WIDTH), SERIES_HEIGHT // 2, 0)]
    assert (power.name, power.last) == ("power W", "5.25")


def test_two_quantities_are_drawn() -> None:
    """More would bury the steps: the first two of those that the machine told."""
    every = ("cores_busy", "cpu_frequency_mhz", "gpu_power_watts", "gpu_sm_clock_mhz")
    series = (point(1, **dict.fromkeys(every, 10.0)),)
    drawn = drawing(0.1, 0.1, telemetry=make_telemetry(series=series)).series

    assert [(line.name, line.last) for line in drawn] == [("SM MHz", "10"), ("power W", "10")]


def test_many_readings_are_a_line() -> None:
    """More than a dozen."""
    series = tuple(point(step, cpu_frequency_mhz=2000.0) for step in range(1, 14))
    (dots,) = drawing(*[0.1] * 13, telemetry=make_telemetry(series=series[:12])).series
    (line,) = drawing(*[0.1] * 13, telemetry=make_telemetry(series=series)).series

    assert dots.dots
    assert not line.dots
    assert line.path.startswith(f"M38 {SERIES_HEIGHT // 2}L76 ")
    assert line.path.count("L") == 12


def test_a_quantity_that_was_zero_throughout_is_drawn() -> None:
    """An idle device has no power of its own to scale by."""
    series = (point(1, cores_busy=0.0),)
    (line,) = drawing(0.1, 0.1, telemetry=make_telemetry(series=series)).series

    assert strokes(line.path) == [(STEPS_WIDTH // 2, SERIES_HEIGHT // 2, 0)]
    assert line.last == "0.00"
