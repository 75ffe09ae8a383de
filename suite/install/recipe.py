"""What a build of Horovod depends on, and the name under which it is cached."""

import os
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

VERSION = "0.28.1"
# Of horovod-0.28.1.tar.gz, as published on the Python Package Index.
SOURCE_SHA256 = "92a43f5a94c43907a56805bad15f19700c62ffc83b7ca483f9e104e229f67ef0"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes one build of Horovod differ from another."""

    tensorflow: str
    open_mpi: str
    """Major and minor version."""
    compiler: str
    """Major version of g++."""
    nccl: bool

    @property
    def key(self) -> str:
        """A file-safe name: two recipes with the same key can share a build."""
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
