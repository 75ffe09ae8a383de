"""suite.store.baselines: a baseline is read back as it was written, or refused in one line."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from builders import make_baseline, make_cell, make_launch, make_run, store_run
from hostile import EVERYTHING, HOSTILE

from suite.analysis.baseline import baseline_of_run
from suite.model.cell import Data, Layout, Mode, Precision, XlaMode
from suite.model.errors import InputError
from suite.model.launch import Status
from suite.model.text import shown
from suite.store.baselines import baseline_schema, read_baseline, write_baseline

UNUSUAL = make_cell(
    mode=Mode.TRAINING,
    precision=Precision.AMP,
    xla=True,
    xla_mode=XlaMode.AUTO_CLUSTERING,
    gpus=2,
    data=Data.DALI,
    image_size=64,
    layout=Layout.NCHW,
    gpu="t4",
)
LAUNCHES = (
    make_launch(step_seconds=(0.1, 0.30000000000000004)),
    make_launch(step_seconds=(1e-9, 2e-9), cell=UNUSUAL),
    make_launch(launch=1, status=Status.OUT_OF_MEMORY, cell=UNUSUAL),
)
BASELINE = make_baseline(
    make_run(*LAUNCHES, environment={"commit": "abc", "dirty": True, "code": "1", "driver": None}),
    make_run(*LAUNCHES[:1], started_at="2026-01-09T03:04:05+02:00"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.json"
    write_baseline(path, BASELINE)
    return path


def refused(path: Path) -> str:
    """What is said of a path that is no baseline."""
    with pytest.raises(InputError) as caught:
        read_baseline(path)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{path}")
    return str(caught.value)


def test_a_baseline_is_read_as_it_was_written(file: Path) -> None:
    """Every digit, every condition of a cell, every failure."""
    assert read_baseline(file) == BASELINE


def test_a_cell_of_a_session_and_a_change_have_a_line_each(file: Path) -> None:
    """So that a review shows what changed; conditions at their default are left out."""
    lines = file.read_text().splitlines()
    cells = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"cell"')]

    assert len(cells) == 3
    assert cells[0]["cell"] == {
        "mode": "inference",
        "precision": "fp32",
        "xla": False,
        "batch_size": 8,
    }
    assert cells[1]["cell"]["gpu"] == "t4"
    assert cells[1]["failures"] == {"out_of_memory": 1}
    assert sum('"why": "a test"' in line for line in lines) == 1


def test_the_layout_of_the_file_is_free(file: Path) -> None:
    """A formatter of JSON, or a checkout with other line ends, is no edit."""
    stored = json.loads(file.read_text())
    file.write_text(json.dumps(dict(reversed(stored.items())), indent=3).replace("\n", "\r\n"))

    assert read_baseline(file) == BASELINE


def test_a_run_directory_is_a_baseline_of_one_session(tmp_path: Path) -> None:
    """Without a log."""
    run = make_run(*LAUNCHES)
    found = read_baseline(store_run(tmp_path / "run", run))

    assert found == baseline_of_run(run)
    assert (len(found.sessions), found.changes) == (1, ())


def edit(old: str, new: str) -> Callable[[str], str]:
    def edited(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edited


HAND = "a baseline is not edited by hand: restore it from version control, or make it anew with"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda _: "", f"is empty; {HAND} python bench.py baseline save"),
        (lambda _: " \n", "is empty; "),
        (lambda text: text[:-40], "column 11: Unterminated string starting at); a baseline is not"),
        (lambda text: text[: len(text) // 2], "is not JSON (line "),
        (lambda text: f"<<<<<<< HEAD\n{text}", "is not JSON (line 1, column 1"),
        (edit("0.29800000000000004", "0.298"), "sha256: not that of its content: it was edited"),
        (edit('"abc"', '"abd"'), "sha256: not that of its content: it was edited or damaged"),
        (edit('"sha256"', '"sha257"'), "sha256: not that of its content"),
        (edit('"schema_version": 1', '"schema_version": 2'), "schema version 2, but this suite"),
        (edit('"schema_version": 1', '"schema_version": true'), "schema version true, but"),
        (edit('"schema_version": 1,', ""), "schema version null, but this suite reads 1 to 1"),
        (edit('"kind": "baseline"', '"kind": "x"'), "is not a baseline; give a file that"),
        (edit('"kind": "baseline"', '"kind": []'), "is not a baseline; give a file that"),
        (edit('"changes"', '"sessions": [], "changes"'), "sessions: given twice"),
        (edit("[0.2]", "[NaN]"), "sessions[0].cells[0].mean_step_seconds[0]: is not a finite"),
        (edit("[0.2]", "[1e999]"), "sessions[0].cells[0].mean_step_seconds[0]: is not a finite"),
        (lambda _: "[" * 900, "is nested more than 50 deep"),
        (lambda _: "[]", "is not a baseline; give a file that baseline save wrote"),
        (lambda _: "null", "is not a baseline; give a file that baseline save wrote"),
        (lambda _: '{"schema_version": 2}', "is not a baseline; give a file that"),
    ],
)
def test_damage_is_refused_in_one_line(
    file: Path, damage: Callable[[str], str], words: str
) -> None:
    """With the place, and what to do."""
    file.write_text(damage(file.read_text()))

    assert words in refused(file)


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda stored: stored.update(more=1), "more: unknown field"),
        (lambda stored: stored.update(session=1), "unknown field; did you mean 'sessions'?"),
        (lambda stored: stored.pop("header"), "header: missing"),
        (lambda stored: stored.pop("sessions"), "sessions: missing"),
        (lambda stored: stored.update(sessions=[]), "sessions: none"),
        (lambda stored: stored["header"].pop("device"), "header.device: missing"),
        (lambda stored: stored["header"]["protocol"].update(launches=0), "protocol.launches: "),
        (lambda stored: stored["changes"][0].update(what="edited"), "changes[0].what: "),
        (lambda stored: stored["changes"][0].update(at="now"), "changes[0].at: not a time"),
        (
            lambda stored: stored["sessions"][0]["cells"].append(stored["sessions"][0]["cells"][0]),
            "sessions[0].cells: inference-fp32-bs8-1gpu is there twice",
        ),
        (
            lambda stored: stored["sessions"][0]["cells"][0].update(mean_step_seconds=[-1.0]),
            "sessions[0].cells[0].mean_step_seconds[0]: ",
        ),
        (
            lambda stored: stored["sessions"][0]["cells"][0].update(mean_step_seconds=["1"]),
            "sessions[0].cells[0].mean_step_seconds[0]: ",
        ),
        (
            lambda stored: stored["sessions"][0]["cells"][0].update(p50_seconds=[]),
            "sessions[0].cells[0].p50_seconds: not as many as",
        ),
        (
            lambda stored: stored["sessions"][0]["cells"][0].update(failures={"lost": 1}),
            "sessions[0].cells[0].failures.lost",
        ),
        (
            lambda stored: stored["sessions"][0]["cells"][0].update(failures={"crashed": 0}),
            "sessions[0].cells[0].failures.crashed: ",
        ),
        (
            lambda stored: stored["sessions"][0]["cells"][0]["cell"].pop("mode"),
            "sessions[0].cells[0].cell.mode: missing",
        ),
    ],
)
def test_a_checksum_that_fits_makes_no_nonsense_true(
    file: Path, change: Change, words: str
) -> None:
    """What another program wrote is checked as strictly as a record of a launch."""
    stored = json.loads(file.read_text())
    change(stored)
    content = {name: part for name, part in stored.items() if name not in {"kind", "sha256"}}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    file.write_text(json.dumps({**stored, "sha256": sha256(canonical.encode()).hexdigest()}))

    assert words in refused(file)


def test_what_is_no_file_of_a_baseline_is_named(tmp_path: Path) -> None:
    """Missing files, devices, other documents, and directories that are no run."""
    other = tmp_path / "other"
    other.mkdir()
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    assert "no such file; give the path of a file that baseline save wrote, or a run" in refused(
        tmp_path / "missing"
    )
    assert "a directory without run.json; give a file that baseline save wrote" in refused(other)
    assert "not UTF-8 text" in refused(binary)
    assert "larger than 67108864 bytes" in refused(Path("/dev/zero"))
    assert "is empty" in refused(Path("/dev/null"))


def test_a_run_with_a_damaged_record_or_none_is_no_baseline(tmp_path: Path) -> None:
    """The record is named."""
    empty = store_run(tmp_path / "empty", make_run(cells=("a",)))
    run = store_run(tmp_path / "run", make_run(*LAUNCHES))
    record = run / "cells" / f"{LAUNCHES[0].cell.id}.0.json"
    record.write_text("{")

    assert "has no launch; give a run that has ended" in refused(empty)
    with pytest.raises(InputError, match="is not JSON") as caught:
        read_baseline(run)
    assert str(caught.value).startswith(f"{record}: ")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_is_stored_and_read_again(tmp_path: Path, text: str) -> None:
    """Names of devices, people and reasons, in any script; half a pair is kept as its escape."""
    file = tmp_path / "mine.json"
    header = replace(BASELINE.header, device=text, environment={text: text}, machine={text: text})
    changes = tuple(replace(change, who=text, why=text) for change in BASELINE.changes)
    write_baseline(file, replace(BASELINE, header=header, changes=changes))
    found = read_baseline(file)

    expected = text.replace("\ud800", "\\ud800").replace("\udcff", "\\udcff")
    assert found.header.device == found.changes[0].why == expected
    assert file.read_text().isascii()
    assert len(file.read_text().splitlines()) == file.read_text().count("\n")


def test_an_error_shows_hostile_keys_safely(file: Path) -> None:
    """A key is part of the place that an error names."""
    stored = json.loads(file.read_text())
    file.write_text(json.dumps({**stored, EVERYTHING: float("nan")}))

    with pytest.raises(InputError) as caught:
        read_baseline(file)
    assert shown(str(caught.value)) == str(caught.value)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    """And an earlier file stays."""
    file = tmp_path / "mine.json"
    write_baseline(file, BASELINE)
    before = file.read_bytes()
    header = replace(BASELINE.header, machine={"a": float("inf")})

    with pytest.raises(InputError, match="could not be read again: header.machine.a"):
        write_baseline(file, replace(BASELINE, header=header))
    with pytest.raises(InputError, match="could not be read again: sessions: none"):
        write_baseline(file, replace(BASELINE, sessions=()))
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """In one line."""
    with pytest.raises(InputError, match="cannot be written"):
        write_baseline(tmp_path / "missing" / "mine.json", BASELINE)


def test_the_schema_describes_the_file(file: Path) -> None:
    """Other programs can rely on `bench.py schema baseline`."""
    schema = json.loads(baseline_schema())
    stored = json.loads(file.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    validator.validate(stored)
    for name in ("kind", "schema_version", "sha256", "sessions"):
        assert not validator.is_valid({key: part for key, part in stored.items() if key != name})
    assert "mean, the median" in schema["$defs"]["CellLaunches"]["description"]
