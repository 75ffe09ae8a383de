"""Building Horovod: its published source in, a wheel out."""

import os
import sys
import sysconfig
import tarfile
from collections.abc import Mapping
from pathlib import Path

from suite.install.child import run_logged
from suite.install.patches import PATCHES, patch
from suite.install.tools import SOURCE_SHA256, VERSION, Cuda

# What Horovod's own setup.py asks for, to build and to run; its wheel names the same.
REQUIREMENTS = ("cloudpickle", "packaging", "psutil", "pyyaml", "setuptools", "wheel")
PIP_SECONDS = 600.0
_BUILD_SECONDS = 3600.0  # two slow cores need a few minutes; a CUDA build more


def pip(*arguments: str) -> list[str]:
    """A pip command for this interpreter."""
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]


def build_wheel(
    work: Path, kept: Path, log: Path, cuda: Cuda | None, environment: Mapping[str, str]
) -> Path:
    """Download, check, patch and compile Horovod under `work`; returns the wheel.

    `kept` is a folder of the user's that lasts: the build stores paths that it was linked with.

    Raises:
        InputError: a step fails; the message has the line that explains it.
    """
    source = unpack(download(work, log, environment), work)
    for name, (old, new) in PATCHES.items():
        patch(source / name, old, new)
    run_logged(
        pip(
            *("wheel", "--verbose", "--no-deps", "--no-build-isolation"),
            *("--wheel-dir", str(work / "wheel"), str(source)),
        ),
        log,
        what="building Horovod",
        timeout_seconds=_BUILD_SECONDS,
        environment={**environment, **build_settings(kept, cuda)},
    )
    return next((work / "wheel").glob("horovod-*.whl"))


def download(work: Path, log: Path, environment: Mapping[str, str]) -> Path:
    """Fetch the published source with pip, which checks its hash before running any of it.

    Raises:
        InputError: it cannot be downloaded, or its hash differs.
    """
    wanted = work / "source.txt"
    wanted.write_text(f"horovod=={VERSION} --hash=sha256:{SOURCE_SHA256}\n", encoding="utf-8")
    run_logged(
        pip(
            *("download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"),
            *("--require-hashes", "--dest", str(work), "--requirement", str(wanted)),
        ),
        log,
        what=f"downloading the source of Horovod {VERSION}",
        timeout_seconds=PIP_SECONDS,
        environment=environment,
    )
    return work / f"horovod-{VERSION}.tar.gz"


def unpack(archive: Path, work: Path) -> Path:
    """Unpack the source, whose hash has been checked; returns its top directory."""
    with tarfile.open(archive) as tar:
        # Early releases of Python 3.10 and 3.11, such as Debian 12's, have no filters yet.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        tar.extractall(work)  # noqa: S202 - filtered above where supported
    return work / archive.name.removesuffix(".tar.gz")


def build_settings(kept: Path, cuda: Cuda | None) -> dict[str, str]:
    """Environment variables that Horovod's build reads."""
    settings = {
        "HOROVOD_WITH_TENSORFLOW": "1",
        "HOROVOD_WITHOUT_PYTORCH": "1",
        "HOROVOD_WITHOUT_MXNET": "1",
        "HOROVOD_WITH_MPI": "1",
        "HOROVOD_WITH_GLOO": "1",
        "MAKEFLAGS": f"-j{len(os.sched_getaffinity(0))}",
    }
    if cuda:
        settings |= {
            "HOROVOD_GPU_OPERATIONS": "NCCL",
            "HOROVOD_CUDA_HOME": str(cuda.toolkit),
            "HOROVOD_NCCL_INCLUDE": str(cuda.nccl_headers),
            "HOROVOD_NCCL_LIB": str(_linkable(cuda.nccl_libraries, kept / "nccl")),
            "HOROVOD_NCCL_LINK": "SHARED",
            "LDFLAGS": f"-Wl,-rpath,{_found_at_run_time(cuda.nccl_libraries)}",
        }
    return settings


def _linkable(libraries: Path, folder: Path) -> Path:
    """A folder with NCCL under the name that a linker looks for, which pip's package lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "libnccl.so"
    link.unlink(missing_ok=True)
    link.symlink_to(min(libraries.glob("libnccl.so*")))
    return folder


def _found_at_run_time(libraries: Path) -> str:
    """Where Horovod's library finds NCCL; relative to itself if both are in one environment."""
    packages = Path(sysconfig.get_path("platlib"))
    if libraries.is_relative_to(packages):
        return f"$ORIGIN/../../{libraries.relative_to(packages)}"  # it is in horovod/tensorflow
    return str(libraries)
