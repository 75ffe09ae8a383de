"""Ctrl-C, SIGTERM and a lost terminal end a program with exit code 130.

By default Python dies of the signal itself if it arrives outside any `try`: while modules are
imported, while another interrupt is being handled, or after the work is done. Only the time before
the first line of a program runs (some 20 ms) cannot be covered.
"""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from suite.model.errors import ExitCode

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave_on_signals() -> None:
    """Until `run_to_the_end`, a signal ends the program at once: there is nothing to lose yet."""
    _handle(leave)


def run_to_the_end(main: Callable[[], int]) -> NoReturn:
    """Exit with the code that `main` returns, or with 130 where a signal ended it.

    The first signal raises KeyboardInterrupt, so that unfinished work is cleaned up; another one
    meanwhile ends the program at once. One that comes after the end changes nothing.
    """
    try:
        _handle(_interrupt)
        code = main()
    except KeyboardInterrupt:
        code = int(ExitCode.INTERRUPTED)
    _handle(signal.SIG_IGN)
    sys.exit(code)


def leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End the program at once, whatever it is doing; its launches notice and end themselves."""
    os._exit(int(ExitCode.INTERRUPTED))


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    _handle(leave)
    raise KeyboardInterrupt


def _handle(handler: Any) -> None:
    """Install a handler for all but the signals that the program was started to ignore (nohup)."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
