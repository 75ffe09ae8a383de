"""Damaged and copied run directories on the command line: no wrong number and no traceback."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from builders import make_cell, make_header, make_launch, make_protocol
from commands import bench

from suite.machine.devices import detect_machine
from suite.model.device import device_label
from suite.model.launch import Launch
from suite.model.run import RunHeader
from suite.store.launches import write_launch
from suite.store.runs import create_run

ROOT = Path(__file__).parents[2]
CELL = make_cell()
PROTOCOL = make_protocol(measured_steps=4)
HEADER = make_header(protocol=PROTOCOL)
LAUNCH = make_launch(
    protocol=PROTOCOL,
    device="Tesla T4",
    warmup_seconds=(0.5,),
    step_seconds=(0.02, 0.02, 0.02, 0.02),
    wall_seconds=2.0,
)
OTHER = replace(LAUNCH, cell=make_cell(batch_size=16))
RECORD = f"cells/{CELL.id}.0.json"
GATE = ("--reference", str(ROOT / "reference" / "t4.csv"), "--fail-below", "0.5")
MATRIX = """\
purpose: a test
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 2}
axes: {mode: [inference], precision: [fp32], xla: [false], batch_size: [1, 2]}
"""


def stored(directory: Path, header: RunHeader = HEADER, launch: Launch = LAUNCH) -> Path:
    """A run directory with one launch."""
    create_run(directory, header)
    write_launch(directory / "cells", launch)
    return directory


def test_a_sound_run_passes_the_gate(tmp_path: Path) -> None:
    """What the tests below damage is good before, and compare says first what it took."""
    stored(tmp_path / "reports" / "one")
    done = bench("compare", *GATE, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "newest run: reports/one"
    assert "400.00" in done.stdout


def replaced(old: str, new: str) -> Callable[[Path], None]:
    """A change of the text of the record."""

    def damage(run: Path) -> None:
        text = (run / RECORD).read_text()
        assert old in text
        (run / RECORD).write_text(text.replace(old, new, 1))

    return damage


def copied(run: Path) -> None:
    shutil.copy(run / RECORD, run / RECORD.replace(".0.json", ".7.json"))


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a copy": (copied, f"{CELL.id}.7.json: holds what belongs in {CELL.id}.0.json; remove the"),
    "a step of zero": (
        replaced("[0.02", "[0.0"),
        f"{CELL.id}.0.json: step_seconds[0]: input should",
    ),
    "no number": (replaced("[0.02", "[NaN"), ".0.json: step_seconds[0]: is not a finite number"),
    "a key twice": (
        replaced('"reason"', '"step_seconds": [0.001], "reason"'),
        ".0.json: step_seconds: given twice; remove the file; run --resume",
    ),
    "a key misspelt": (
        replaced('"step_seconds"', '"step_second"'),
        ".0.json: step_second: unknown field; did you mean 'step_seconds'?",
    ),
    "deep nesting": (replaced('"conditions": {', '"conditions": {"a": ' + "[" * 5000), "50 deep"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_no_judgement_passes_with_a_damaged_record(tmp_path: Path, name: str) -> None:
    """File, field and remedy in one line, and exit 3: neither a pass nor a regression."""
    damage, words = DAMAGE[name]
    run = stored(tmp_path / "run")
    write_launch(run / "cells", OTHER)
    damage(run)
    done = bench("compare", *GATE, "--run", "run", cwd=tmp_path)

    assert done.returncode == 3
    assert done.stderr.startswith("damaged: run/cells/")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("incomplete: ")
    assert ", 0 below, 0 in doubt; " in last
    assert last.endswith(" failed or missing, 1 damaged")


def test_a_loss_counts_beside_a_damaged_record(tmp_path: Path) -> None:
    """What was measured cannot be undone by what is missing, as with any missing launch."""
    header = replace(HEADER, cells=(CELL.id, OTHER.cell.id))
    run = stored(tmp_path / "run", header, replace(LAUNCH, step_seconds=(0.2,) * 4))
    write_launch(run / "cells", OTHER)
    (run / "cells" / f"{OTHER.cell.id}.0.json").write_text("{half")
    done = bench("compare", *GATE, "--run", "run", cwd=tmp_path)

    assert done.returncode == 1
    assert f"missing: {OTHER.cell.id}: no whole record" in done.stdout


def test_compare_without_a_limit_shows_what_is_whole(tmp_path: Path) -> None:
    """And says by its exit code that something is not."""
    run = stored(tmp_path / "run")
    write_launch(run / "cells", OTHER)
    (run / "cells" / f"{OTHER.cell.id}.0.json").write_bytes(b"\xff\xfe")
    done = bench("compare", "--reference", "t4", "--run", "run", cwd=tmp_path)

    assert done.returncode == 3
    assert "400.00" in done.stdout
    assert f"cells/{OTHER.cell.id}.0.json: damaged: not UTF-8 text" in " ".join(done.stdout.split())


def in_place(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Something else than a file, made where a record was."""

    def put(path: Path) -> None:
        path.unlink()
        make(path)

    return put


