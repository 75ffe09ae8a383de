"""`bench.py gate selftest`: what recorded launches tell of the gate."""

import json
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_protocol, make_run, store_run

from suite.cli import main
from suite.model.launch import Status

# Deviations of launches that are spread like normal ones, in units of their standard deviation.
NORMAL = (-1.5, -1.0, -0.65, -0.35, -0.1, 0.1, 0.35, 0.65, 1.0, 1.5)


def stored(directory: Path, day: int = 2, *, spread: float = 0.01, **facts: object) -> Path:
    """A run of two cells, ten launches each."""
    launches = [
        make_launch(
            cell=make_cell(batch_size=size),
            launch=number,
            step_seconds=(0.1 * (1 + spread * z),) * 2,
        )
        for size in (8, 16)
        for number, z in enumerate(NORMAL)
    ]
    header = {"started_at": f"2026-01-{day:02}T03:04:05+00:00", **facts}
    return store_run(directory, make_run(*launches, **header))


def test_one_run_tells_the_spread_of_launches_and_not_of_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what is unknown, and that replays show no rate of false alarms."""
    run = stored(tmp_path / "run")

    assert main(["gate", "selftest", str(run)]) == 0
    text = capsys.readouterr().out
    assert "inference-fp32-bs16-1gpu" in text
    assert "by how much days differ is unknown: runs of 4 days more would tell" in text
    assert "under 1.0% of runs without any change" in text
    assert "0 false alarms in 200" in text
    assert max(map(len, text.splitlines())) <= 100


def test_runs_of_five_days_tell_how_far_days_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In JSON every number is unrounded; runs of one day are one day."""
    runs = [str(stored(tmp_path / f"{day}", day)) for day in (2, 3, 4, 5, 6)]

    assert main(["gate", "selftest", *runs, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tau"]["sessions"] == 5
    assert found["tau"]["is_assumed"] is False
    assert found["cells"]["inference-fp32-bs8-1gpu"]["launches"] == 50
    assert found["cells"]["inference-fp32-bs8-1gpu"]["launch_sd"] == pytest.approx(0.0089, rel=0.1)

    assert main(["gate", "selftest", *runs[:4], str(stored(tmp_path / "again", 5)), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tau"] is None


def test_an_ab_shows_how_far_pairs_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here launches drift by 1 % while pairs differ not at all: an A/B takes that off."""
    for side in "ab":
        stored(tmp_path / "ab" / side)

    assert main(["gate", "selftest", str(tmp_path / "ab"), "--json"]) == 0
    (cell, _) = json.loads(capsys.readouterr().out)["cells"].values()
    assert cell["paired_sd"] == pytest.approx(0, abs=1e-12)
    assert cell["launches"] == 10


def test_runs_under_other_conditions_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their launches would differ for other reasons; exit code 4 names the first of these."""
    runs = [
        str(stored(tmp_path / "one")),
        str(stored(tmp_path / "two", 3, protocol=make_protocol(warmup_steps=3))),
    ]

    assert main(["gate", "selftest", *runs]) == 4
    assert "two: measured under other conditions than" in (error := capsys.readouterr().err)
    assert "warmup_steps 1 -> 3" in error


@pytest.mark.parametrize("kind", ["twice", "missing", "no launch", "empty"])
def test_a_mistake_is_one_line(
    tmp_path: Path,
    kind: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit code 2, and no traceback."""
    monkeypatch.chdir(tmp_path)
    run = str(stored(tmp_path / "run"))
    crashed = make_launch(status=Status.CRASHED, reason="why")
    words = {
        "twice": [run, f"{run}/"],
        "missing": ["nowhere"],
        "no launch": [str(store_run(tmp_path / "lost", make_run(crashed)))],
        "empty": [],
    }[kind]
    expected = {
        "twice": "named twice",
        "missing": "no such run directory",
        "no launch": "has no launch that is ok",
        "empty": "holds no run",
    }[kind]

    assert main(["gate", "selftest", *words]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert len(error.splitlines()) == 1


def test_launches_that_tell_nothing_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spread of 0 is no spread."""
    run = stored(tmp_path / "run", spread=0)

    assert main(["gate", "selftest", str(run)]) == 0
    assert "too few launches, or they do not vary: inference-fp32" in capsys.readouterr().out
