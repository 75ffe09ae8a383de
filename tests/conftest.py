"""What holds for every test: device locks of its own, signals that arrive, and no skip in CI."""

import os
import shutil
import signal
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

pytest_plugins = ("two_hosts",)


def installed(module: str) -> bool:
    """Whether a module is there, looked for without importing more than what it lies in."""
    package = module.rpartition(".")[0]
    return (not package or installed(package)) and find_spec(module) is not None


# The marker of a test that needs a component -> whether it is there, and its name.
COMPONENTS = {
    "dali": (installed("nvidia.dali"), "NVIDIA DALI"),
    "horovod": (installed("horovod"), "Horovod"),
    "mpi": (shutil.which("mpirun") is not None, "Open MPI"),
}


def pytest_configure() -> None:
    """Let the runs that tests start hear signals, also where the tests were started to ignore them.

    A shell starts what it puts into the background with SIGINT ignored, and nohup adds SIGHUP;
    both are inherited, and a run that was told to ignore a signal does.
    """
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            default = number is signal.SIGINT
            signal.signal(number, signal.default_int_handler if default else signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of a component where it is missing; in CI they run, and fail, all the same."""
    if os.environ.get("CI"):
        return
    for marker, (is_there, name) in COMPONENTS.items():
        if is_there:
            continue
        reason = f"{name} is not installed; the README says how to install it"
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def own_device_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs started by tests keep their locks under a temporary folder of this session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET50_BENCH_LOCK_DIR", str(tmp_path_factory.mktemp("locks")))
        yield
