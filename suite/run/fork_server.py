"""The fork server's side: it has imported the framework, touched no device, and forks launches.

Its parent talks to it over a socket that preserves message boundaries; each message has one reply:

    (at the start)                                  -> "ready", or why forking is unsafe here
    an order in JSON, with its channel and its log  -> the child's process id
    "wait SECONDS"                                  -> the child's exit code, or "running"
    "end"                                           -> "ended": the child's group is gone

The server sleeps between messages. When its parent is gone, it ends its child's group and itself.
"""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from suite import kernels
from suite.kernels.interface import MissingComponentError
from suite.model.cell import KernelName
from suite.run.order import LaunchOrder, decode_order

READY = b"ready"
RUNNING = b"running"
ENDED = b"ended"
END = b"end"
WAIT = b"wait "
# An order of a few KiB, with paths of at most 4096 bytes each, which JSON may triple.
MOST_BYTES = 2**16

_POLL_SECONDS = 0.005


def serve(connection: socket.socket, kernel: KernelName) -> LaunchOrder | None:
    """Fork a launch whenever the parent asks for one.

    Returns in every child, with the order that it is to execute, and in the server once its parent
    is gone or forking is unsafe, with None.
    """
    refusal = _import_framework(kernel) or _why_unsafe()
    with suppress(OSError):
        connection.send(refusal.encode() if refusal else READY)
    while not refusal:
        message, descriptors = _receive(connection)
        if not message:
            break
        order = decode_order(message.decode())
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            connection.close()
            channel, log = descriptors
            _become_launch(log)
            return replace(order, channel=channel)
        for descriptor in descriptors:
            os.close(descriptor)
        if not _attend(connection, pid):
            break
    return None


def _import_framework(kernel: KernelName) -> str | None:
    """Import what every cell of this kernel needs, and nothing more; why that failed, or None."""
    try:
        kernels.framework(kernel).import_framework()
    except MissingComponentError as error:
        return str(error)
    return None


def _why_unsafe() -> str | None:
    """Why a forked child might differ from a fresh process, or None.

    Neither threads nor a CUDA context survive in a child. What libraries do about a fork shows only
    after one: OpenBLAS stops its threads for it and restarts them when needed.
    """
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    threads = _other_threads()
    if threads:
        plural = "s" if len(threads) > 1 else ""
        return f"the import left {len(threads)} running thread{plural}: {', '.join(threads)}"
    open_files = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
    if any(path.startswith("/dev/nvidia") for path in open_files):
        return "the import opened a GPU"
    return None


def _other_threads() -> list[str]:
    """The names of all threads but this one; a library may have named its own."""
    names = []
    for task in Path("/proc/self/task").iterdir():
        # One that ends meanwhile is none.
        with suppress(OSError):
            if task.name != str(os.getpid()):
                names.append(task.joinpath("comm").read_text().strip())
    return sorted(names)


def _receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """One message and the descriptors that came with it; empty when the parent is gone."""
    try:
        message, descriptors, _, _ = socket.recv_fds(
            connection, MOST_BYTES, 2, socket.MSG_CMSG_CLOEXEC
        )
    except OSError:
        return b"", []
    return message, descriptors


def _become_launch(log: int) -> None:
    """Turn this child into what a plain process would be: with its own group and its own log."""
    os.setsid()
    for standard in (1, 2):
        os.dup2(log, standard)
    os.close(log)


def _attend(connection: socket.socket, pid: int) -> bool:
    """Answer for one child until its end; returns whether the parent is still there."""
    answer = str(pid).encode()
    while True:
        with suppress(OSError):
            connection.send(answer)
        message, _ = _receive(connection)
        if not message.startswith(WAIT):
            break
        answer = _exit_code(pid, float(message.removeprefix(WAIT)))
    # Both, because a child that was just forked may not lead its group yet.
    os.kill(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with suppress(OSError):
        connection.send(ENDED)
    return message == END


def _exit_code(pid: int, seconds: float) -> bytes:
    """The child's exit code, negative for a signal. It is not reaped, so its id is not reused."""
    until = time.monotonic() + seconds
    while True:
        end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if end is not None:
            code = end.si_status if end.si_code == os.CLD_EXITED else -end.si_status
            return str(code).encode()
        if time.monotonic() >= until:
            return RUNNING
        time.sleep(_POLL_SECONDS)
