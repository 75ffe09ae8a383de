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
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_USER_IN_URL = re.compile(r"//[^/@\s]+@")


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
    """The commit the suite runs from and whether its files were changed since."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(checkout), *arguments],  # noqa: S607 - git as the user has it
                capture_output=True,
                text=True,
                timeout=5,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    commit = git("rev-parse", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "dirty": None if changed is None else bool(changed)}


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
        name: _USER_IN_URL.sub("//", value)
        for name, value in sorted(os.environ.items())
        if _VARIABLES.fullmatch(name) and not _SECRET.search(name)
    }
