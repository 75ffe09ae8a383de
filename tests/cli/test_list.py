"""`bench.py list`: which runs there are."""

from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run

from suite.cli import main

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


def test_a_folder_without_runs_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what would make one."""
    assert main(["list", str(tmp_path)]) == 2
    assert "holds no run; make one with: python bench.py run quick" in capsys.readouterr().err
