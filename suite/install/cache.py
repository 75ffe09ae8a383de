"""The cache of builds, and installing from it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from suite.install.child import run_logged
from suite.install.state import State, look
from suite.install.tools import Build, Cuda
from suite.install.wheel import PIP_SECONDS, REQUIREMENTS, build_wheel, pip
from suite.model.errors import InputError


def default_cache(environment: Mapping[str, str]) -> Path:
    """Where builds are kept: outside the checkout, so that a fresh clone finds them.

    Raises:
        InputError: this user has no home directory.
    """
    given = environment.get("XDG_CACHE_HOME")
    try:
        folder = Path(given) if given else Path.home() / ".cache"
    except RuntimeError:
        raise InputError(
            "this user has no home directory to keep builds in; give a place with --cache DIR"
        ) from None
    return folder / "resnet50-bench"


def open_log(cache: Path) -> Path:
    """Create the cache and, in it, an empty log for the output of every program that is run.

    Raises:
        InputError: the cache cannot be written.
    """
    log = cache / "install.log"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        log.write_text("", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{log}: cannot be written ({error.strerror}); give another place with --cache DIR"
        ) from None
    return log


def kept_wheel(cache: Path, build: Build) -> Path | None:
    """The cached build of this kind, or None."""
    return next((cache / build.key).glob("horovod-*.whl"), None)


def build_and_keep(
    cache: Path, build: Build, cuda: Cuda | None, log: Path, environment: Mapping[str, str]
) -> Path:
    """Build Horovod and store the wheel in the cache; returns the stored wheel.

    Raises:
        InputError: the build fails, or the wheel cannot be stored.
    """
    folder = cache / build.key
    with tempfile.TemporaryDirectory(prefix="horovod-build-") as work:
        wheel = build_wheel(Path(work), folder, log, cuda, environment)
        kept = folder / wheel.name
        try:
            folder.mkdir(exist_ok=True)
            # Another installer that reads the cache meanwhile sees a whole wheel or none.
            part = kept.with_suffix(".part")
            shutil.copyfile(wheel, part)
            part.replace(kept)
        except OSError as error:
            raise InputError(f"{kept}: cannot be written ({error.strerror})") from None
    return kept


def install_requirements(log: Path, environment: Mapping[str, str]) -> None:
    """Install the Python packages that Horovod needs to build and run, if missing.

    Raises:
        InputError: pip fails.
    """
    run_logged(
        pip("install", *REQUIREMENTS),
        log,
        what="installing what Horovod needs",
        timeout_seconds=PIP_SECONDS,
        environment=environment,
    )


def try_wheel(wheel: Path, cuda: Cuda | None, log: Path, environment: Mapping[str, str]) -> State:
    """The state that a wheel would give, tested in a separate folder outside the environment."""
    with tempfile.TemporaryDirectory(prefix="horovod-trial-") as trial:
        try:
            run_logged(
                pip("install", "--no-deps", "--no-index", "--target", trial, str(wheel)),
                log,
                what="unpacking the kept build",
                timeout_seconds=PIP_SECONDS,
                environment=environment,
            )
        except InputError as error:
            return State(None, horovod_error=str(error))
        tried = _before(environment, "PYTHONPATH", trial)
        # Its built-in path to NCCL is relative to the environment, in which it is not yet.
        nccl = _before(environment, "LD_LIBRARY_PATH", str(cuda.nccl_libraries)) if cuda else {}
        return look({**environment, **tried, **nccl})


def install_wheel(wheel: Path, log: Path, environment: Mapping[str, str]) -> None:
    """Install a wheel over any other Horovod; its requirements are already installed.

    Raises:
        InputError: pip fails.
    """
    run_logged(
        pip("install", "--no-deps", "--no-index", "--force-reinstall", str(wheel)),
        log,
        what="installing Horovod",
        timeout_seconds=PIP_SECONDS,
        environment=environment,
    )


def _before(environment: Mapping[str, str], name: str, place: str) -> dict[str, str]:
    """A search path of the environment with a place put before the others."""
    return {name: ":".join(filter(None, [place, environment.get(name)]))}
