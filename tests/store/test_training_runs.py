"""Events: what was appended is read back, and damage is noticed."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_evaluated, make_trained_step, make_training_header

from suite.model.errors import InputError
from suite.model.training_record import Began, Ended, Event, Outcome, Saved
from suite.store.training_runs import (
    EventFollower,
    as_stored_training,
    create_training,
    decode_event,
    encode_event,
    event_log,
    read_events,
    read_training_header,
    training_directories,
)

EVENTS: tuple[Event, ...] = (
    Began(at="2026-01-02T03:04:05+00:00", step=0, steps_per_epoch=2, notes=("a 'note' µ",)),
    make_trained_step(1, loss_scale=128.0, is_skipped=True),
    make_trained_step(2),
    make_evaluated(2),
    Saved(step=2, file="2.ckpt", bytes=10, sha256="ab", seconds=0.5),
    Ended(at="2026-01-02T03:04:06+00:00", step=2, outcome=Outcome.STOPPED, reason="why"),
)


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    """In order, every field, also over two parts."""
    for events in (EVENTS[:3], EVENTS[3:]):
        with event_log(tmp_path) as append:
            for event in events:
                append(event)

    assert read_events(tmp_path).events == EVENTS
    assert read_events(tmp_path).notes == ()


def test_a_line_is_json_that_any_reader_reads() -> None:
    """A loss that is not finite is null: JSON has no word for it."""
    line = encode_event(make_trained_step(3, loss=math.inf, cross_entropy=math.nan))
    found = decode_event(line.encode())

    assert json.loads(line)["step"]["loss"] is None
    assert math.isnan(found.loss)  # type: ignore[union-attr]
    assert found.step == 3


def test_an_evaluation_that_is_not_finite_is_read_again() -> None:
    """A diverging network has one, and the record of its training stays readable."""
    evaluated = make_evaluated(4)
    infinite = replace(evaluated, evaluation=replace(evaluated.evaluation, cross_entropy=math.inf))
    line = encode_event(infinite)

    assert '"cross_entropy": null' in line
    assert decode_event(line.encode()) == infinite


def test_a_training_without_events_has_none(tmp_path: Path) -> None:
    """It was killed before its first."""
    assert read_events(tmp_path).events == ()


@pytest.mark.parametrize("kept", [1, 10, -2])
def test_a_last_line_cut_short_is_dropped_with_a_note(tmp_path: Path, kept: int) -> None:
    """Appending goes on after the last whole line."""
    whole = "".join(f"{encode_event(event)}\n" for event in EVENTS[:3])
    cut = encode_event(EVENTS[3])[:kept]
    (tmp_path / "events.jsonl").write_text(whole + cut)

    assert read_events(tmp_path).events == EVENTS[:3]
    assert read_events(tmp_path).notes == (
        "events.jsonl: its last line was cut short and is dropped",
    )
    with event_log(tmp_path) as append:
        append(EVENTS[3])
    assert read_events(tmp_path).events == EVENTS[:4]
    assert read_events(tmp_path).notes == ()


def test_a_very_long_cut_line_is_dropped_too(tmp_path: Path) -> None:
    """However far back the last whole line ends."""
    (tmp_path / "events.jsonl").write_text(f"{encode_event(EVENTS[1])}\n{'x' * 200_000}")
    with event_log(tmp_path) as append:
        append(EVENTS[2])

    assert read_events(tmp_path).events == EVENTS[1:3]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{}", "is not one event"),
        ('{"step": {}}', "step.step: field required"),
        ('{"stepp": {}}', "stepp: unexpected keyword argument"),
        ('{"ended": null}', "is not one event"),
        ("[]", "input should be an object"),
        ("", "is not one event"),
        ("\x00", "invalid JSON"),
        ("{" * 300, "invalid JSON"),
        (encode_event(EVENTS[1]).replace("128.0", "NaN"), "step.loss_scale: "),
        (encode_event(EVENTS[1]).replace('"step": 1', '"step": -1'), "step.step: input should be"),
        (f"{encode_event(EVENTS[1])}, {encode_event(EVENTS[2])}", "is not one event"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    """File, line and what is wrong, in one line."""
    text = f"{encode_event(EVENTS[0])}\n{line}\n{encode_event(EVENTS[2])}\n"
    (tmp_path / "events.jsonl").write_text(text)
    with pytest.raises(InputError) as raised:
        read_events(tmp_path)

    assert str(raised.value).startswith(f"{tmp_path}/events.jsonl:2: ")
    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_follower_reads_whole_lines_once(tmp_path: Path) -> None:
    """It begins with what comes after, and leaves what is still being written."""
    path = tmp_path / "events.jsonl"
    path.write_text(f"{encode_event(EVENTS[0])}\n")
    follower = EventFollower(tmp_path)
    seen = [list(follower.new())]
    for piece in (encode_event(EVENTS[1])[:9], f"{encode_event(EVENTS[1])[9:]}\n"):
        with path.open("a") as file:
            file.write(piece)
        seen.append(list(follower.new()))

    assert seen == [[], [], [EVENTS[1]]]


def test_a_header_comes_back_as_it_was(tmp_path: Path) -> None:
    """With every part of the recipe; a name that is taken gets a number."""
    header = make_training_header()
    first = create_training(tmp_path / "a", header)
    second = create_training(tmp_path / "a", header)

    assert read_training_header(first) == header == as_stored_training(header)
    assert second.name == "a-2"
    assert training_directories(tmp_path) == [second, first]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"schema_version": 2', '"schema_version": 9', "schema version 9"),
        ('"epochs": 2', '"epochs": 0', "training.epochs: input should be greater than or equal"),
        ('"seed": 0', '"sed": 0', "training.sed: unknown field; did you mean 'seed'?"),
        ("2026-01-02T03:04:05+00:00", "yesterday", "started_at: not a time"),
        ('"gpus": 1', '"gpus": true', "training.cell.gpus: input should be a valid integer"),
    ],
)
def test_a_damaged_header_is_one_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """It is read as strictly as the header of a run."""
    directory = create_training(tmp_path / "a", make_training_header())
    path = directory / "training.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError) as raised:
        read_training_header(directory)

    assert problem in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_that_is_no_training_is_said(tmp_path: Path) -> None:
    """A run of a matrix is none either."""
    with pytest.raises(InputError, match="no such training directory"):
        read_training_header(tmp_path / "nowhere")
    with pytest.raises(InputError, match="give the path of a training directory"):
        read_training_header(tmp_path)
