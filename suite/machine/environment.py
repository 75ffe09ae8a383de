"""The software around a measurement: versions, host, container, commit, settings. No secrets."""

import hashlib
import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from suite import __version__
from suite.model.cell import KERNEL_VERSION
from suite.model.device import Machine

_PROJECT = Path(__file__).resolve().parents[2]

_PACKAGES = {
    "numpy": ("numpy",),
    "cuda_runtime": ("nvidia-cuda-runtime-cu12", "nvidia-cuda-runtime"),
    "cudnn": ("nvidia-cudnn-cu12", "nvidia-cudnn-cu13"),
    "nccl": ("nvidia-nccl-cu12", "nvidia-nccl-cu13"),
}
# Variables in which NVIDIA's images, which have no such packages, state the versions.
_IMAGE_VERSIONS = {
    "cuda_runtime": "CUDA_VERSION",
    "cudnn": "CUDNN_VERSION",
    "nccl": "NCCL_VERSION",
}

# Settings that change how fast a framework runs. No other variable is recorded, and none of
# Terraform's, whose names begin like TensorFlow's and which may hold secrets.
_VARIABLES = re.compile(
    r"(?!TF_(VAR|CLI|TOKEN)_)"
    r"((TF|XLA|KERAS|OMP|KMP|GOMP|MKL|ONEDNN|DNNL|OPENBLAS|CUDA|CUDNN|CUBLAS|NCCL|DALI|HOROVOD|UCX"
    r"|OMPI_MCA|MALLOC|TCMALLOC)_\w+"
    r"|LD_PRELOAD|GLIBC_TUNABLES|NVIDIA_TF32_OVERRIDE|NVIDIA_VISIBLE_DEVICES)"
)
# With the user's configuration, and without a lock that another git process may need.
_GIT = ("git", "--no-optional-locks")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL|AUTH", re.IGNORECASE)
# Words that announce a secret, such as `--password x`, `"api_key": "x"`, `?sig=x` or `Bearer x`.
_SECRET_VALUE = re.compile(
    r"(KEY|TOKEN|SECRET|PASS(WORD|WD|PHRASE)?|PWD|CREDENTIALS?|AUTH\w*|SIGNATURE|\bSIG)"
    r"""["'\]]*\s*[=:\s]|\b(BEARER|BASIC)\s""",
    re.IGNORECASE,
)
# No setting written by hand looks like this: letters and digits mixed, long, no separator.
_RANDOM = re.compile(r"(?=[A-Za-z0-9+]*\d)(?=[A-Za-z0-9+]*[A-Za-z])[A-Za-z0-9+]{20,}")
_WITHHELD = "(withheld: looks like a secret)"
# Up to the last @: a password may contain one, and losing part of a path does no harm.
_USER_IN_URL = re.compile(r"//\S*@")


def fingerprint(machine: Machine, components: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """JSON-ready versions and settings, None for what is absent. Imports no framework.

    `components` maps each component of a framework to the distributions that may contain it.
    """
    packages = {**components, **_PACKAGES}
    return {
        "kernel_version": KERNEL_VERSION,
        "suite": __version__,
        **_commit(_PROJECT),
        "code": _code(_PROJECT),
        "python": platform.python_version(),
        **{name: _version(name, packages[name]) for name in packages},
        "driver": machine.driver_version,
        "cuda": machine.cuda_version,
        "os": _operating_system(),
        "kernel_release": platform.release(),
        "container": _container(),
        "cpu_governor": _line(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "numa_nodes": len(list(Path("/sys/devices/system/node").glob("node[0-9]*"))) or None,
        "variables": _variables(),
    }


def _version(name: str, packages: Sequence[str]) -> str | None:
    """`2.21.0`, with the package's name where it is not the first choice."""
    for package in packages:
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        return found if package == packages[0] else f"{found} ({package})"
    return os.environ.get(_IMAGE_VERSIONS.get(name, "")) or None


def _code(checkout: Path) -> str:
    """A digest of the suite's own files, which tells two uncommitted states apart."""
    digest = hashlib.sha256()
    suite = sorted((checkout / "suite").rglob("*"))
    for path in [checkout / "bench.py", *suite]:
        if path.suffix in {".py", ".j2"} and path.is_file():
            digest.update(f"{path.relative_to(checkout)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _commit(checkout: Path) -> dict[str, object]:
    """The commit the suite runs from, and whether its code differs from that commit's.

    Both are None if the suite is not a checkout of its own: installed into an environment that
    lies inside another repository, it must not claim that repository's commit.
    """

    def git(*arguments: str) -> str:
        return subprocess.run(
            [*_GIT, "-C", str(checkout), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
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
    """NVIDIA's images name their build; of other containers only the type is known."""
    build = os.environ.get("NVIDIA_BUILD_ID")
    release = os.environ.get("NVIDIA_TENSORFLOW_VERSION")
    if build or release:
        return f"NVIDIA TensorFlow {release or 'image'} (build {build or 'unknown'})"
    kinds = {
        "Apptainer": "APPTAINER_CONTAINER" in os.environ or "SINGULARITY_CONTAINER" in os.environ,
        "Kubernetes": "KUBERNETES_SERVICE_HOST" in os.environ,
        "Docker": Path("/.dockerenv").exists(),
        "Podman": Path("/run/.containerenv").exists(),
    }
    return next((kind for kind, is_it in kinds.items() if is_it), None)


def _line(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def _variables() -> dict[str, str]:
    return {
        # Bytes that are not UTF-8 cannot be stored as JSON.
        name: _without_secrets(os.fsencode(value).decode(errors="replace"))
        for name, value in sorted(os.environ.items())
        if is_setting(name)
    }


def is_setting(name: str) -> bool:
    """Whether an environment variable changes how fast a framework runs and is no secret."""
    return bool(_VARIABLES.fullmatch(name)) and not _SECRET.search(name)


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable may hold what no record should."""
    return bool(_SECRET.search(name)) or _without_secrets(value) != value


def _without_secrets(value: str) -> str:
    value = _USER_IN_URL.sub("//", value)
    is_doubtful = _SECRET_VALUE.search(value) or _RANDOM.search(value)
    return _WITHHELD if is_doubtful else value
