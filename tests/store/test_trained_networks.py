"""Finding a trained network: the best of a training, a certain file, or one line why not."""

from pathlib import Path

import numpy as np
import pytest
from builders import make_evaluated, make_training_header

from suite.model.errors import InputError
from suite.model.export import Export
from suite.model.training_record import Began, Event
from suite.store.checkpoints import checkpoint_path, write_checkpoint
from suite.store.exports import file_sha256, write_note
from suite.store.trained_networks import find_network
from suite.store.training_runs import create_training, event_log

BEGAN = Began(at="now", step=0, steps_per_epoch=2)


def trained(folder: Path, *events: Event, steps: tuple[int, ...] = (2, 4)) -> Path:
    """A training directory with these events, and a checkpoint after each of these steps."""
    directory = create_training(folder / "training", make_training_header())
    with event_log(directory) as append:
        for event in (BEGAN, *events):
            append(event)
    for step in steps:
        write_checkpoint(directory, step, {"network/a": np.full(3, step, np.float32)})
    return directory


def test_the_best_checkpoint_is_taken(tmp_path: Path) -> None:
    """With what the training said of it; not the last one, of which it said less."""
    directory = trained(tmp_path, make_evaluated(2, top1=70), make_evaluated(4, top1=60))
    found = find_network(directory)

    assert found.path == str(checkpoint_path(directory, 2))
    assert found.step == 2
    assert found.recorded is not None
    assert found.recorded.top1 == 0.7
    assert not found.is_last
    assert (found.name, found.image_size) == ("mine", 224)


def test_of_equally_good_ones_the_first_is_taken(tmp_path: Path) -> None:
    """As the training keeps it."""
    assert find_network(trained(tmp_path, make_evaluated(2), make_evaluated(4))).step == 2


def test_an_evaluation_that_was_made_again_is_void(tmp_path: Path) -> None:
    """A part that went on from an earlier step has its own accuracy."""
    events = (
        make_evaluated(2, top1=60),
        make_evaluated(4, top1=80),
        Began(at="now", step=2, steps_per_epoch=2),
        make_evaluated(4, top1=50),
    )

    assert find_network(trained(tmp_path, *events)).step == 2


def test_a_checkpoint_that_is_gone_is_no_choice(tmp_path: Path) -> None:
    """The best of those that are there."""
    directory = trained(tmp_path, make_evaluated(2, top1=70), make_evaluated(4), steps=(4,))
    found = find_network(directory)

    assert found.step == 4
    assert found.is_last


def test_without_an_evaluation_the_newest_that_can_be_read_is_taken(tmp_path: Path) -> None:
    """What was passed over is said."""
    directory = trained(tmp_path)
    checkpoint_path(directory, 4).write_bytes(b"")
    found = find_network(directory)

    assert found.step == 2
    assert found.recorded is None
    assert "4.ckpt: is damaged or cut short" in found.notes[0]


def test_a_worse_network_is_not_taken_unasked(tmp_path: Path) -> None:
    """A damaged best checkpoint is an error that names another, which can be given."""
    directory = trained(tmp_path, make_evaluated(2, top1=70), make_evaluated(4))
    checkpoint_path(directory, 2).write_bytes(b"")

    with pytest.raises(
        InputError, match=r"2\.ckpt: is damaged.*to use another, name it: \S*/4\.ckpt"
    ):
        find_network(directory)
    found = find_network(checkpoint_path(directory, 4))
    assert found.recorded is not None
    assert found.header is not None


def test_a_checkpoint_elsewhere_has_no_training(tmp_path: Path) -> None:
    """A copy under any name is read; its checksum is that of the training's record."""
    directory = trained(tmp_path, make_evaluated(2))
    copy = tmp_path / "best.ckpt"
    copy.write_bytes(checkpoint_path(directory, 2).read_bytes())
    found = find_network(copy)

    assert (found.step, found.header, found.recorded) == (2, None, None)
    assert found.sha256 == find_network(directory).sha256
    assert found.name == "best"


def test_an_export_is_known_by_its_note(tmp_path: Path) -> None:
    """Only where the note is of this very file."""
    file = tmp_path / "model.keras"
    file.write_bytes(b"weights")
    assert find_network(file).image_size is None
    note = Export(
        training="digits",
        source="/a/2.ckpt",
        source_sha256="ab",
        step=2,
        recorded=None,
        image_size=32,
        suite="1",
        tensorflow="2.21.0",
        keras="3.15.0",
        files={"model.keras": file_sha256(file)},
    )
    write_note(tmp_path, note)
    found = find_network(file)

    assert (found.name, found.image_size, found.step) == ("digits", 32, 2)
    file.write_bytes(b"others")
    with pytest.raises(InputError, match=r"is not the file that export\.json is of"):
        find_network(file)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nothing", "no such training directory and no such file"),
        ("empty", "give the path of a training directory"),
        ("begun", "holds no checkpoint yet"),
        ("text.txt", "holds no network that can be read; give a training directory, a .ckpt"),
        ("none.ckpt", "cannot be read (No such file or directory)"),
        ("none.keras", "cannot be read (No such file or directory)"),
        ("cut.ckpt", "is damaged or cut short"),
    ],
)
def test_what_is_no_network_is_said(tmp_path: Path, name: str, problem: str) -> None:
    """One line with the path."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("text")
    (tmp_path / "cut.ckpt").write_text("text")
    create_training(tmp_path / "begun", make_training_header())

    with pytest.raises(InputError) as raised:
        find_network(tmp_path / name)
    assert str(raised.value).startswith(str(tmp_path / name))
    assert problem in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
