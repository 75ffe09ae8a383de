"""The installer tells the truth about the Horovod that is there, and leaves one that fits alone."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from suite.install.state import try_ranks
from suite.install.tools import tools_for

ROOT = Path(__file__).parents[2]
TENSORFLOW = """\
__version__ = "2.17.0"
class test:
    is_built_with_cuda = staticmethod(lambda: True)
"""
HOROVOD = """\
mpi_built = lambda: {mpi}
gloo_built = lambda: True
nccl_built = lambda: 22503
"""


def installer(*flags: str, path: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the installer with a folder's modules and programs before those that are installed."""
    search = f"{path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "suite.install.horovod", *flags],
        env={**os.environ, "PYTHONPATH": str(path), "PATH": search},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def image(folder: Path, *, built_for: str = "2.17.0", mpi: bool = True) -> Path:
    """Modules that answer as those of an image with a TensorFlow and a Horovod of its own.

    Beside them lie stand-ins for the tools of a build, which a bare machine has not.
    """
    (folder / "bin").mkdir()
    for tool in tools_for("horovod"):
        program = folder / "bin" / tool.command
        program.write_text(f"#!/bin/sh\necho '{tool.command} (Open MPI) 4.1.4'\n")
        program.chmod(0o755)
    (folder / "horovod").mkdir()
    (folder / "tensorflow.py").write_text(TENSORFLOW)
    (folder / "horovod" / "__init__.py").write_text('__version__ = "0.28.1+nv25.2"\n')
    (folder / "horovod" / "tensorflow.py").write_text(HOROVOD.format(mpi=mpi))
    (folder / "horovod" / "metadata.json").write_text(f'{{"tensorflow": "{built_for}"}}')
    return folder


def test_a_horovod_that_fits_is_left_alone(tmp_path: Path) -> None:
    """As in NVIDIA's TensorFlow image: it is told, and nothing is asked for or changed."""
    done = installer("--check", path=image(tmp_path))

    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "Horovod is installed: Horovod 0.28.1+nv25.2 for TensorFlow 2.17.0, with MPI, Gloo, NCCL\n"
    )


@pytest.mark.parametrize(
    ("built_for", "mpi", "reason"),
    [
        ("2.16.1", True, "it was built for TensorFlow 2.16.1, not 2.17.0"),
        ("2.17.0", False, "it was built without MPI"),
    ],
)
def test_a_horovod_that_does_not_fit_is_told_with_the_reason(
    tmp_path: Path, built_for: str, *, mpi: bool, reason: str
) -> None:
    """A build for another TensorFlow, or without MPI, is not taken for what launches need."""
    done = installer("--check", path=image(tmp_path, built_for=built_for, mpi=mpi))

    assert done.returncode == 2
    assert done.stdout == ""
    assert reason in done.stderr


def test_a_horovod_that_does_not_load_is_told_with_the_reason(tmp_path: Path) -> None:
    """The loader's own words say why, as after an upgrade of TensorFlow."""
    (image(tmp_path) / "horovod" / "tensorflow.py").write_text(
        "raise RuntimeError('undefined symbol: _ZN10tensorflow')\n"
    )

    done = installer("--check", path=tmp_path)

    assert done.returncode == 2
    assert "undefined symbol: _ZN10tensorflow" in done.stderr


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """One line with the place and the way out, before anything is built."""
    place = tmp_path / "file"
    place.touch()

    done = installer("--cache", str(place), path=image(tmp_path))

    assert done.returncode == 2
    assert "--cache DIR" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.horovod
def test_what_the_check_says_of_this_environment_is_true() -> None:
    """Version and MPI are those of the Horovod that is installed here."""
    done = installer("--check")

    assert done.returncode == 0, done.stderr
    assert f"Horovod {version('horovod')} for TensorFlow" in done.stdout
    assert "with MPI" in done.stdout


@pytest.mark.slow
@pytest.mark.horovod
def test_two_ranks_add_with_the_horovod_that_is_installed(tmp_path: Path) -> None:
    """The trial passes with two ranks under mpirun, and fails with one alone."""
    try_ranks(tmp_path / "log", os.environ)
    alone = subprocess.run(
        [sys.executable, "-m", "suite.kernels.tensorflow.horovod_trial", "add"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "all-reduce is correct" in (tmp_path / "log").read_text()
    assert alone.returncode != 0
    assert "each is alone" in alone.stderr
