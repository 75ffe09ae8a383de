"""The software around a measurement: versions, host, container, commit, settings. No secrets."""

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from suite import __version__
from suite.core.device import Machine

_PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "keras": ("keras",),
    "numpy": ("numpy",),
    "horovod": ("horovod",),
    "dali": ("nvidia-dali-cuda120", "nvidia-dali-cuda130", "nvidia-dali-cuda110"),
    "cudnn": ("nvidia-cudnn-cu12",),
}

# Settings that change how fast TensorFlow runs. Nothing else of the environment is recorded.
_VARIABLES = re.compile(
    r"(TF|XLA|KERAS|OMP|KMP|ONEDNN|DNNL|NCCL|HOROVOD|OMPI_MCA)_\w+"
    r"|CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER|CUDA_CACHE_DISABLE|NVIDIA_TF32_OVERRIDE"
)
# As the user has it, and without taking a lock that another git may want.
_GIT = ("git", "--no-optional-locks")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(KEY|TOKEN|SECRET|PASS\w*|CREDENTIALS?|AUTH\w*)\W{0,2}[=:]", re.I)
_WITHHELD = "(withheld: looks like a secret)"
# Up to the last @: a password may hold one, and losing a part of a path harms nobody.
_USER_IN_URL = re.compile(r"//\S*@")


def fingerprint(machine: Machine) -> dict[str, object]:
    """JSON-ready facts; None where something is absent. Imports no framework."""
    return {
        "suite": __version__,
        **_commit(Path(__file__).resolve().parents[2]),
        "python": platform.python_version(),
        **{name: _version(packages) for name, packages in _PACKAGES.items()},
        "driver": machine.driver_version,
        "cuda": machine.cuda_version,
        "os": _operating_system(),
        "kernel_release": platform.release(),
        "container": _container(),
        "cpu_governor": _line(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "numa_nodes": len(list(Path("/sys/devices/system/node").glob("node[0-9]*"))) or None,
        "variables": _variables(),
    }


def _version(packages: tuple[str, ...]) -> str | None:
    """`2.21.0`, with the package's name where it is not the first choice."""
    for package in packages:
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        return found if package == packages[0] else f"{found} ({package})"
    return None


def _commit(checkout: Path) -> dict[str, object]:
    """The commit the suite runs from, and whether its code differs from that commit's.

    Both are None where the suite is no checkout of its own: installed into an environment that
    happens to lie inside another repository, it must not claim that repository's commit.
    """

    def git(*arguments: str) -> str:
        return subprocess.run(
            [*_GIT, "-C", str(checkout), *arguments],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()

    try:
        commit, top = git("rev-parse", "HEAD", "--show-toplevel").splitlines()
        if Path(top) == checkout:
            code = git(
                "status", "--porcelain", "--untracked-files=normal", "--", "suite", "bench.py"
            )
            return {"commit": commit, "dirty": bool(code)}
    except (OSError, ValueError, subprocess.SubprocessError):
        pass
    return {"commit": None, "dirty": None}


def _operating_system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _container() -> str | None:
    """NVIDIA's images name their build; any other container is only known to be one."""
    build = os.environ.get("NVIDIA_BUILD_ID")
    release = os.environ.get("NVIDIA_TENSORFLOW_VERSION")
    if build or release:
        return f"NVIDIA TensorFlow {release or 'image'} (build {build or 'unknown'})"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "unnamed"
    return None


def _line(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def _variables() -> dict[str, str]:
    return {
        name: _WITHHELD if _SECRET_VALUE.search(value) else _USER_IN_URL.sub("//", value)
        for name, value in sorted(os.environ.items())
        if _VARIABLES.fullmatch(name) and not _SECRET.search(name)
    }
