"""Places to write that fill up, vanish or refuse: one line, and what is finished stays."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from faulty_bench import SLOW_MEASURING, Bench, assert_one_line, bench_of_two_cells


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder with a matrix of two cells."""
    return bench_of_two_cells(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB; a skip, but not in CI, where mounting is not permitted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        reason = "mounting is not permitted here"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_a_reason_to_resume(small_disk: Path) -> None:
    """What ended before stays readable, and with room again the rest is run."""
    bench = Bench(small_disk)
    bench.write([1, 2])
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    ballast = small_disk / "ballast"
    ballast.touch()
    with suppress(OSError):
        while True:
            with ballast.open("ab", buffering=0) as file:
                file.write(bytes(4096))
    code, _, said = bench.end(process)
    ballast.unlink()

    assert code == 3
    assert_one_line(said, "cannot be written (No space left on device); what is finished stays")
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


def test_a_file_size_limit_is_told_like_a_full_disk(bench: Bench) -> None:
    """The same promise where no small disk can be mounted."""
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    code, _, said = bench.end(process)

    assert code == 3
    assert_one_line(said, "cannot be written (File too large); what is finished stays")
    assert bench.statuses() == {1: "ok"}
    bench.hold_that_resume_completes(1, 2)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (shutil.rmtree, "the run directory was removed; start a new run"),
        (lambda directory: (directory / "cells").rename(directory / "gone"), "what is finished"),
    ],
    ids=["run directory", "cells"],
)
def test_a_removed_directory_is_one_line(
    bench: Bench, damage: Callable[[Path], object], words: str
) -> None:
    """Losing the place of the records ends the run with its name and what to do."""
    process = bench.start(faults={("step", 2): SLOW_MEASURING})
    bench.wait_for("reached", process)
    damage(next(bench.out.iterdir()))
    code, _, said = bench.end(process)

    assert code == 3
    assert_one_line(said, words)


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
