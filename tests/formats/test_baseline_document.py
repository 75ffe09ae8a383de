"""A stored baseline as text and JSON: sessions, cells, how far days differ, and the log."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_baseline, make_cell, make_launch, make_protocol, make_run
from pydantic import TypeAdapter

from suite.analysis.baseline import baseline_report
from suite.formats.baseline import baseline_json, baseline_text
from suite.model.baseline import Baseline, BaselineChange, ChangeKind
from suite.model.baseline_report import BaselineReport
from suite.model.cell import KernelName, Mode, Precision
from suite.model.launch import Launch, Status
from suite.model.run import Run

DATA = Path(__file__).parents[1] / "data"
LARGE = make_cell(precision=Precision.AMP, xla=True, batch_size=256)
TRAINING = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, batch_size=256)
LOG = (
    BaselineChange(
        at="2026-01-03T03:04:05+00:00",
        who="Ada",
        what=ChangeKind.SAVED,
        why="the first nightly runs of release 1.4, on the machine in the corner, chosen before"
        " any of them was measured",
    ),
    BaselineChange(
        at="2026-01-05T03:04:05+00:00", who="Bob | <b>", what=ChangeKind.ADDED, why="nightly"
    ),
)


def launches(day: int) -> list[Launch]:
    """Three launches of two cells, and what failed of a third."""
    protocol = make_protocol(launches=3)
    steps = {cell: 0.004 * cell.batch_size**0.7 for cell in (make_cell(), LARGE)}
    made = [
        make_launch(
            cell=cell,
            launch=number,
            protocol=protocol,
            step_seconds=(seconds * (1 + 0.01 * day % 0.03 + 0.002 * (number * 2 % 3)),) * 2,
        )
        for cell, seconds in steps.items()
        for number in range(3)
    ]
    lost = make_launch(cell=TRAINING, protocol=protocol, status=Status.OUT_OF_MEMORY, reason="x")
    return [*made, *(replace(lost, launch=number) for number in range(3))]


def day(number: int, *own: Launch, **facts: Any) -> Run:
    """The run of a day, on a commit of its own."""
    usual: dict[str, Any] = {
        "matrix": "nightly",
        "device": "Tesla V100-SXM2-16GB",
        "protocol": make_protocol(launches=3),
        "started_at": f"2026-01-{number:02}T03:04:05+00:00",
        "environment": {
            "commit": f"{number}{'0123456789' * 4}"[:40],
            "dirty": number == 2,
            "tensorflow": "2.21.0",
            "driver": "535.104",
            "container": None,
        },
    }
    return make_run(*(own or launches(number)), **{**usual, **facts})


def recorded_baseline(days: int = 5) -> Baseline:
    return make_baseline(*map(day, range(1, days + 1)), changes=LOG)


def text_of(baseline: Baseline) -> str:
    return baseline_text(baseline_report(baseline))


def words(baseline: Baseline) -> str:
    return " ".join(text_of(baseline).split())


@pytest.mark.parametrize("name", ["baseline.txt", "baseline.json"])
def test_a_baseline_is_the_recorded_document(name: str) -> None:
    """Every session, number, failure and entry of the log stands where it stood."""
    render = baseline_json if name.endswith(".json") else baseline_text

    assert render(baseline_report(recorded_baseline())) == (DATA / name).read_text("utf-8")


def test_a_baseline_fits_a_terminal() -> None:
    """A long reason is wrapped."""
    assert max(map(len, text_of(recorded_baseline()).splitlines())) <= 100


def test_json_has_every_number() -> None:
    """Nothing is rounded or left out."""
    report = baseline_report(recorded_baseline())
    text = baseline_json(report)

    assert TypeAdapter(BaselineReport).validate_json(text) == report
    assert json.loads(text)["cells"][0]["launch_sd"] == report.cells[0].launch_sd


def test_what_days_differ_by_is_said_to_be_assumed_until_it_is_known() -> None:
    """Five sessions tell; what there is of fewer is not taken for it."""
    assumed = "How far days differ takes 5 of them to tell; with {} it is taken to be 1.0%."

    assert assumed.format(1) in words(recorded_baseline(1))
    assert assumed.format(4) in words(recorded_baseline(4))
    assert "Days differ by 0.8% over all cells, 5 of them." in words(recorded_baseline())


def test_marks_are_explained_where_they_are() -> None:
    """A dirty commit; and what single launches do to the spread of sessions."""
    dirty, single = "+ = the code differed", "day sd % holds how far launches differ as well"
    alone = [day(number, make_launch(step_seconds=(0.1 + number / 100,))) for number in (3, 4)]

    assert dirty in words(recorded_baseline(2))
    assert dirty not in words(make_baseline(*alone))
    assert single in words(make_baseline(*alone))
    assert single not in words(recorded_baseline(2))
    assert single not in words(make_baseline(alone[0]))


def test_numbers_that_mean_little_are_marked_above_all() -> None:
    """Those of the simulated kernel, and quick ones, which a run directory may hold."""
    cell = make_cell(kernel=KernelName.SIMULATED)
    simulated = make_baseline(day(1, make_launch(cell=cell, step_seconds=(0.1,))))
    quick = make_baseline(day(1, protocol=make_protocol(quick=True)))

    assert "simulated kernel: the number means nothing began" in words(simulated)
    assert "quick protocol: a first look" in words(quick)
    assert "simulated" not in words(quick)
    assert "quick" not in words(simulated)


def test_a_run_directory_has_no_log() -> None:
    """And no empty table of one."""
    assert "Log" not in text_of(make_baseline(day(1), changes=()))
