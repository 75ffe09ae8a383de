"""The guard of locked clocks: a process that locks them, and restores them however a run ends.

It is started by the runner, in a session of its own. Its standard input and output are a socket of
which the runner alone has the other end. It writes one line:

    locked 585 585      the clock of each GPU in MHz
    refused REASON      nothing is locked

and waits for the end of its input, which also the death of the runner is. Then it restores the
clocks, and where it cannot, writes one line more:

    failed REASON
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress

from suite.interrupts import SIGNALS
from suite.machine.clock_lock import locked_clocks
from suite.model.errors import InputError
from suite.run.locks import hold_devices, lock_name

LOCKED, REFUSED, FAILED = "locked", "refused", "failed"
DEFAULT_CLOCK = "default"
_LOCK = "clocks-"
_INPUT, _OUTPUT = 0, 1
_SOME_BYTES = 4096


def guard(wanted: str, boards: Sequence[str]) -> None:
    """Lock these boards (see `locked_clocks`) at a clock in MHz, or `default`, until input ends.

    A lock of its own makes it wait for the guard of an earlier run on these boards, which may
    restore them after its runner and its locks are gone.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    word = REFUSED
    try:
        names = sorted(_LOCK + lock_name(board) for board in boards)
        mhz = None if wanted == DEFAULT_CLOCK else int(wanted)
        with hold_devices(names, lambda _: None), locked_clocks(boards, mhz) as clocks:
            word = FAILED
            _say(f"{LOCKED} {' '.join(map(str, clocks))}")
            while os.read(_INPUT, _SOME_BYTES):
                pass
    except InputError as error:
        _say(f"{word} {error}")


def _say(line: str) -> None:
    with suppress(OSError):  # the runner is gone
        os.write(_OUTPUT, f"{line}\n".encode(errors="replace"))
