"""`bench.py list`: which runs there are."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run
from trained import trained_events, trained_header

from suite.cli import main
from suite.model.training_record import Event
from suite.store.training_runs import create_training, event_log

TABLE = """\
started           device     matrix  launches  run directory
----------------  ---------  ------  --------  -------------
2026-03-04 05:06  NVIDIA L4  other   1 of 2    {0}/a
2026-01-02 03:04  Tesla T4   mine    1 of 1    {0}/b
"""


def test_runs_are_listed_by_when_they_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest comes first whatever its name, and an unfinished one is seen to be that."""
    monkeypatch.chdir(tmp_path)
    launch = make_launch(step_seconds=(0.1, 0.1))
    store_run(Path("runs/b"), make_run(launch))
    other = make_run(
        launch,
        matrix="other",
        device="NVIDIA L4",
        started_at="2026-03-04T05:06:07+00:00",
        cells=(launch.cell.id, "inference-fp32-bs16-1gpu"),
    )
    store_run(Path("runs/a"), other)

    assert main(["list", "runs"]) == 0
    assert capsys.readouterr().out == TABLE.format("runs")


def test_a_run_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It hides no other, and the exit code says that something is missing."""
    store_run(tmp_path / "good", make_run(make_launch(step_seconds=(0.1, 0.1))))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{")

    assert main(["list", str(tmp_path)]) == 3
    printed = capsys.readouterr().out
    assert str(tmp_path / "good") in printed
    assert f"cannot be read: {tmp_path / 'bad' / 'run.json'}: is not JSON" in printed


TRAININGS = """\
started           recipe  state                    top-1   training directory
----------------  ------  -----------------------  ------  ------------------
2026-03-04 05:06  mine    stopped at epoch 2 of 4  70.00%  {0}/a
2026-01-02 03:04  mine    killed at epoch 0 of 4   -       {0}/b
"""


def test_trainings_are_listed_with_how_far_they_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With their state and their accuracy, below the runs."""
    monkeypatch.chdir(tmp_path)
    store_run(Path("runs/c"), make_run(make_launch(step_seconds=(0.1, 0.1))))
    store_training(Path("runs/a"), "2026-03-04T05:06:07+00:00", trained_events())
    store_training(Path("runs/b"), "2026-01-02T03:04:05+00:00", trained_events()[:2])
    with Path("runs/b/events.jsonl").open("a") as file:
        file.write('{"step": {"cut sho')

    assert main(["list", "runs"]) == 0
    runs, trainings = capsys.readouterr().out.split("\n\n")
    assert runs.splitlines()[2].endswith("runs/c")
    assert trainings == TRAININGS.format("runs")


def store_training(directory: Path, started_at: str, events: Sequence[Event]) -> None:
    create_training(directory, trained_header(started_at=started_at))
    with event_log(directory) as append:
        for event in events:
            append(event)


def test_a_training_that_goes_on_is_told_from_a_killed_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the lock that its process holds."""
    store_training(tmp_path / "a", "2026-03-04T05:06:07+00:00", trained_events()[:-1])
    with event_log(tmp_path / "a"):
        main(["list", str(tmp_path)])
        running = capsys.readouterr().out
    main(["list", str(tmp_path)])

    assert "running" in running
    assert "killed" in capsys.readouterr().out


def test_a_training_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the line that is damaged, and exit code 3."""
    store_training(tmp_path / "a", "2026-03-04T05:06:07+00:00", trained_events())
    (tmp_path / "a" / "events.jsonl").write_text("{}\n")

    assert main(["list", str(tmp_path)]) == 3
    assert "events.jsonl:1: is not one event; restore the file" in capsys.readouterr().out


def test_a_folder_without_runs_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what would make one."""
    assert main(["list", str(tmp_path)]) == 2
    assert "holds no run; make one with: python bench.py run quick" in capsys.readouterr().err
