"""Clocks that are locked for the length of a run, and restored however it ends."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from suite.machine.clock_lock import restore_clocks
from suite.model.device import Gpu
from suite.model.errors import InputError
from suite.run.child import with_suite
from suite.run.clock_guard import DEFAULT_CLOCK, FAILED, LOCKED, REFUSED

# A driver that is busy may take seconds; a guard that takes longer goes on by itself.
_RESTORE_SECONDS = 30.0


@contextmanager
def hold_clocks(
    gpus: Sequence[Gpu], mhz: int | None, on_problem: Callable[[str], None]
) -> Iterator[tuple[Gpu, ...]]:
    """Hold the graphics clocks of these GPUs, each at `mhz` or at its default; yields them so.

    A process of its own does it (`suite.run.clock_guard`), so that they are restored even if this
    one is killed. It listens on a socket whose other end this process alone has: no program that it
    starts inherits that, and launches are programs, or forks of one.
    `on_problem` is told what could not be restored, and how to do it by hand.

    Raises:
        InputError: one of them cannot be locked, so that none is.
    """
    parts = [gpu for gpu in gpus if gpu.mig]
    if parts:
        raise InputError(
            f"--lock-clocks: {parts[0].name} is a part of GPU {parts[0].index}, whose other parts"
            " have the same clock; drop the flag, or turn MIG off"
        )
    boards = [gpu.uuid or str(gpu.index) for gpu in gpus]
    ours, theirs = socket.socketpair()
    with ours, ours.makefile(encoding="utf-8", errors="replace") as said:
        with theirs:
            guard = _started(DEFAULT_CLOCK if mhz is None else str(mhz), boards, theirs)
        word = ""
        try:
            word, _, text = said.readline().strip().partition(" ")
            if word != LOCKED:
                raise InputError(text if word == REFUSED else "--lock-clocks: its guard ended")
            clocks = [int(clock) for clock in text.split()]
            yield tuple(
                replace(gpu, locked_clock_mhz=clock)
                for gpu, clock in zip(gpus, clocks, strict=True)
            )
        finally:
            ours.shutdown(socket.SHUT_WR)
            problem = _problem(guard, said, boards if word == LOCKED else ())
            if problem:
                on_problem(problem)


def _started(
    wanted: str, boards: Sequence[str], stream: socket.socket
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "suite.cli.clock_guard", wanted, *boards],
            stdin=stream.fileno(),
            stdout=stream.fileno(),
            stderr=subprocess.DEVNULL,
            env=with_suite(os.environ),
            start_new_session=True,
        )
    except OSError as error:
        raise InputError(f"--lock-clocks: no guard could be started ({error.strerror})") from None


def _problem(guard: "subprocess.Popen[bytes]", said: TextIO, boards: Sequence[str]) -> str | None:
    """Wait until the guard has restored the clocks; what went wrong, or None.

    If it was killed, this process restores those that it had locked.
    """
    try:
        code = guard.wait(_RESTORE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"the clocks are not restored after {_RESTORE_SECONDS:g} s; see nvidia-smi"
    if code and boards:
        try:
            restore_clocks(boards)
        except InputError as error:
            return str(error)
    word, _, text = said.readline().strip().partition(" ")
    return text if word == FAILED else None
