"""suite.files.runs: run directories are read back whole, or refused with the file named."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from suite.core.cell import Cell, Mode, Precision, Protocol
from suite.core.errors import InputError
from suite.core.launch import Caution, CautionKind, Launch, Status
from suite.core.run import RunHeader
from suite.core.telemetry import Gauge, Telemetry
from suite.files.launches import write_launch
from suite.files.runs import create_run, decode_launch, newest_run, read_run, tidy_directory
from suite.files.text import write_text

PROTOCOL = Protocol(warmup_steps=1, measured_steps=2, max_seconds=9.5)
CELL = Cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True, batch_size=8)
HEADER = RunHeader(
    matrix="mine",
    purpose="a test",
    reference=None,
    expected_device="t4",
    device="Tesla T4",
    gpu="Tesla T4",
    protocol=PROTOCOL,
    started_at="2026-01-02T03:04:05+00:00",
    cells=(CELL.id,),
    machine={"gpus": [{"name": "Tesla T4"}]},
    environment={"python": "3.12.0", "dirty": False, "variables": {}},
    data={"data_dir": "/records", "data_idx_dir": None},
)
LAUNCH = Launch(
    cell=CELL,
    protocol=PROTOCOL,
    launch=1,
    status=Status.OK,
    device="Tesla T4",
    started_at="2026-01-02T03:04:06+00:00",
    startup_seconds={"import": 1.5, "build": 0.5},
    warmup_seconds=(0.125,),
    step_seconds=(0.1, 0.30000000000000004),
    conditions={"compute_type": "float16", "casts": 3},
    telemetry=Telemetry(
        readings=2,
        reading_seconds=0.001,
        seconds=0.5,
        steps=1,
        cpu_seconds=0.25,
        gauges={"gpu_power_watts": Gauge(70.0, 69.5, 70.5)},
        throttling={"power cap": 1.0},
        foreign_processes=("process 7",),
        note="no energy counter can be read",
    ),
    wall_seconds=3.0,
    cautions=(Caution(CautionKind.TRUNCATED, "cut"),),
)


def test_unknown_is_kept_apart_from_none(tmp_path: Path) -> None:
    """What a GPU did not tell is null in the file, and unknown again when it is read."""
    assert LAUNCH.telemetry is not None
    silent = replace(LAUNCH.telemetry, throttling=None, throttle_readings=0, foreign_processes=None)
    launch = replace(LAUNCH, telemetry=silent)
    text = write_launch(tmp_path, launch).read_text()

    assert json.loads(text)["telemetry"]["throttling"] is None
    assert decode_launch(text, "record").telemetry == silent


def test_a_record_of_before_that_is_read(tmp_path: Path) -> None:
    """Earlier versions wrote an empty value for both and counted no readings."""
    fields = json.loads(write_launch(tmp_path, LAUNCH).read_text())
    fields["telemetry"] |= {"throttling": {}, "foreign_processes": []}
    del fields["telemetry"]["throttle_readings"]
    telemetry = decode_launch(json.dumps(fields), "record").telemetry

    assert telemetry is not None
    assert (telemetry.throttling, telemetry.foreign_processes) == ({}, ())
    assert telemetry.throttle_readings is None


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A run directory with one launch."""
    path = tmp_path / "20260102T030405Z-tesla-t4-mine"
    create_run(path, HEADER)
    write_launch(path / "cells", LAUNCH)
    return path


def test_what_is_written_is_read_back(directory: Path) -> None:
    """Header and launches survive the way through JSON to the last bit of every sample."""
    run = read_run(directory)

    assert run.header == HEADER
    assert run.launches == (LAUNCH,)


def test_a_header_of_before_folders_were_kept_is_read(directory: Path) -> None:
    """A run.json without `data` is whole; what was read then is unknown."""
    path = directory / "run.json"
    fields = json.loads(path.read_text())
    del fields["data"]
    path.write_text(json.dumps(fields))

    assert read_run(directory).header.data is None


