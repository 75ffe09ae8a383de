"""Requests to a worker of the runner."""

import signal
import threading
from collections.abc import Callable

from suite.run.order import LaunchOrder


def stop_on_request(order: LaunchOrder) -> Callable[[], bool]:
    """From here to its end, SIGTERM asks a worker of the runner to finish its current step only.

    Before, it ends the worker: startup has nothing to keep, and a compilation cannot be asked.
    """
    requested = threading.Event()
    if order.channel is not None:
        signal.signal(signal.SIGTERM, lambda *_: requested.set())
    return requested.is_set
