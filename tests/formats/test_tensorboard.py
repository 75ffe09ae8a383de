"""The event file of a training, read by the framework whose format it is."""

from pathlib import Path

import pytest
from builders import make_trained_step, make_training_header
from trained import DATA, trained

from suite.analysis.training_course import training_course
from suite.formats.tensorboard import _checksum, event_file
from suite.model.training_record import Began, Event


def test_the_file_is_the_recorded_one() -> None:
    """Byte by byte; that TensorFlow reads it is tested below."""
    assert event_file(trained()) == (DATA / "training.events").read_bytes()


@pytest.mark.slow
def test_tensorflow_reads_every_event(tmp_path: Path) -> None:
    """Its checksums and its encoding hold, and each number is there once."""
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    path = tmp_path / "file"
    path.write_bytes(event_file(trained()))
    first, *events = (
        event_pb2.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))
    )
    values = {
        (event.step, value.tag): value.simple_value
        for event in events
        for value in event.summary.value
    }

    assert first.file_version == "brain.Event:2"
    assert [event.step for event in events] == [1, 2, 2, 2, 3, 4, 4, 4, 5]
    assert events[-1].wall_time - first.wall_time == pytest.approx(2.5)
    assert values[1, "train/loss"] == 3.0
    assert values[4, "train/loss_scale"] == 32.0
    assert values[4, "validation/top1"] == pytest.approx(0.7)
    assert values[4, "train/images_per_second"] == pytest.approx(16.0)


def test_a_checksum_is_the_one_of_the_format() -> None:
    """CRC-32C of the digits 1 to 9 is 0xe3069283, its published check value, before the mask."""
    masked = int.from_bytes(_checksum(b"123456789"), "little")
    turned = (masked - 0xA282EAD8) % 2**32

    assert (turned << 15 | turned >> 17) % 2**32 == 0xE3069283


@pytest.mark.parametrize("loss", [1e300, -1e300, float("nan")])
def test_a_loss_that_four_bytes_cannot_hold_is_written(loss: float) -> None:
    """As an infinity, which is what it is in float32."""
    events: list[Event] = [
        Began(at="now", step=0, steps_per_epoch=1),
        make_trained_step(1, loss=loss),
    ]

    assert event_file(training_course(make_training_header(), events))
