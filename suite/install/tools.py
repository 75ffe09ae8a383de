"""What a build of Horovod needs and depends on: tools, their Debian packages, MPI and CUDA."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

VERSION = "0.28.1"
# Of horovod-0.28.1.tar.gz, as published on the Python Package Index.
SOURCE_SHA256 = "92a43f5a94c43907a56805bad15f19700c62ffc83b7ca483f9e104e229f67ef0"

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


@dataclass(frozen=True, slots=True)
class Build:
    """Everything that makes one build of Horovod differ from another."""

    tensorflow: str
    open_mpi: str
    """Major and minor version."""
    compiler: str
    """Major version of g++."""
    nccl: bool

    @property
    def key(self) -> str:
        """A file-safe name: builds with the same key are interchangeable."""
        python = sysconfig.get_config_var("SOABI")
        gpu = "nccl" if self.nccl else "cpu"
        return (
            f"horovod-{VERSION}-tensorflow-{self.tensorflow}-{python}"
            f"-openmpi{self.open_mpi}-{gpu}-gxx{self.compiler}"
        )


@dataclass(frozen=True, slots=True)
class Cuda:
    """Where the CUDA toolkit and NCCL are, for a build that works on GPUs."""

    toolkit: Path
    nccl_headers: Path
    nccl_libraries: Path


def find_cuda(environment: Mapping[str, str]) -> Cuda | None:
    """The CUDA toolkit and NCCL of this machine; None where either is missing.

    Looks where `HOROVOD_CUDA_HOME`, `CUDA_HOME` and `HOROVOD_NCCL_HOME` say, beside the `nvcc` on
    the PATH, in /usr/local/cuda, in the pip package nvidia-nccl-cu12 and in /usr.
    """
    named = [
        environment[name] for name in ("HOROVOD_CUDA_HOME", "CUDA_HOME") if name in environment
    ]
    nvcc = shutil.which("nvcc")
    beside = [Path(nvcc).resolve().parents[1]] if nvcc else []
    toolkits = [*map(Path, named), *beside, Path("/usr/local/cuda")]
    toolkit = next((home for home in toolkits if _is_toolkit(home)), None)
    nccl = [Path(environment["HOROVOD_NCCL_HOME"])] if "HOROVOD_NCCL_HOME" in environment else []
    spec = find_spec("nvidia.nccl") if find_spec("nvidia") else None
    nccl += [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    for home in (*nccl, Path("/usr")):
        headers = home / "include"
        for libraries in (home / "lib", home / "lib" / f"{os.uname().machine}-linux-gnu"):
            found = (headers / "nccl.h").exists() and any(libraries.glob("libnccl.so*"))
            if toolkit and found:
                return Cuda(toolkit, headers, libraries)
    return None


def _is_toolkit(home: Path) -> bool:
    return (home / "bin" / "nvcc").exists() and (home / "include" / "cuda_runtime.h").exists()