# What may stand where a record should be, and words that tell it.
INSTEAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda path: path.write_text(""), "is not JSON (line 1, column 1"),
    "half a record": (lambda path: path.write_text(path.read_text()[:300]), "is not JSON"),
    "zeros": (lambda path: path.write_bytes(bytes(4096)), "is not JSON"),
    "bytes": (lambda path: path.write_bytes(bytes(range(256))), "not UTF-8 text (byte 128)"),
    "another file": (lambda path: path.write_text('{"runs": []}'), "is not a record of this suite"),
    "a list": (lambda path: path.write_text("[1, 2]"), "is not a record of this suite"),
    "a later record": (lambda path: path.write_text('{"schema_version": 99}'), "schema version 99"),
    "a folder": (in_place(Path.mkdir), "is a directory"),
    "a dead link": (in_place(lambda path: path.symlink_to("gone")), "no such file"),
}


@pytest.mark.parametrize("name", INSTEAD)
def test_a_report_has_what_is_whole_and_names_what_is_not(tmp_path: Path, name: str) -> None:
    """Exit 3, the file on one line of stderr, and in every file of the report."""
    put, words = INSTEAD[name]
    header = replace(HEADER, cells=(CELL.id, OTHER.cell.id))
    run = stored(tmp_path / "run", header)
    write_launch(run / "cells", OTHER)
    file = f"cells/{OTHER.cell.id}.0.json"
    put(run / file)
    done = bench("report", "run", cwd=tmp_path)
    (reported,) = json.loads((run / "report.json").read_text())["runs"]
    (damaged,) = reported["coverage"]["damaged"]
    cases = ET.parse(run / "junit.xml").findall("testsuite/testcase")  # noqa: S314 - written here

    assert done.returncode == 3
    assert done.stderr.startswith(f"damaged: run/{file}: {words}")
    assert len(done.stderr.splitlines()) == 1
    assert "400.00" in done.stdout
    assert f"{OTHER.cell.id}: no whole record" in done.stdout
    assert f"- {file}: damaged: {words}" in (run / "report.md").read_text()
    assert (damaged["file"], damaged["problem"].startswith(words)) == (file, True)
    assert list(reported["cells"]) == [CELL.id]
    assert [case.get("name") for case in cases if case.find("error") is not None] == [
        OTHER.cell.id,
        file,
    ]


def test_a_run_without_a_readable_header_is_bad_input(tmp_path: Path) -> None:
    """Nothing says what its records are, so nothing is reported: one line and exit 2."""
    run = stored(tmp_path / "run")
    (run / "run.json").write_text("{half")
    done = bench("report", "run", cwd=tmp_path)

    assert done.returncode == 2
    assert re.fullmatch(
        r"error: run/run\.json: is not JSON .*; the run cannot be read without it; restore it, or"
        r" start a new run\n",
        done.stderr,
    )
    assert not (run / "report.md").exists()


def test_every_file_of_a_run_may_be_damaged(tmp_path: Path) -> None:
    """Then the report has no number, and says of each why."""
    run = stored(tmp_path / "run")
    write_launch(run / "cells", OTHER)
    for path in (run / "cells").iterdir():
        path.write_text("{half")
    done = bench("report", "run", cwd=tmp_path)

    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 2
    assert (run / "report.md").read_text().count(": damaged: is not JSON") == 2


