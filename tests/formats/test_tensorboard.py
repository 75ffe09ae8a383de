"""The event files of a training, read by the package whose format it is."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from builders import make_trained_step, make_training_header
from event_files import read, scalars
from trained import trained_events, trained_header

from suite.analysis.training_scalars import scalars_by_part
from suite.formats.tensorboard import event_files
from suite.model.training_record import Began, Event, TrainingHeader


def plotted(header: TrainingHeader, events: Sequence[Event]) -> Mapping[str, bytes]:
    return event_files(scalars_by_part(header, events))


def test_every_number_is_there_once() -> None:
    """Of each step, epoch and evaluation; steps that a later part made again are left out."""
    found = scalars(plotted(trained_header(), trained_events()))
    values = {(step, tag): value for step, tag, value in found}

    assert len(values) == len(found)
    assert [step for step, tag, _ in found if tag == "step/learning_rate"] == [1, 2, 3, 4, 5]
    assert values[1, "step/loss"] == 3.0
    assert math.isnan(values[3, "step/loss"])
    assert values[4, "step/loss_scale"] == 32.0
    assert values[1, "step/images_per_second"] == pytest.approx(16.0)
    assert values[2, "epoch/loss"] == pytest.approx(2.25)
    assert values[4, "epoch/loss"] == pytest.approx(1.25)
    assert values[4, "epoch/top1"] == pytest.approx(0.7)
    assert values[4, "epoch/top5"] == pytest.approx(0.95)
    assert values[4, "epoch/images_per_second"] == pytest.approx(16.0)
    assert {"step/cross_entropy", "step/wait_seconds", "epoch/wait_share"} <= {
        tag for _, tag, _ in found
    }


def test_a_part_says_from_where_on_it_holds() -> None:
    """Its file begins with the format's version and a start, which voids what others have after."""
    files = plotted(trained_header(), trained_events())
    first, start, *events = read(files["events.out.tfevents.0001.training"])

    assert list(files) == [f"events.out.tfevents.{part:04d}.training" for part in (0, 1)]
    assert first.file_version == "brain.Event:2"
    assert (start.step, start.session_log.status) == (3, start.session_log.START)
    assert events[-1].wall_time - first.wall_time == pytest.approx(1.5 + 2.0 + 0.25)


def test_an_epoch_over_two_parts_is_told_as_a_whole() -> None:
    """Its mean has the steps that an earlier part made of it, but none that were made again."""
    events: list[Event] = [Began(at="now", step=0, steps_per_epoch=4)]
    events += [make_trained_step(1, loss=1.0), make_trained_step(2, loss=100.0)]
    events += [Began(at="now", step=1, steps_per_epoch=4)]
    events += (make_trained_step(step, loss=float(step)) for step in (2, 3, 4))
    found = scalars(plotted(make_training_header(), events))

    assert [value for _, tag, value in found if tag == "epoch/loss"] == [pytest.approx(2.5)]


@pytest.mark.parametrize("loss", [1e300, -1e300, float("nan")])
def test_a_loss_that_four_bytes_cannot_hold_is_written(loss: float) -> None:
    """As an infinity, which is what it is in float32."""
    events: list[Event] = [
        Began(at="now", step=0, steps_per_epoch=1),
        make_trained_step(1, loss=loss),
    ]
    (told,) = [
        value
        for _, tag, value in scalars(plotted(make_training_header(), events))
        if tag == "step/loss"
    ]

    assert math.isnan(told) if math.isnan(loss) else told == math.copysign(math.inf, loss)


@pytest.mark.slow
def test_tensorboard_shows_no_step_twice(tmp_path: Path) -> None:
    """Even where the file of a killed part still has the steps that the next one made again."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = trained_events()
    second = next(place for place, each in enumerate(events[1:], 1) if isinstance(each, Began))
    before = plotted(trained_header(), events[:second])
    for name, content in {**plotted(trained_header(), events), **before}.items():
        (tmp_path / name).write_bytes(content)
    reader = EventAccumulator(str(tmp_path)).Reload()

    assert 3 in {step for step, _, _ in scalars(before)}
    assert [event.step for event in reader.Scalars("step/loss")] == [1, 2, 3, 4, 5]
    assert [event.step for event in reader.Scalars("epoch/top1")] == [2, 4]
