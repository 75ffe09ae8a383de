"""What holds for every test."""

import os
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