def test_launches_come_in_planned_order(directory: Path) -> None:
    """All cells of launch 0 come before those of launch 1, whatever the files' names."""
    write_launch(directory / "cells", replace(LAUNCH, launch=0))

    assert [launch.launch for launch in read_run(directory).launches] == [0, 1]


def test_a_record_shows_derived_numbers_to_its_reader(directory: Path) -> None:
    """The file has a summary, derived from the samples beside it."""
    record = json.loads((directory / "cells" / f"{CELL.id}.1.json").read_text())

    assert record["summary"]["count"] == 2
    assert record["overhead_seconds"] == pytest.approx(3.0 - 0.5 - 0.125 - 0.4)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("run.json", lambda fields: {**fields, "schema_version": 2}, "schema version 2, but"),
        ("cells/{id}.1.json", lambda fields: {**fields, "schema_version": 9}, "schema version 9"),
        ("cells/{id}.1.json", lambda fields: {**fields, "status": "fine"}, "status: "),
        ("cells/{id}.1.json", lambda _: {"a": 1}, "is not a record of this suite"),
        ("cells/{id}.1.json", lambda _: [], "is not a record of this suite"),
        ("run.json", lambda _: None, "is not a record of this suite"),
    ],
)
def test_a_file_of_another_kind_or_version_is_named(  # type: ignore[no-untyped-def]
    directory: Path, name: str, change, words: str
) -> None:
    """A newer schema or a damaged record is one line with the file's path."""
    path = directory / name.format(id=CELL.id)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))

    with pytest.raises(InputError) as caught:
        read_run(directory)

    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)


def test_half_a_record_is_refused(directory: Path) -> None:
    """A file cut in the middle is not taken for a launch."""
    path = directory / "cells" / f"{CELL.id}.1.json"
    path.write_text(path.read_text()[:100])

    with pytest.raises(InputError, match="is not a record of this suite"):
        read_run(directory)


def test_the_newest_run_is_found_by_name(directory: Path) -> None:
    """Directory names begin with their time; folders without run.json are no runs."""
    later = directory.parent / "20270101T000000Z-cpu-mine"
    create_run(later, HEADER)
    (directory.parent / "20280101T000000Z-empty").mkdir()

    assert newest_run(directory.parent) == later


def test_no_run_and_no_directory_are_told(tmp_path: Path) -> None:
    """The message says how to make a run."""
    with pytest.raises(InputError, match="holds no run; make one with"):
        newest_run(tmp_path)
    with pytest.raises(InputError, match="no such run directory"):
        read_run(tmp_path / "no")


def test_a_run_directory_is_never_reused(directory: Path) -> None:
    """Of runs that begin in the same second each gets a directory of its own."""
    before = (directory / "run.json").read_bytes()
    second, third = create_run(directory, HEADER), create_run(directory, HEADER)

    assert [second.name, third.name] == [f"{directory.name}-2", f"{directory.name}-3"]
    assert (directory / "run.json").read_bytes() == before
    assert read_run(third).header == HEADER


def test_files_of_a_run_have_the_mode_that_the_umask_gives(directory: Path) -> None:
    """Under umask 077 nobody else reads a record; under 022 everybody may."""
    modes = []
    for mask in (0o077, 0o022):
        earlier = os.umask(mask)
        try:
            write_text(directory / "report.md", "text")
        finally:
            os.umask(earlier)
        modes.append(stat.S_IMODE((directory / "report.md").stat().st_mode))

    assert modes == [0o600, 0o644]


def test_what_a_kill_left_half_written_is_removed(directory: Path) -> None:
    """A directory is tidied of unfinished files, of its folder of records too, and of no other."""
    left = [directory / ".unfinished-0f", directory / "cells" / ".unfinished-a0"]
    kept = sorted(directory.rglob("*.json"))
    for path in left:
        path.write_text("{")
    tidy_directory(directory)

    assert not [path for path in left if path.exists()]
    assert sorted(directory.rglob("*.json")) == kept