def test_half_a_surrogate_pair_in_a_device_name_is_printed_as_a_question_mark(
    tmp_path: Path,
) -> None:
    """A name that no file and no terminal takes keeps nobody from the numbers."""
    run = stored(tmp_path / "run")
    header = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**header, "device": "NVIDIA \ud800T4"}))
    done = bench("compare", *GATE, "--run", "run", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "NVIDIA ?T4" in done.stdout
    assert "NVIDIA ?T4" in (run / "comparison.md").read_text()


@pytest.mark.parametrize("renamed", ["99991231T235959Z-a-copy", "zz"])
def test_the_newest_run_is_the_one_begun_last(tmp_path: Path, renamed: str) -> None:
    """A renamed copy of an older run is not compared in its place, and what was is said first."""
    reports = tmp_path / "reports"
    slower = replace(LAUNCH, step_seconds=(0.2,) * 4)
    stored(reports / renamed, launch=slower)
    newer = replace(HEADER, started_at="2026-01-02T04:04:06+01:00")
    stored(reports / "20260102T030406Z-nvidia-t4-mine", newer)
    done = bench("compare", *GATE, cwd=tmp_path)

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "newest run: reports/20260102T030406Z-nvidia-t4-mine"
    assert "400.00" in done.stdout


def test_a_run_that_cannot_be_read_and_may_be_the_newest_is_named(tmp_path: Path) -> None:
    """Compare goes on with the newest that it can read, and says what it passed over."""
    reports = tmp_path / "reports"
    stored(reports / "20260102T030405Z-a")
    for name in ("20250101T000000Z-b", "20270101T000000Z-b"):
        shutil.copytree(reports / "20260102T030405Z-a", reports / name)
        (reports / name / "run.json").write_text("{")
    done = bench("compare", *GATE, cwd=tmp_path)
    lines = done.stdout.splitlines()

    assert done.returncode == 0
    assert lines[0].startswith(
        "note: skipped a run that cannot be read: reports/20270101T000000Z-b/run.json: is not"
    )
    assert lines[1] == "newest run: reports/20260102T030405Z-a"


def matrix(folder: Path) -> Path:
    path = folder / "mine.yaml"
    path.write_text(MATRIX)
    return path


def test_resume_names_a_damaged_record_and_measures_it_again_once_it_is_gone(
    tmp_path: Path,
) -> None:
    """The way that the message shows is one that works."""
    matrix(tmp_path)
    first = bench("run", "mine.yaml", cwd=tmp_path)
    (record,) = (tmp_path / "reports").glob("*/cells/*bs1-*.json")
    whole = json.loads(record.read_text())
    record.write_text(json.dumps({**whole, "warmup_seconds": [float("nan")]}))
    refused = bench("run", "mine.yaml", "--resume", cwd=tmp_path)
    record.unlink()
    resumed = bench("run", "mine.yaml", "--resume", cwd=tmp_path)

    assert first.returncode == 0
    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: {record.relative_to(tmp_path)}: warmup_seconds[0]: is not a finite number; remove"
        " the file; run --resume then measures that launch again\n"
    )
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stdout.startswith(
        f"newest run of mine: {record.parents[1].relative_to(tmp_path)}"
    )
    assert "[1/1]" in resumed.stderr
    assert json.loads(record.read_text())["status"] == "ok"


# One file of an earlier run, and what became of it.
DAMAGED_EARLIER = {
    "run.json": "[" * 100_000,
    "cells/a.0.json": "{}",
    "cells/b.0.json": "[" * 100_000,
    "cells/c.0.json": '{"schema_version": {"a": []}}',
    RECORD: '{"schema_version": 1, "step_seconds": 1}',
}


def test_an_earlier_run_never_stops_a_new_one(tmp_path: Path) -> None:
    """Plan and run go on without the damaged runs of this device; one line names the first."""
    matrix(tmp_path)
    header = replace(HEADER, device=device_label(detect_machine()))
    for index, (file, text) in enumerate(DAMAGED_EARLIER.items()):
        (stored(tmp_path / "reports" / f"earlier-{index}", header) / file).write_text(text)
    planned = bench("plan", "mine.yaml", cwd=tmp_path)
    done = bench("run", "mine.yaml", cwd=tmp_path)

    assert (planned.returncode, done.returncode) == (0, 0)
    assert planned.stderr == (
        "note: not used for estimates: reports/earlier-0/run.json: is nested more than 50 deep; the"
        " run cannot be read without it; restore it, or start a new run (and 4 more)\n"
    )
    assert done.stderr.startswith(planned.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", *GATE, "--run", "x" * 300),
        ("run", "mine.yaml", "--resume", "x" * 300),
        ("run", "mine.yaml", "--out", "x" * 300),
        ("run", "mine.yaml", "--out", "x" * 300, "--resume"),
    ],
)
def test_a_name_longer_than_any_file_has_is_bad_input(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """One line and exit 2."""
    matrix(tmp_path)
    done = bench(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert re.fullmatch(r"error: .* a name of 300 bytes; Linux allows 255; .*\n", done.stderr)
