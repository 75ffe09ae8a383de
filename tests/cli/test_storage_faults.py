"""Places to write that fill up, vanish or refuse: one line, and what is finished stays."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from faulty_bench import HANG, HELD_MEASURING, Bench, assert_one_line, bench_of_two_cells

from suite.store.text import UNFINISHED


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells."""
    return bench_of_two_cells(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB, room for a report; a skip where mounting is not permitted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_a_reason_to_resume(small_disk: Path) -> None:
    """What ended before stays readable, and with room again the rest is run."""
    bench = Bench(small_disk)
    bench.write([1, 2])
    process = bench.start(faults={("step", 2): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    ballast = small_disk / "ballast"
    ballast.touch()
    with suppress(OSError):
        while True:
            with ballast.open("ab", buffering=0) as file:
                file.write(bytes(4096))
    bench.go_on()
    code, _, said = bench.end(process)
    ballast.unlink()

    assert code == 3
    assert_one_line(said, "cannot be written (No space left on device); finished launches are kept")
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


def test_a_file_size_limit_is_told_like_a_full_disk(bench: Bench) -> None:
    """The same promise where no small disk can be mounted."""
    process = bench.start(faults={("step", 2): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    bench.go_on()
    code, _, said = bench.end(process)

    assert code == 3
    assert_one_line(said, "cannot be written (File too large); finished launches are kept")
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "the run directory was removed; start a new run"),
        (
            lambda directory: shutil.move(directory / "run.json", directory.parent.parent),
            "run.json was removed, so it cannot be resumed; start a new run",
        ),
    ],
    ids=["run directory", "run.json"],
)
def test_a_removed_directory_is_one_line(
    bench: Bench, damage: Callable[[Path], object], words: str
) -> None:
    """Losing what a run is resumed by ends it with its name, and no advice that cannot work."""
    process = bench.start(faults={("step", 2): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    damage(next(bench.out.iterdir()))
    bench.go_on()
    code, _, said = bench.end(process)

    assert code == 3
    assert_one_line(said, words)
    assert "--resume" not in said


def test_removed_records_are_measured_anew(bench: Bench) -> None:
    """Without its folder of records a run ends with one line, and resuming it does all of it."""
    process = bench.start(faults={("step", 2): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    shutil.rmtree(next(bench.out.iterdir()) / "cells")
    bench.go_on()
    code, _, said = bench.end(process)
    resumed, _, _ = bench.run("--resume")

    assert code == 3
    assert_one_line(said, "finished launches are kept; run the same command with --resume ")
    assert resumed == 0
    assert bench.statuses() == {1: "ok", 2: "ok"}


def test_what_a_kill_left_half_written_goes_with_the_resumption(bench: Bench) -> None:
    """A file whose writing was killed does not stay for good."""
    bench.end(bench.killed_in_the_second_cell())
    (directory,) = bench.out.iterdir()
    (directory / "cells" / f"{UNFINISHED}0f").write_text("{")
    bench.hold_that_resume_completes(1, 2)

    assert not list(directory.rglob(f"{UNFINISHED}*"))


def test_two_cannot_resume_one_run(bench: Bench) -> None:
    """The second is refused with the owner named, and changes nothing."""
    bench.end(bench.killed_in_the_second_cell())
    first = bench.start("--resume", faults={("step", 2): HANG})
    bench.wait_for("reached-0", first)
    (directory,) = bench.out.iterdir()
    before = {path: path.read_bytes() for path in directory.rglob("*.json")}
    second = bench.start("--resume", str(directory), mark="second")
    code, _, said = bench.end(second, mark="second")
    after = {path: path.read_bytes() for path in directory.rglob("*.json")}
    first.kill()
    bench.end(first)

    assert code == 2
    assert_one_line(said, f"{directory}: is being filled by process {first.pid} on ")
    assert after == before
    bench.hold_that_resume_completes(1, 2)


def test_runs_that_begin_in_the_same_second_have_directories_of_their_own(bench: Bench) -> None:
    """Neither is refused, and each is whole."""
    runs = [bench.start(mark=str(number)) for number in range(3)]
    codes = [bench.end(process, mark=str(number))[0] for number, process in enumerate(runs)]
    records = [len(list(directory.glob("cells/*.json"))) for directory in bench.out.iterdir()]

    assert codes == [0, 0, 0]
    assert records == [2, 2, 2]


def test_an_output_that_cannot_be_written_is_refused_first(bench: Bench) -> None:
    """Nothing is measured that could not be stored."""
    usual, bench.out = bench.out, Path("/proc/reports")
    code, _, said = bench.run()

    assert code == 2
    assert_one_line(said, "/proc/reports/")
    assert not list(usual.iterdir())


@pytest.mark.parametrize("streams", ["closed", "read by nobody"])
def test_lost_output_costs_nothing(bench: Bench, streams: str) -> None:
    """Without anybody to read what it prints, a run is measured, reported and good."""
    if streams == "closed":
        process = bench.start(stdout=None, stderr=None, preexec_fn=close_streams)
    else:
        reader, writer = os.pipe()
        os.close(reader)
        process = bench.start(stdout=writer, stderr=writer)
        os.close(writer)
    code, _, _ = bench.end(process)

    assert code == 0
    assert bench.statuses() == {1: "ok", 2: "ok"}
    assert list(bench.out.glob("*/report.md"))


def close_streams() -> None:
    for descriptor in range(3):
        os.close(descriptor)
