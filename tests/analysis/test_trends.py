"""suite.analysis.trends: one cell over runs."""

import pytest
from builders import make_cell, make_header, make_launch, make_protocol

from suite.analysis.ratios import log_ratio_to_constant
from suite.analysis.trends import commonest_cell, history
from suite.model.launch import Launch, Status
from suite.model.run import RunSummary

CELL = make_cell()


def summary(directory: str, day: int, **facts: object) -> RunSummary:
    """A run that began on this day of January."""
    header = make_header(started_at=f"2026-01-{day:02}T00:00:00+00:00", **facts)
    return RunSummary(directory=directory, header=header, recorded_launches=2)


def launches(*seconds: float, device: str = "Tesla T4") -> list[Launch]:
    """A launch of two such steps for each."""
    return [
        make_launch(launch=number, device=device, step_seconds=(each, each))
        for number, each in enumerate(seconds)
    ]


def test_a_trend_goes_from_the_oldest_run_to_the_newest() -> None:
    """Each number with the interval by its launches; a run without the cell is named."""
    runs = [summary("new", 3), summary("without", 2), summary("old", 1)]
    found = history(runs, CELL.id, {"new": launches(0.1, 0.11), "old": launches(0.2)})
    (trend,) = found.trends
    old, new = trend.points

    assert (old.run.directory, new.run.directory) == ("old", "new")
    assert new.result.summary is not None
    assert new.result.summary.images_per_second == pytest.approx(8 * 4 / 0.42)
    assert new.interval == pytest.approx(log_ratio_to_constant([8 / 0.1, 8 / 0.11], 1.0))
    assert old.interval is None
    assert found.without == ("without",)
    assert found.runs == tuple(runs)


def test_devices_are_never_joined() -> None:
    """By what the launches ran on, not by what the run is called."""
    runs = [summary(name, day) for name, day in (("c", 3), ("b", 2), ("a", 1))]
    found = history(
        runs,
        CELL.id,
        {"a": launches(0.1), "b": launches(0.2, device="NVIDIA L4"), "c": launches(0.1)},
    )

    assert [
        (trend.device, [point.run.directory for point in trend.points]) for trend in found.trends
    ] == [("Tesla T4", ["a", "c"]), ("NVIDIA L4", ["b"])]


def test_a_launch_that_never_ran_belongs_to_the_device_of_its_run() -> None:
    """A crash on the way leaves its record without a device, and the point without a number."""
    crashed = make_launch(status=Status.CRASHED, reason="why")
    found = history([summary("a", 1)], CELL.id, {"a": [crashed]})

    assert found.trends[0].device == "Tesla T4"
    assert found.trends[0].points[0].result.status is Status.CRASHED
    assert found.trends[0].points[0].interval is None


def test_only_launches_that_are_ok_enclose_a_number() -> None:
    """The third was interrupted."""
    three = launches(0.1, 0.11, 0.5)
    three[2] = make_launch(launch=2, status=Status.INTERRUPTED, step_seconds=(0.5,))
    (trend,) = history([summary("a", 1)], CELL.id, {"a": three}).trends

    assert trend.points[0].interval == pytest.approx(
        log_ratio_to_constant([8 / 0.1, 8 / 0.11], 1.0)
    )


def test_what_changed_since_the_run_before_on_that_device_is_named() -> None:
    """Software, machine and protocol; the commit has a column, and other devices do not count."""
    runs = [
        summary("d", 4, environment={"driver": "550", "commit": "b"}, protocol=make_protocol()),
        summary("c", 3, environment={"driver": "1"}, device="NVIDIA L4"),
        summary("b", 2, environment={"driver": "535", "commit": "b"}),
        summary("a", 1, environment={"driver": "535", "commit": "a"}, matrix="other"),
    ]
    found = history(
        runs,
        CELL.id,
        {
            run.directory: launches(0.1, device="NVIDIA L4" if run.directory == "c" else "Tesla T4")
            for run in runs
        },
    )

    assert [[point.changed for point in trend.points] for trend in found.trends] == [
        [(), (), ("driver",)],
        [()],
    ]


def test_a_change_point_has_its_place_among_all_runs() -> None:
    """Runs in which the cell failed have a place too."""
    seconds = [0.1, 0.101, None, 0.0995, 0.111, 0.1104, None, 0.1113]
    runs = [summary(str(day), day) for day in range(len(seconds), 0, -1)]
    crashed = make_launch(status=Status.CRASHED, reason="why", device="Tesla T4")
    found = history(
        runs,
        CELL.id,
        {str(day): launches(each) if each else [crashed] for day, each in enumerate(seconds, 1)},
    )
    (trend,) = found.trends
    (point,) = trend.change_points

    assert (point.place, point.before, point.after) == (4, 3, 3)
    assert trend.change_point_at(4) == point
    assert trend.change_point_at(3) is None
    assert point.change == pytest.approx(-0.0966, abs=0.001)


def test_the_commonest_cell_is_followed() -> None:
    """Of several, the first of the newest run."""
    assert commonest_cell([["a", "b"], ["b", "c"], ["c", "b"]]) == "b"
    assert commonest_cell([["b", "a"], ["a", "b"]]) == "b"
    assert commonest_cell([[], []]) is None
