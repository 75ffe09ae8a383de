"""`bench.py baseline`: runs are stored, shown and added, and what is unfit is refused."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_cell, make_launch, make_protocol, make_run, store_run
from hostile import EVERYTHING

from suite.cli import main
from suite.model.baseline import ChangeKind
from suite.model.cell import KernelName
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.text import shown
from suite.store.baselines import read_baseline

THREE = make_protocol(launches=3)
OTHER = make_cell(batch_size=16)


def whole(**facts: Any) -> list[Launch]:
    """Three launches of a cell that are ok."""
    usual: dict[str, Any] = {"protocol": THREE, "step_seconds": (0.1, 0.1)}
    return [make_launch(**{"launch": number, **usual, **facts}) for number in range(3)]


def store(folder: Path, day: int, *launches: Launch, **facts: Any) -> str:
    """The directory of the run of a day in January."""
    began = f"2026-01-{day:02}T03:04:05+00:00"
    run = make_run(
        *(launches or whole()),
        **{"protocol": THREE, "started_at": began, "matrix": "nightly"} | facts,
    )
    return str(store_run(folder / f"run-{day}", run))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where verbs run, without a name in git."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LOGNAME", "login")
    return tmp_path


def save(*runs: str, file: str = "mine.json") -> int:
    flags = [word for run in runs for word in ("--run", run)]
    return main(["baseline", "save", file, *flags, "--why", "a test"])


def update(run: str, *flags: str, file: str = "mine.json") -> int:
    return main(["baseline", "update", file, "--run", run, "--why", "another", *flags])


Output = pytest.CaptureFixture[str]


def error_of(code: int, capsys: Output) -> str:
    """The only line on stderr of a command that ended so."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    return f"{code}: {line.removeprefix('error: ')}"


def days(path: str = "mine.json") -> list[int]:
    return [session.began.day for session in read_baseline(Path(path)).sessions]


