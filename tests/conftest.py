"""What holds for every test: own device locks, signals that arrive, and no unnoticed skip."""

import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from importlib.util import find_spec

import pytest

pytest_plugins = ("two_hosts", "fake_board")


def installed(module: str) -> bool:
    """Whether a module is there, looked for without importing more than what it lies in."""
    package = module.rpartition(".")[0]
    return (not package or installed(package)) and find_spec(module) is not None


def why_no_module(module: str, name: str) -> str:
    return "" if installed(module) else f"{name} is not installed; docs/install.md says how"


def why_no_hosts() -> str:
    return str(import_module("two_hosts").why_no_hosts())  # a plug-in, imported after this file


def why_no_mpi() -> str:
    return (
        ""
        if shutil.which("mpirun")
        else "Open MPI is not installed; docs/several-gpus-and-hosts.md says how"
    )


def why_no_browser() -> str:
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        return f"a browser needs {' and '.join(missing)}; see suite/install/packages.txt"
    return "" if installed("selenium") else "Selenium is not installed; the extra `test` brings it"


# The marker of a test that needs a component -> why that cannot be used here, or nothing.
COMPONENTS: dict[str, Callable[[], str]] = {
    "browser": why_no_browser,
    "dali": lambda: why_no_module("nvidia.dali", "NVIDIA DALI"),
    "horovod": lambda: why_no_module("horovod", "Horovod"),
    "hosts": why_no_hosts,
    "jax": lambda: "" if installed("jax") else "JAX is not installed; the extra `jax` brings it",
    "mpi": why_no_mpi,
}
COMPONENT_SKIP = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag with which CI runs the tests of components."""
    parser.addoption(
        "--require-components",
        action="store_true",
        help="run the tests of components that are missing too, so that they fail",
    )


def pytest_configure() -> None:
    """Let the runs that tests start hear signals, also where the tests were started to ignore them.

    A shell starts what it puts into the background with SIGINT ignored, and nohup adds SIGHUP;
    both are inherited, and a run that was told to ignore a signal does.
    """
    # TensorFlow leaves oneDNN off on CPUs without AVX-512, and then has no NCHW on a CPU.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    for variable in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # they change what is printed
        os.environ.pop(variable, None)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            default = number is signal.SIGINT
            signal.signal(number, signal.default_int_handler if default else signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # so that -m selects by the mark that is added here
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests of a component where it is missing, unless it is required."""
    for item in items:
        if "two_hosts" in getattr(item, "fixturenames", ()):
            item.add_marker("hosts")
    if config.getoption("--require-components"):
        return
    for marker, why_not in COMPONENTS.items():
        marked = [item for item in items if item.get_closest_marker(marker)]
        reason = why_not() if marked else ""
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason))
            item.stash[COMPONENT_SKIP] = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a skip for any other reason than a missing component is a failure."""
    report = yield
    if report.skipped and os.environ.get("CI") and COMPONENT_SKIP not in item.stash:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def own_device_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs started by tests keep their locks under a temporary folder of this session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET50_BENCH_LOCK_DIR", str(tmp_path_factory.mktemp("locks")))
        yield


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """Restore the environment, which a program of the suite changes when a test runs it in here."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
