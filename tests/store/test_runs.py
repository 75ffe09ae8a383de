"""suite.store.runs: run directories are read back whole, or refused with file and field named."""

import json
import os
import random
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_cell, make_header, make_whole_launch

from suite.analysis.results import cell_results
from suite.analysis.summary import launch_summary
from suite.model.cell import Mode, Precision, Protocol
from suite.model.errors import InputError
from suite.model.recipe import Recipe
from suite.model.run import DamagedRecord
from suite.store.launches import decode_launch, encode_launch, read_launch, write_launch
from suite.store.runs import (
    as_stored,
    create_run,
    read_records,
    read_run,
    stored_runs,
    tidy_directory,
    write_plot,
)
from suite.store.text import write_text

EARLIER = Path(__file__).parents[1] / "data" / "run_of_version_0.1"
PROTOCOL = Protocol(warmup_steps=1, measured_steps=2, launches=2, max_seconds=9.5)
CELL = make_cell(mode=Mode.TRAINING, precision=Precision.AMP, xla=True)
HEADER = make_header(protocol=PROTOCOL, cells=(CELL.id,))
LAUNCH = make_whole_launch(cell=CELL, protocol=PROTOCOL, launch=1)


# As the first versions wrote them: with nulls, and one key that is no longer written.
EARLIER_CONDITIONS = {
    "device_type": "CPU", "compute_type": "bfloat16", "xla_compute_type": None, "float32_bits": 16,
    "tf32": False, "xla": "off", "xla_clusters": 0, "layout": "channels_last", "layouts": ["NHWC"],
    "all_reduce_types": [], "parameters": 25559081, "loss": 7.25, "loss_scaled": False,
    "recipe": {
        "weight_init": "fan_out", "lr_init": 0.1, "lr_warmup_epochs": 5, "cosine_lr": False,
        "momentum": 0.9, "weight_decay": 0.0001, "label_smoothing": 0.0, "mixup": 0.0,
        "static_loss_scale": 128,
    },
    "input": "synthetic", "onednn": True, "tensorflow": "2.21.0", "build_cuda": None,
}  # fmt: skip


def test_facts_of_earlier_records_are_read(directory: Path) -> None:
    """Every key that a version has written is still known; null means unknown, as a missing one."""
    path = directory / "cells" / f"{CELL.id}.1.json"
    changed(path, setting("conditions", EARLIER_CONDITIONS))
    facts = read_launch(path).conditions

    assert facts.layouts == ("NHWC",)
    assert facts.layout == "channels_last"
    assert facts.recipe == Recipe()
    assert facts.build_cuda is None
    assert "build_cuda" not in json.loads(encode_launch(LAUNCH))["conditions"]
    assert facts.known.keys() == {n for n, fact in EARLIER_CONDITIONS.items() if fact is not None}


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


