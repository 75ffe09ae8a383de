"""Signals as requests to stop: the current launch is asked to stop, and the run ends in order."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from suite.interrupts import SIGNALS, leave

_NAMES = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "the end of its terminal",
}


class Stop:
    """Whether the run was asked to stop, and by what: `by` is None until then.

    Inside a `with`, the first SIGINT, SIGTERM or SIGHUP sets `by` and is passed on, to the current
    launch among others. A Ctrl-C after that raises KeyboardInterrupt, and one
    more ends the program at once; repeated SIGTERM and SIGHUP do nothing, because `timeout`, shells
    and the end of a session send them more than once. A signal that the run was started to ignore
    (nohup) stays ignored.
    """

    def __init__(self) -> None:
        self.by: str | None = None
        self._receivers: list[Callable[[], None]] = []
        self._earlier: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Stop":
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._earlier[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)

    @contextmanager
    def passed_to(self, receiver: Callable[[], None]) -> Iterator[None]:
        """Inside this `with`, call `receiver` at the first request; now if that is in the past."""
        self._receivers.append(receiver)
        try:
            if self.by is not None:
                receiver()
            yield
        finally:
            self._receivers.remove(receiver)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self.by is not None:
            if number == signal.SIGINT:
                signal.signal(signal.SIGINT, leave)
                raise KeyboardInterrupt
            return
        self.by = _NAMES[signal.Signals(number)]
        for receiver in tuple(self._receivers):
            receiver()
