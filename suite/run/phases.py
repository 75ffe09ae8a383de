"""The phases of a launch's startup: each is reported, and timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from suite.run.channel import Progress


@contextmanager
def phase(
    name: str, startup: dict[str, float], notify: Callable[[Progress], None]
) -> Iterator[None]:
    """Report that a phase begins, and put its seconds into `startup` if it ends well."""
    notify(Progress(name))
    began = time.perf_counter()
    yield
    startup[name] = time.perf_counter() - began
