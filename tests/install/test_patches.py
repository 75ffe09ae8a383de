"""Horovod's source is changed exactly where it was meant to be, or not at all."""

from pathlib import Path

import pytest

from suite.install.patches import PATCHES, patch
from suite.install.tools import VERSION
from suite.model.errors import InputError

OLD, NEW = PATCHES["horovod/tensorflow/CMakeLists.txt"]


def test_the_line_is_taken_out_and_nothing_else(tmp_path: Path) -> None:
    """The rest of the file is as it was."""
    path = tmp_path / "CMakeLists.txt"
    path.write_text(f"before\n{OLD}after\n")

    patch(path, OLD, NEW)

    assert path.read_text() == f"before\n{NEW}after\n"


@pytest.mark.parametrize("text", ["before\nafter\n", f"{OLD}{OLD}"])
def test_a_file_that_is_not_as_expected_is_refused(tmp_path: Path, text: str) -> None:
    """A line that is missing or there twice is a clear error, and the file stays as it is."""
    path = tmp_path / "CMakeLists.txt"
    path.write_text(text)

    with pytest.raises(InputError, match=r"CMakeLists\.txt: .*xla_mpi_ops") as caught:
        patch(path, OLD, NEW)

    assert f"not Horovod {VERSION} as published" in str(caught.value)
    assert path.read_text() == text


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A source without the file is told as such."""
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read"):
        patch(tmp_path / "gone.txt", OLD, NEW)