def holds(now: Any, then: Any) -> bool:
    """Whether everything that was there then is there now, and the same."""
    if isinstance(then, dict):
        return all(name in now and holds(now[name], value) for name, value in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def test_a_run_of_version_0_1_is_read(tmp_path: Path) -> None:
    """Records stay good: every field that version 0.1 wrote still has its meaning."""
    run = read_run(EARLIER)
    results = cell_results(run.launches)

    assert run.header.matrix == "small"
    assert [launch.launch for launch in run.launches] == [0, 0, 0, 1, 1, 1]
    assert [result.cell.gpus for result in results] == [1, 2, 1]
    assert {result.summary.count for result in results if result.summary} == {8}
    assert {len(launch.ranks) for launch in run.launches} == {0, 2}
    # To the last bit, and without a field less.
    for launch in run.launches:
        path = write_launch(tmp_path, launch)
        now, then = (
            json.loads((at / path.name).read_text()) for at in (tmp_path, EARLIER / "cells")
        )
        assert (then.pop("schema_version"), now.pop("schema_version")) == (1, 2)
        assert holds(now, then)


Edit = Callable[[dict[str, Any]], object]


def changed(path: Path, edit: Edit) -> None:
    """Rewrite a file with something in its fields changed."""
    fields = json.loads(path.read_text())
    edit(fields)
    path.write_text(json.dumps(fields))


def setting(place: str, value: object) -> Edit:
    """Give the field at `telemetry.gauges` a value."""

    def edit(fields: dict[str, Any]) -> None:
        *parents, last = place.split(".")
        for parent in parents:
            fields = fields[parent]
        fields[last] = value

    return edit


def reading(step: int) -> dict[str, object]:
    """A reading of telemetry after this step."""
    return {"step": step, "values": {"gpu_sm_clock_mhz": 1350.0}}


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("schema_version", 3, "schema version 3, but this suite reads 1 to 2; use the version"),
        ("schema_version", True, "schema version true, but this suite reads 1 to 2; use the ver"),
        ("status", "fine", "status: input should be 'ok', 'skipped', "),
        ("step_seconds", [0.1, 0], "step_seconds[1]: input should be greater than or equal to "),
        ("step_seconds", [0.1, -1], "step_seconds[1]: input should be greater than or equal to "),
        ("step_seconds", [0.1, 1e-320], "step_seconds[1]: input should be greater than or equal "),
        ("step_seconds", [1e300], "step_seconds[0]: input should be less than or equal to "),
        ("step_seconds", ["0.001"], 'step_seconds[0]: input should be a valid number, not "0.001"'),
        ("step_seconds", [0.1, True], "step_seconds[1]: input should be a valid number, not true"),
        ("step_seconds", [0.1, float("nan")], "step_seconds[1]: is not a finite number"),
        ("step_seconds", [0.1, float("inf")], "step_seconds[1]: is not a finite number"),
        ("step_seconds", [0.1, 10**400], "step_seconds[1]: is not a finite number"),
        ("step_seconds", [], "step_seconds: none, but the status is ok"),
        ("step_seconds", [0.1] * 3, "step_seconds: 3 of them, but the protocol has 2"),
        ("step_second", [0.1], "step_second: unknown field; did you mean 'step_seconds'?"),
        ("telemetry.gauge", {}, "telemetry.gauge: unknown field; did you mean 'gauges'?"),
        ("zzz\nzzz", 1, "zzz\\nzzz: unknown field; remove"),
        ("warmup_seconds", [float("nan")], "warmup_seconds[0]: is not a finite number"),
        ("wall_seconds", float("nan"), "wall_seconds: is not a finite number"),
        (
            "wall_seconds",
            "x" * 38,
            f'wall_seconds: input should be a valid number, not "{"x" * 38}"',
        ),
        (
            "wall_seconds",
            "x" * 39,
            f'wall_seconds: input should be a valid number, not "{"x" * 39}...',
        ),
        ("wall_seconds", -1.0, "wall_seconds: input should be greater than or equal to 0, not -1"),
        ("startup_seconds.build", 1e300, "startup_seconds.build: input should be less than "),
        ("conditions.loss", float("nan"), "conditions.loss: is not a finite number"),
        ("conditions.casts", -1, "conditions.casts: input should be greater than or equal to 0"),
        ("conditions.cast", 3, "conditions.cast: unknown field; did you mean 'casts'?"),
        ("cell.batch_size", 0, "cell.batch_size: input should be greater than or equal to 1, "),
        ("cell.batch_size", -1, "cell.batch_size: input should be greater than or equal to 1, "),
        ("cell.batch_size", 10**30, "cell.batch_size: input should be a valid integer, not 1e+30"),
        ("protocol.measured_steps", 2.0, "protocol.measured_steps: input should be a valid int"),
        ("telemetry.throttling.heat", 1.5, "telemetry.throttling.heat: input should be less"),
        ("telemetry.energy_joules", -5, "telemetry.energy_joules: input should be greater than 0"),
        ("telemetry.series", [reading(0)], "telemetry.series[0].step: input should be greater"),
        ("telemetry.series", [reading(3)], "telemetry.series: its steps do not ascend to at most"),
        ("telemetry.series", [reading(1)] * 2, "telemetry.series: its steps do not ascend to at"),
        ("telemetry.series", [reading(2), reading(1)], "telemetry.series: its steps do not ascend"),
        ("cautions", [{"kind": "quick"}], "cautions[0].text: missing"),
        ("launch", 0, "holds what belongs in training-amp-xla-bs8-1gpu.0.json; remove the copy"),
        ("cell.batch_size", 9, "holds what belongs in training-amp-xla-bs9-1gpu.1.json; remove "),
    ],
)
def test_a_launch_that_cannot_be_true_is_named_with_its_field(
    directory: Path, place: str, value: object, words: str
) -> None:
    """What a slip or damage made of a record is one line: file, field, what is wrong."""
    path = directory / "cells" / f"{CELL.id}.1.json"
    changed(path, setting(place, value))

    (damaged,) = read_run(directory).damaged
    assert damaged.file == f"cells/{path.name}"
    assert damaged.problem.startswith(words)
    assert len(damaged.problem.splitlines()) == 1


