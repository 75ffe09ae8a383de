"""The source of Horovod: the one that is known, changed exactly where it was meant to be."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from suite.core.errors import InputError
from suite.install.cache import try_wheel
from suite.install.recipe import VERSION
from suite.install.wheel import PATCHES, download, patch

((NAME, CHANGES),) = PATCHES.items()
((OLD, NEW),) = CHANGES


def test_the_line_is_taken_out_and_nothing_else(tmp_path: Path) -> None:
    """The rest of the file is as it was."""
    path = tmp_path / "CMakeLists.txt"
    path.write_text(f"before\n{OLD}after\n")

    patch(path, CHANGES)

    assert path.read_text() == f"before\n{NEW}after\n"


@pytest.mark.parametrize("text", ["before\nafter\n", f"{OLD}{OLD}"])
def test_a_file_that_is_not_as_expected_is_refused(tmp_path: Path, text: str) -> None:
    """A line that is missing or there twice is a clear error, and the file stays as it is."""
    path = tmp_path / "CMakeLists.txt"
    path.write_text(text)

    with pytest.raises(InputError, match=r"CMakeLists\.txt: .*xla_mpi_ops") as caught:
        patch(path, CHANGES)

    assert f"not Horovod {VERSION} as published" in str(caught.value)
    assert path.read_text() == text


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A source without the file is told as such."""
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read"):
        patch(tmp_path / "gone.txt", CHANGES)


def test_another_source_than_the_known_one_is_never_run(tmp_path: Path) -> None:
    """A source with another sum stops the build before any of its code has run."""
    ran = tmp_path / "ran"
    setup = f"open({str(ran)!r}, 'w')\n".encode()
    with tarfile.open(tmp_path / f"horovod-{VERSION}.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo(f"horovod-{VERSION}/setup.py")
        entry.size = len(setup)
        tar.addfile(entry, io.BytesIO(setup))
    work = tmp_path / "work"
    work.mkdir()
    here_only = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}

    with pytest.raises(InputError, match="MATCH THE HASHES"):
        download(work, tmp_path / "log", {**os.environ, **here_only})

    assert not ran.exists()


def test_a_damaged_kept_build_is_found_out(tmp_path: Path) -> None:
    """A broken wheel in the cache has a reason not to be used, and is not installed."""
    wheel = tmp_path / f"horovod-{VERSION}-py3-none-any.whl"
    wheel.write_bytes(b"not a wheel")

    state = try_wheel(wheel, tmp_path / "log", os.environ)

    assert "unpacking the kept build failed" in state.lack(nccl=False)
