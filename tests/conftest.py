"""What holds for every test: device locks of its own, and no skip in CI."""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of DALI where it is not installed; in CI they run, and fail, all the same."""
    if os.environ.get("CI") or (find_spec("nvidia") and find_spec("nvidia.dali")):
        return
    reason = "NVIDIA DALI is not installed; the README says how to install it"
    for item in items:
        if item.get_closest_marker("dali"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def own_device_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Runs started by tests keep their locks under a temporary folder of this session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("locks")))
        yield
