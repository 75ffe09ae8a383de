"""Building Horovod: its published source, what has to change in it, and the wheel."""

import os
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from suite.core.errors import InputError
from suite.install.child import run_logged
from suite.install.recipe import SOURCE_SHA256, VERSION, Cuda

# What Horovod's own setup.py asks for, to build and to run; its wheel names the same.
REQUIREMENTS = ("cloudpickle", "packaging", "psutil", "pyyaml", "setuptools", "wheel")
PIP_SECONDS = 600.0
_BUILD_SECONDS = 3600.0  # two slow cores need a few minutes; a CUDA build more

# Its XLA operations are switched off by default, but are compiled all the same, against headers
# that TensorFlow no longer ships.
PATCHES: dict[str, tuple[tuple[str, str], ...]] = {
    "horovod/tensorflow/CMakeLists.txt": (
        (
            'list(APPEND TF_SOURCES "${PROJECT_SOURCE_DIR}/horovod/tensorflow/xla_mpi_ops.cc")\n',
            "",
        ),
    ),
}


def pip(*arguments: str) -> list[str]:
    """A pip command for this interpreter."""
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]


def build_wheel(work: Path, log: Path, cuda: Cuda | None, environment: Mapping[str, str]) -> Path:
    """Download, check, patch and compile Horovod under `work`; returns the wheel.

    Raises:
        InputError: a step fails; the message has the telling line.
    """
    source = unpack(download(work, log, environment), work)
    for name, changes in PATCHES.items():
        patch(source / name, changes)
    run_logged(
        pip(
            *("wheel", "--verbose", "--no-deps", "--no-build-isolation"),
            *("--wheel-dir", str(work / "wheel"), str(source)),
        ),
        log,
        what="building Horovod",
        timeout_seconds=_BUILD_SECONDS,
        environment={**environment, **build_settings(work, cuda)},
    )
    return next((work / "wheel").glob("horovod-*.whl"))


def download(work: Path, log: Path, environment: Mapping[str, str]) -> Path:
    """Fetch the published source with pip, which runs nothing of it before its sum is checked.

    Raises:
        InputError: it cannot be had, or is not the one that this suite knows.
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
    """Unpack the source, whose sum has been checked; returns its top directory."""
    with tarfile.open(archive) as tar:
        tar.extractall(work, filter="data")
    return work / archive.name.removesuffix(".tar.gz")


def patch(path: Path, changes: tuple[tuple[str, str], ...]) -> None:
    """Replace texts that must each be in the file exactly once.

    Raises:
        InputError: the file is missing or is not the one that the changes were made for.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); not as expected") from None
    for old, new in changes:
        if text.count(old) != 1:
            raise InputError(
                f"{path}: has {text.count(old)} times, not once, the text to be replaced:"
                f" {old.strip()!r}; this is not Horovod {VERSION} as published"
            )
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def build_settings(work: Path, cuda: Cuda | None) -> dict[str, str]:
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
        # pip's NCCL has no libnccl.so, the name that a linker looks for.
        libraries = work / "nccl"
        libraries.mkdir()
        library = sorted(cuda.nccl_libraries.glob("libnccl.so*"))[0]
        (libraries / "libnccl.so").symlink_to(library)
        settings |= {
            "HOROVOD_GPU_OPERATIONS": "NCCL",
            "HOROVOD_CUDA_HOME": str(cuda.toolkit),
            "HOROVOD_NCCL_INCLUDE": str(cuda.nccl_headers),
            "HOROVOD_NCCL_LIB": str(libraries),
            "HOROVOD_NCCL_LINK": "SHARED",
        }
    return settings
