"""Waiting for what another process does, as long as a slow and crowded machine may need."""

import subprocess
import time
from collections.abc import Callable

import psutil
import pytest

PATIENCE_SECONDS = 600.0


def wait_until(
    condition: Callable[[], object], process: "subprocess.Popen[str] | None" = None
) -> None:
    """Return once a condition holds; fail where its process ends, or after minutes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if process is not None and process.poll() is not None and not condition():
            pytest.fail(f"it ended: {process.communicate()}")
        if time.monotonic() >= end:
            pytest.fail(f"waited {PATIENCE_SECONDS:g} s in vain")
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process exists and is more than a corpse waiting for its parent."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
