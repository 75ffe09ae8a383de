"""What a build needs: named at once, by the packages that bring it, and installed by them alone."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from suite.install.tools import PACKAGES, missing_tools, tools_for

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or ""


def program(path: Path, text: str) -> None:
    """An executable shell script."""
    path.write_text(f"#!{BASH}\n{text}\n")
    path.chmod(0o755)


def packages(path: Path, *purposes: str) -> subprocess.CompletedProcess[str]:
    """Run packages.sh with one folder as its PATH; it adds the folders of system programs."""
    script = PACKAGES.with_name("packages.sh")
    return subprocess.run(
        [BASH, str(script), *purposes],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_missing_is_named_at_once_with_its_package(tmp_path: Path) -> None:
    """Without tools and TensorFlow one line has all of them, and the commands that install them."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no TensorFlow here')\n")

    done = subprocess.run(
        [sys.executable, "-m", "suite.install.horovod", "--cache", str(tmp_path / "cache")],
        env={"PATH": "", "PYTHONPATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "error: missing: mpirun (Debian package openmpi-bin),"
        " mpicxx (Debian package libopenmpi-dev), cmake (Debian package cmake),"
        " g++ (Debian package g++), make (Debian package make),"
        " TensorFlow (no TensorFlow here); run:"
        " apt-get install -y --no-install-recommends openmpi-bin libopenmpi-dev cmake g++ make;"
        " then pip install -e '.[cpu]' (or '.[gpu]' for NVIDIA GPUs)\n"
    )
    assert not (tmp_path / "cache").exists()


def test_a_tool_on_the_path_is_not_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what cannot be called is asked for."""
    for tool in tools_for("horovod")[1:]:
        program(tmp_path / tool.command, "")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert missing_tools() == tools_for("horovod")[:1]


def test_packages_are_left_alone_where_their_commands_are_there(tmp_path: Path) -> None:
    """No apt-get and no rights are needed where nothing is missing."""
    for purpose in ("horovod", "hosts"):
        for tool in tools_for(purpose):
            program(tmp_path / tool.command, "")
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")

    done = packages(tmp_path, "horovod", "hosts")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_only_missing_packages_of_the_purpose_are_installed(tmp_path: Path) -> None:
    """apt-get is asked for the package of each missing command, once, without questions."""
    for command in ("dirname", "env"):
        (tmp_path / command).symlink_to(shutil.which(command) or "")
    for tool in tools_for("horovod")[2:]:
        program(tmp_path / tool.command, "")
    program(tmp_path / "apt-get", 'echo "apt-get $*"')
    program(tmp_path / "sudo", '"$@"')

    done = packages(tmp_path, "horovod")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "installing Debian packages: openmpi-bin libopenmpi-dev",
        "apt-get update -q",
        "apt-get install -q -y --no-install-recommends openmpi-bin libopenmpi-dev",
    ]


def test_a_system_without_apt_is_told_what_is_missing(tmp_path: Path) -> None:
    """Where packages cannot be installed, they are named."""
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")

    done = packages(tmp_path, "horovod")

    assert done.returncode == 2
    assert "openmpi-bin" in done.stdout
    assert "no apt-get" in done.stderr