def test_a_damaged_launch_comes_with_the_way_to_go_on(directory: Path) -> None:
    """The user learns that the other launches are good and this one can be measured again."""
    changed(directory / "cells" / f"{CELL.id}.1.json", setting("step_seconds", [0]))

    (damaged,) = read_run(directory).damaged
    assert damaged.problem.endswith(
        "; remove the file; run --resume then measures that launch again"
    )


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("schema_version", 3, "schema version 3, but this suite reads 1 to 2; use the version"),
        ("started_at", "2026-01-02T03:04:05", "started_at: not a time with its time zone"),
        ("started_at", "yesterday", "started_at: not a time with its time zone"),
        ("protocol.measured_steps", 0, "protocol.measured_steps: input should be greater than or"),
        (
            "protocol.max_seconds",
            -1,
            "protocol.max_seconds: input should be greater than 0, not -1",
        ),
        ("environment.variables", {"A": float("nan")}, "environment.variables.A: is not a finite"),
        ("matrx", "mine", "matrx: unknown field; did you mean 'matrix'?; the run cannot be read"),
    ],
)
def test_a_header_that_cannot_be_true_is_named_with_its_field(
    directory: Path, place: str, value: object, words: str
) -> None:
    """So is what is wrong with run.json."""
    path = directory / "run.json"
    changed(path, setting(place, value))

    with pytest.raises(InputError) as caught:
        read_run(directory)

    assert str(caught.value).startswith(f"{path}: {words}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "is not a record of this suite"),
        ("null", "is not a record of this suite"),
        ('{"a": 1}', "is not a record of this suite"),
        ("", "is not JSON (line 1, column 1: Expecting value)"),
        ("{half", "is not JSON (line 1, column 2: "),
        ("[" * 100_000, "is nested more than 50 deep"),
        ('{"conditions": ' + "[" * 900 + "]" * 900 + "}", "is nested more than 50 deep"),
        ('{"step_seconds": [1.0], "step_seconds": [0.1]}', "step_seconds: given twice"),
    ],
)
def test_a_file_that_holds_something_else_is_named(directory: Path, text: str, words: str) -> None:
    """Another file, half a record, nesting without end or a repeated key."""
    path = directory / "cells" / f"{CELL.id}.1.json"
    path.write_text(text)

    (damaged,) = read_run(directory).damaged
    assert damaged.problem.startswith(words)


def test_a_record_under_another_name_does_not_double_the_samples(directory: Path) -> None:
    """A copy is left out, and the message says which file is the copy."""
    cells = directory / "cells"
    copy = cells / f"{CELL.id}.1 (copy).json"
    shutil.copy(cells / f"{CELL.id}.1.json", copy)

    run = read_run(directory)
    problem = f"holds what belongs in {CELL.id}.1.json; remove the copy"

    assert run.launches == (LAUNCH,)
    assert run.damaged == (DamagedRecord(f"cells/{copy.name}", problem),)