def test_runs_are_saved_shown_and_added(folder: Path, capsys: Output) -> None:
    """Sessions in their order, a log of who, when and why, and how to choose what is stored."""
    one, two, three = (store(folder, day) for day in (1, 2, 3))

    assert save(two, one, file="baselines/t4.json") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "written: baselines/t4.json: 2 sessions of nightly on Tesla T4, 6 launches" in said
    assert "store runs that were chosen beforehand, never the one that beat the baseline" in said
    assert "next: python bench.py baseline show baselines/t4.json" in said
    assert "note:" not in said
    assert update(three, "--who", "Bob", file="baselines/t4.json") == 0
    assert "3 sessions of nightly on Tesla T4, 9 launches" in capsys.readouterr().out

    found = read_baseline(folder / "baselines" / "t4.json")
    assert days("baselines/t4.json") == [1, 2, 3]
    assert [(each.who, each.what, each.why) for each in found.changes] == [
        ("login", ChangeKind.SAVED, "a test"),
        ("Bob", ChangeKind.ADDED, "another"),
    ]
    assert all(each.at.endswith("+00:00") for each in found.changes)
    assert main(["baseline", "show", "baselines/t4.json"]) == 0
    shown_text = capsys.readouterr().out
    assert "Baseline: nightly on Tesla T4" in shown_text
    assert "2026-01-03 03:04" in shown_text
    assert main(["baseline", "show", "baselines/t4.json", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sessions"]) == 3


def test_the_log_has_the_name_that_git_has(folder: Path) -> None:
    """In the folder where the command runs; it is overridden by --who."""
    run = store(folder, 1)
    subprocess.run(["git", "config", "--global", "user.name", "Ada L"], check=True)

    assert save(run) == 0
    assert read_baseline(Path("mine.json")).changes[0].who == "Ada L"


def test_a_run_directory_is_shown_as_a_baseline(folder: Path, capsys: Output) -> None:
    """Of one session, before it is stored."""
    assert main(["baseline", "show", store(folder, 1)]) == 0
    assert "inference-fp32-bs8-1gpu 80.00 1 3 " in " ".join(capsys.readouterr().out.split())


def test_save_replaces_no_file(folder: Path, capsys: Output) -> None:
    """It says how to add to it instead."""
    run = store(folder, 1)
    Path("mine.json").write_text("mine")

    assert error_of(save(run), capsys) == (
        "2: mine.json: is there already; add a session with: python bench.py baseline update"
        " mine.json --run RUN --why TEXT"
    )
    assert Path("mine.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: store(folder, 1, *whole()[:2]), "is not finished: 2 of 3 launches"),
        (
            lambda folder: store(folder, 1, protocol=replace(THREE, quick=True)),
            "is quick, a first look; measure without --quick",
        ),
        (
            lambda folder: store(folder, 1, *whole(status=Status.CRASHED, step_seconds=())),
            "has no launch that is ok; see its report for the reasons",
        ),
        (
            lambda folder: store(
                folder, 1, *whole(cautions=(Caution(CautionKind.CHANGED, "driver"),))
            ),
            "was resumed under changed conditions",
        ),
        (lambda folder: str(folder / "missing"), "no such run directory"),
        (str, "run.json: no such file"),
    ],
)
@pytest.mark.parametrize("verb", [save, update])
def test_what_later_runs_should_not_be_held_to_is_refused(
    folder: Path,
    capsys: Output,
    make: Callable[[Path], str],
    words: str,
    verb: Callable[[str], int],
) -> None:
    """With exit 2, one line, and no change of the file."""
    assert save(store(folder, 9)) == 0
    kept = Path("mine.json").read_bytes()
    if verb is save:
        Path("mine.json").unlink()
    capsys.readouterr()

    assert words in error_of(verb(make(folder)), capsys)
    assert not Path("mine.json").exists() or Path("mine.json").read_bytes() == kept


def test_a_damaged_record_is_named(folder: Path, capsys: Output) -> None:
    """It may be good and only be unreadable here."""
    run = store(folder, 1)
    record = Path(run) / "cells" / "inference-fp32-bs8-1gpu.1.json"
    record.write_text(record.read_text()[:50])

    assert error_of(save(run), capsys).startswith(f"2: {record}: is not JSON")


def test_a_run_is_stored_once(folder: Path, capsys: Output) -> None:
    """Also a copy of it, and one that is in the file already: it would count twice."""
    run = store(folder, 1)
    copy = str(
        store_run(
            folder / "copy",
            make_run(*whole(), protocol=THREE, started_at=("2026-01-01T04:04:05+01:00")),
        )
    )

    assert error_of(save(run, run), capsys) == (
        f"2: {run}: is the same run as {run}; give each run once"
    )
    assert f"{copy}: is the same run as {run}" in error_of(save(run, copy), capsys)
    assert save(run) == 0
    capsys.readouterr()
    assert error_of(update(run), capsys) == f"2: {run}: is in mine.json already; give another run"


def test_runs_of_other_conditions_are_no_sessions_of_one_baseline(
    folder: Path, capsys: Output
) -> None:
    """Exit 4, with what differs and why that matters; another commit is what is to be judged."""
    old, new = ({"driver": driver, "commit": "abc"} for driver in ("535", "550"))
    one = store(folder, 1, environment=old)
    two = store(folder, 2, environment=new)
    three = store(folder, 3, environment={**old, "commit": "def"})
    four = store(folder, 4, environment=old, matrix="weekly")
    why = "driver 535 -> 550 (it schedules the work of the GPU and sets its clocks)"

    assert error_of(save(one, two), capsys) == (
        f"4: {two}: measured under other conditions than {one}: {why}; save a baseline of each"
    )
    assert not Path("mine.json").exists()
    assert save(one, three) == 0
    capsys.readouterr()
    assert error_of(update(two), capsys) == (
        f"4: {two}: measured under other conditions than mine.json: {why}; start the baseline anew"
        " from it with --replace"
    )
    assert "matrix nightly -> weekly" in error_of(update(four), capsys)
    assert days() == [1, 3]


def test_a_baseline_is_started_anew_with_its_log(folder: Path, capsys: Output) -> None:
    """Whatever has changed, and whichever run is newer."""
    one, two = store(folder, 1, device="NVIDIA L4"), store(folder, 2)

    assert save(two) == 0
    assert update(one, "--replace") == 0
    assert "mine.json: 1 session of nightly on NVIDIA L4" in capsys.readouterr().out
    found = read_baseline(Path("mine.json"))
    assert days() == [1]
    assert [each.what for each in found.changes] == [ChangeKind.SAVED, ChangeKind.REPLACED]


def test_the_newest_twenty_sessions_are_kept_and_that_is_said(folder: Path, capsys: Output) -> None:
    """A run that is older than all of them is refused, as it would be dropped at once."""
    runs = [store(folder, day) for day in range(1, 23)]

    assert save(*runs[1:21]) == 0
    assert "left out" not in capsys.readouterr().out
    assert update(runs[21]) == 0
    assert "left out: the 1 oldest of 21 sessions" in capsys.readouterr().out
    assert days() == list(range(3, 23))
    assert "is older than the 20 sessions of mine.json" in error_of(update(runs[0]), capsys)
    assert days() == list(range(3, 23))


def test_doubts_about_a_run_are_said(folder: Path, capsys: Output) -> None:
    """The kernel that means nothing, cautions, failures, and launches too few for a verdict."""
    simulated = make_cell(kernel=KernelName.SIMULATED)
    cautions = (CautionKind.SIMULATED.caution("x"), CautionKind.THROTTLED.caution("y"))
    run = store(
        folder,
        1,
        *whole(cell=simulated, cautions=cautions),
        *whole()[:2],
        replace(whole()[2], status=Status.CRASHED, step_seconds=(), reason="why"),
    )

    assert save(run) == 0
    said = capsys.readouterr().out
    assert f"note: {run}: simulated kernel: the number means nothing\n" in said
    assert f"note: {run}: some numbers have cautions (throttled); see its report\n" in said
    assert f"note: {run}: 1 launch failed, and is stored as such\n" in said
    assert "note: 1 cell has fewer than 3 launches, too few for a verdict\n" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["baseline"], "the following arguments are required: ACTION"),
        (["baseline", "sav"], "invalid choice: 'sav'; did you mean 'save'?"),
        (["baseline", "save", "x"], "required: --run, --why"),
        (["baseline", "save", "x", "--run", "y"], "required: --why"),
        (["baseline", "save", "x", "--run", "y", "--why", " "], "--why: is empty; write a few"),
        (["baseline", "save", "x", "--run", "y", "--why", "z", "--who", ""], "--who: is empty"),
        (["baseline", "update", "x", "--run", "y", "--run", "z", "--why", "z"], "given twice"),
        (["baseline", "show", "x", "--jsn"], "unknown flag '--jsn'; did you mean '--json'?"),
        (["baseline", "show", "missing.json"], "missing.json: no such file; give the path of a"),
        (["baseline", "show", "/dev/zero"], "/dev/zero: larger than 67108864 bytes"),
        (["baseline", "show", "/dev/null"], "/dev/null: is empty"),
        (["baseline", "show", "."], ".: a directory without run.json; give a file that"),
        (["baseline", "show", "mine.txt"], "mine.txt: is not JSON (line 1, column 1"),
    ],
)
def test_bad_words_and_files_are_one_line(
    folder: Path, capsys: Output, words: list[str], message: str
) -> None:
    """Exit 2, and what to do."""
    (folder / "mine.txt").write_text("mine")

    line = error_of(main(words), capsys)
    assert line.startswith("2: ")
    assert message in line


