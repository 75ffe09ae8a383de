"""Builds that are kept for the next environment of the same kind, and installing them."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from suite.install.child import run_logged
from suite.install.recipe import Cuda, Recipe
from suite.install.state import State, look
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
    """Make the cache and an empty log in it for the output of everything that is run.

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


def kept_wheel(cache: Path, recipe: Recipe) -> Path | None:
    """The build of a recipe that an earlier run has kept, if any."""
    return next((cache / recipe.key).glob("horovod-*.whl"), None)


def build_and_keep(
    cache: Path, recipe: Recipe, cuda: Cuda | None, log: Path, environment: Mapping[str, str]
) -> Path:
    """Build Horovod and keep the wheel in the cache; returns the kept one.

    Raises:
        InputError: the build fails, or the wheel cannot be kept.
    """
    folder = cache / recipe.key
    with tempfile.TemporaryDirectory(prefix="horovod-build-") as work:
        wheel = build_wheel(Path(work), folder, log, cuda, environment)
        kept = folder / wheel.name
        try:
            folder.mkdir(exist_ok=True)
            # A neighbour that looks into the cache meanwhile sees a whole wheel or none.
            part = kept.with_suffix(".part")
            shutil.copyfile(wheel, part)
            part.replace(kept)
        except OSError as error:
            raise InputError(f"{kept}: cannot be written ({error.strerror})") from None
    return kept


def install_requirements(log: Path, environment: Mapping[str, str]) -> None:
    """Install the Python packages that Horovod builds and runs with, where they are missing.

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
    """What a wheel would be here, found out beside the environment and not in it."""
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
        # Its own way to NCCL leads through the environment that it is not in yet.
        nccl = _before(environment, "LD_LIBRARY_PATH", str(cuda.nccl_libraries)) if cuda else {}
        return look({**environment, **tried, **nccl})


def install_wheel(wheel: Path, log: Path, environment: Mapping[str, str]) -> None:
    """Install a wheel over whatever Horovod is there; what it needs is there already.

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