def test_a_file_far_larger_than_any_record_is_not_read(directory: Path) -> None:
    """A sparse file of a terabyte costs no memory."""
    path = directory / "cells" / f"{CELL.id}.1.json"
    with path.open("wb") as file:
        file.truncate(2**40)

    (damaged,) = read_run(directory).damaged
    assert damaged.problem.startswith("larger than 268435456 bytes")


def test_half_a_surrogate_pair_is_read_as_a_question_mark(directory: Path) -> None:
    """A name that no terminal and no UTF-8 file can take ends nothing later on."""
    changed(directory / "cells" / f"{CELL.id}.1.json", setting("device", "Tesla\ud800 T4 \u00e9"))
    changed(directory / "run.json", setting("data.data_dir", "/records/\udcff"))
    run = read_run(directory)

    assert run.launches[0].device == "Tesla? T4 é"
    assert run.header.data is not None
    assert run.header.data["data_dir"] == "/records/?"


def test_whatever_bytes_a_record_holds_it_is_read_or_refused(tmp_path: Path) -> None:
    """Mutations of a record are either a launch whose numbers are finite, or damaged."""
    generator = random.Random(29)  # noqa: S311 - not for secrets
    original = min((EARLIER / "cells").glob("*2gpu*.json")).read_text()
    parts = (
        "[",
        "]",
        "{",
        "}",
        '"',
        "\\",
        ",",
        ":",
        "-",
        "e308",
        "NaN",
        "9" * 99,
        "null",
        "\\ud800",
    )
    path = tmp_path / "cells" / "training-fp32-bs8-2gpu-simulated.0.json"
    path.parent.mkdir()
    read = 0
    for _ in range(500):
        at = generator.randrange(len(original))
        gone = generator.choice((0, 0, 1, 20))
        path.write_text(original[:at] + generator.choice(parts) + original[at + gone :])
        records = read_records(tmp_path)
        assert len(records.launches) + len(records.damaged) == 1
        if records.damaged:
            continue
        (launch,) = records.launches
        read += 1
        summary = launch_summary(launch)
        assert summary is None or 0 < summary.images_per_second < 1e12
        assert launch.overhead_seconds < 1e12

    assert 0 < read < 500


def test_runs_are_ordered_by_when_they_began(directory: Path) -> None:
    """Whatever a directory is called, the run begun last is the first; folders are no runs."""
    reports = directory.parent
    later = replace(HEADER, started_at="2027-01-01T00:30:00+01:00")
    create_run(reports / "20200101T000000Z-renamed", later)
    create_run(reports / "20200101T000001Z-renamed", later)
    create_run(reports / "a-copy", replace(HEADER, started_at="2026-12-31T23:00:00+00:00"))
    (reports / "20280101T000000Z-empty").mkdir()
    create_run(reports / "zzz", HEADER)
    (reports / "zzz" / "run.json").write_text("{")
    found = stored_runs(reports)

    assert [run.directory.name for run in found.runs] == [
        "20200101T000001Z-renamed",
        "20200101T000000Z-renamed",
        "a-copy",
        directory.name,
    ]
    assert [path.name for path in found.unreadable] == ["zzz"]
    assert [run.directory.name for run in stored_runs(reports, most=2).runs] == ["a-copy"]


def test_an_example_is_no_run_of_this_machine(directory: Path) -> None:
    """It is never the newest run, nor resumed, nor part of a history; by its path it is read."""
    example = directory.parent / "example-cpu"
    create_run(example, replace(HEADER, started_at="2099-01-01T00:00:00+00:00"))

    assert [run.directory for run in stored_runs(directory.parent).runs] == [directory]
    assert read_run(example).header.matrix == HEADER.matrix