def test_update_takes_a_file_alone(folder: Path, capsys: Output) -> None:
    """Of save, which is there and whole; a run directory is none that it could write."""
    run, other = store(folder, 1), store(folder, 2)
    Path("cut.json").write_text('{"kind": "base')

    assert error_of(update(other, file=run), capsys) == (
        f"2: {run}: is a directory; give the path of a file that save wrote"
    )
    assert "missing.json: no such file" in error_of(update(run, file="missing.json"), capsys)
    assert "cut.json: is not JSON" in error_of(update(run, "--replace", file="cut.json"), capsys)
    assert Path("cut.json").read_text() == '{"kind": "base'


def test_a_file_in_place_of_a_folder_is_named(folder: Path, capsys: Output) -> None:
    """One line, whatever stands in the way."""
    run = store(folder, 1)
    Path("taken").write_text("")

    assert "taken: cannot be made" in error_of(save(run, file="taken/mine.json"), capsys)


def test_hostile_words_are_shown_safely(folder: Path, capsys: Output) -> None:
    """A matrix, a device, a reason and a name from outside act on no terminal."""
    run = store(folder, 1, matrix=EVERYTHING, device=EVERYTHING)

    assert (
        main(
            [
                "baseline",
                "save",
                "mine.json",
                "--run",
                run,
                "--why",
                EVERYTHING.replace("\ud800", ""),
                "--who",
                "\x1b[31mme",
            ]
        )
        == 0
    )
    assert main(["baseline", "show", "mine.json"]) == 0
    said = capsys.readouterr().out.replace("\n", "")
    assert "\\x1b[31mme" in said
    assert shown(said, None) == said
