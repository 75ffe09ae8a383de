"""The energy of a training by the counters of its parts, by hand-computed values."""

from typing import Any

import pytest
from builders import make_cell, make_launch, make_telemetry

from suite.analysis.training_machine import machine_of_parts, training_energy
from suite.model.cell import Mode
from suite.model.launch import CautionKind, Launch, RankRecord, Status
from suite.model.telemetry import Telemetry

CELL = make_cell(mode=Mode.TRAINING, batch_size=10, gpus=2)


def read(joules: float, images: float) -> Telemetry:
    """A counter that moved by these joules during 20 steps, in which so many images were used."""
    return make_telemetry(
        steps=20,
        energy_joules=joules,
        energy_source="a counter",
        images_per_joule=images / joules,
    )


def part(number: int, *telemetry: Telemetry | None, **facts: Any) -> Launch:
    """A part of two ranks."""
    ranks = tuple(
        RankRecord(
            rank=rank, host=f"node{rank}", telemetry=each, all_reduce_seconds=(0.1 * (rank + 1),)
        )
        for rank, each in enumerate(telemetry)
    )
    return make_launch(cell=CELL, launch=number, ranks=ranks, **facts)


def test_the_energy_is_that_of_all_gpus_of_all_parts() -> None:
    """Two GPUs with 200 images each: 300 + 500 J, and 100 + 100 J in the second part."""
    launches = [part(0, read(300, 200), read(500, 200)), part(1, read(100, 200), read(100, 200))]
    found = training_energy(2, launches)

    assert found.joules == pytest.approx(1000)
    assert (found.known_parts, found.missing, found.sources) == (2, {}, ("a counter",))


def test_ranks_of_a_host_do_not_count_its_processor_twice() -> None:
    """Both read the same counter, which moved by 600 J for the images of both."""
    found = training_energy(1, [part(0, read(600, 400), read(600, 400))])

    assert found.joules == pytest.approx(600)


def test_what_is_missing_is_said() -> None:
    """A killed part left no record, a crashed one no readings, and a counter may not be there."""
    unread = make_telemetry(steps=20, note="no energy counter can be read")
    launches = [
        part(0, read(300, 200), read(500, 200)),
        part(2, None, None, status=Status.CRASHED),
        part(3, read(300, 200), unread),
    ]
    found = training_energy(4, launches)

    assert found.joules == pytest.approx(800)
    assert (found.parts, found.known_parts) == (4, 1)
    assert found.missing == {
        1: "it left no record",
        2: "it left no readings (crashed)",
        3: "no energy counter can be read",
    }


def test_nothing_known_is_no_energy_of_nothing() -> None:
    """Such as of a training whose only process was killed."""
    assert training_energy(1, []).joules is None


def test_a_part_tells_of_its_machine() -> None:
    """The readings of each rank, the slowest all-reduce, and the cautions about the machine."""
    cautions = (CautionKind.THROTTLED.caution("hot"), CautionKind.SIMULATED.caution("slept"))
    launch = part(
        3, read(1, 1), read(2, 1), cautions=cautions, step_seconds=(0.75, 0.25), status=Status.OK
    )
    (found,) = machine_of_parts([launch])

    assert found.part == 3
    assert [each.rank for each in found.processes] == [0, 1]
    assert [caution.kind for caution in found.cautions] == [CautionKind.THROTTLED]
    assert found.all_reduce_seconds == pytest.approx(0.2)
    assert found.all_reduce_share == pytest.approx(0.4)