def test_no_run_and_no_directory_are_told(tmp_path: Path) -> None:
    """Also where the name is longer than any directory's."""
    assert stored_runs(tmp_path / "no").runs == ()
    assert stored_runs(tmp_path / ("x" * 300)).runs == ()
    with pytest.raises(InputError, match="no such run directory"):
        read_run(tmp_path / "no")
    with pytest.raises(InputError, match="no such run directory"):
        read_run(tmp_path / ("x" * 300))


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


def test_cells_that_were_not_planned_come_last(directory: Path) -> None:
    """A run that was widened by hand is still read; its planned cells keep their order."""
    later = replace(LAUNCH, cell=replace(CELL, batch_size=4))
    first = replace(LAUNCH, cell=replace(CELL, batch_size=64))
    write_launch(directory / "cells", later)
    write_launch(directory / "cells", first)
    changed(directory / "run.json", setting("cells", [first.cell.id, CELL.id]))

    assert read_run(directory).launches == (first, LAUNCH, later)


def test_whole_records_are_read_beside_damaged_ones(directory: Path) -> None:
    """One file that is none of ours costs nobody the launches beside it."""
    (directory / "cells" / f"{CELL.id}.0.json").write_text("{half")
    (directory / "cells" / "folder.json").mkdir()
    run = read_run(directory)

    assert run.launches == (LAUNCH,)
    assert [damaged.file for damaged in run.damaged] == [
        "cells/folder.json",
        f"cells/{CELL.id}.0.json",
    ]
    assert run.damaged[1].cell_id == CELL.id


def test_records_that_cannot_be_listed_are_damaged_as_a_whole(directory: Path) -> None:
    """They are not taken for launches that were never run; without the folder there were none."""
    shutil.rmtree(directory / "cells")
    assert read_run(directory).damaged == ()

    (directory / "cells").write_text("a file")
    (damaged,) = read_run(directory).damaged
    assert (damaged.file, damaged.problem) == (
        "cells",
        "cannot be listed (Not a directory); restore it, or start a new run",
    )


def test_a_plot_is_a_file_of_its_run(directory: Path) -> None:
    """A second report replaces it."""
    write_plot(directory, "a.svg", "<svg/>")
    write_plot(directory, "a.svg", "<svg>new</svg>")

    assert (directory / "plots" / "a.svg").read_text() == "<svg>new</svg>"
    write_plot(directory, "a.png", b"\x89PNG")
    assert (directory / "plots" / "a.png").read_bytes() == b"\x89PNG"
    assert {path.name for path in (directory / "plots").iterdir()} == {"a.png", "a.svg"}
    with pytest.raises(InputError, match=r"no/plots: cannot be made \(No such"):
        write_plot(directory / "no", "a.svg", "<svg/>")


def test_a_run_whose_header_could_not_be_read_again_does_not_begin() -> None:
    """It comes back as it will be read, or is refused before anything is measured."""
    assert as_stored(HEADER) == HEADER
    with pytest.raises(InputError, match="this run: protocol.max_seconds: input should be great"):
        as_stored(replace(HEADER, protocol=replace(PROTOCOL, max_seconds=0.0)))


def test_a_directory_that_cannot_be_made_is_named(directory: Path) -> None:
    """By the path that was asked for, with the system's reason."""
    file = directory / "run.json"
    with pytest.raises(InputError, match=r"run\.json/new: cannot be made \(Not a directory\)"):
        create_run(file / "new", HEADER)
    with pytest.raises(InputError, match=r"run\.json: cannot be written \(Not a directory\)"):
        tidy_directory(file)


def test_a_lost_folder_of_records_is_made_again(directory: Path) -> None:
    """So that a run goes on where somebody removed all that it had."""
    shutil.rmtree(directory / "cells")
    tidy_directory(directory)

    assert read_run(directory).launches == ()
