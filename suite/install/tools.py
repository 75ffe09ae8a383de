"""The tools that a build needs, and the Debian packages that contain them."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# packages.sh reads it too, so that CI and the Dockerfile install what is required here.
PACKAGES = Path(__file__).with_name("packages.txt")


@dataclass(frozen=True, slots=True)
class Tool:
    """A command, and the Debian package that contains it."""

    command: str
    package: str

    def __str__(self) -> str:
        return f"{self.command} (Debian package {self.package})"


def tools_for(purpose: str) -> list[Tool]:
    """The tools listed for a purpose in packages.txt, in its order."""
    lines = PACKAGES.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return [Tool(command, package) for package, command, given in rows if given == purpose]


def missing_tools() -> list[Tool]:
    """The tools that a build of Horovod needs and that are not on the PATH."""
    return [tool for tool in tools_for("horovod") if shutil.which(tool.command) is None]


def open_mpi_version() -> str | None:
    """Major and minor version of the Open MPI on the PATH; None where `mpirun` is another MPI."""
    found = re.search(r"\(Open MPI\) (\d+\.\d+)", _output("mpirun", "--version"))
    return found[1] if found else None


def compiler_major() -> str:
    """The major version of g++, which decides the C++ runtime that a build needs."""
    return _output("g++", "-dumpversion").strip().split(".")[0]


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return done.stdout
