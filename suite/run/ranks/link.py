"""How ranks report to the runner: each over a connection of its own, from any host.

The runner greets a connection with a nonce; a rank answers with one line, the proof that it knows
the token of its launch, its index and its host; the runner accepts or closes the
connection. The token itself never crosses the network, and nothing is parsed before the proof.
"""

import hashlib
import hmac
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from suite.model.distributed import Rank
from suite.model.errors import ExitCode, InputError
from suite.run.channel import Sender

# Environment variables with the token of the launch, and with the path of a file that contains it;
# one of the two is set.
TOKEN_VARIABLE = "RESNET50_BENCH_RANK_TOKEN"  # noqa: S105 - the name, not the word
TOKEN_FILE_VARIABLE = "RESNET50_BENCH_RANK_TOKEN_FILE"  # noqa: S105 - the name, not the word
# The runner's one-byte messages to a rank; the first is sent once, after the rank's proof.
WELCOME = b"w"
STOP = b"s"
ARE_YOU_THERE = b"?"
# Longest line of a greeting from either side.
GREETING_BYTES = 512
_CONNECT_SECONDS = 10.0
# A runner with too many other connections may close that of a rank before reading from it.
_TRIES, _RETRY_SECONDS = 3, 0.5
# A silently dead connection counts as lost after about eleven seconds.
_IDLE_SECONDS, _PROBE_SECONDS, _PROBES = 5, 2, 3
_DAEMONS = {"orted", "prted"}  # of Open MPI 4 and 5


@dataclass(frozen=True, slots=True)
class Hello:
    """A rank's greeting: its index and its host."""

    rank: int
    host: str


def join_runner(
    addresses: Sequence[str], environment: Mapping[str, str], rank: Rank
) -> socket.socket:
    """Connect a rank to its runner by the first address that works, and prove which rank it is.

    Raises:
        InputError: there is no token, or none of the addresses leads to the runner.
    """
    try:
        token = environment.get(TOKEN_VARIABLE)
        if token is None:
            token = Path(environment[TOKEN_FILE_VARIABLE]).read_text()
    except (KeyError, OSError, UnicodeDecodeError):
        raise InputError("report_to is for ranks that a run starts; leave it out") from None
    hello = f"{rank.index} {socket.gethostname()}".encode()
    for _ in range(_TRIES):
        for address in addresses:
            try:
                return _join(address, token, hello)
            except OSError as error:
                lost = error
        if not isinstance(lost, ConnectionError):
            break
        time.sleep(_RETRY_SECONDS)
    where = " or ".join(addresses)
    raise InputError(f"the runner cannot be reached at {where} ({lost.strerror or lost})")


def _join(address: str, token: str, hello: bytes) -> socket.socket:
    """The connection to a runner that has accepted this rank.

    Raises:
        OSError: nothing listens there, or it closes the connection.
    """
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS)
    try:
        _greet(connection, token, hello)
    except BaseException:
        connection.close()
        raise
    connection.settimeout(None)
    keep_alive(connection)
    return connection


def _greet(connection: socket.socket, token: str, hello: bytes) -> None:
    nonce = b""
    while not nonce.endswith(b"\n") and len(nonce) < GREETING_BYTES:
        nonce += _next_byte(connection)
    proof = prove(token, nonce.rstrip(b"\n"), hello)
    connection.sendall(proof + b" " + hello + b"\n")
    if _next_byte(connection) != WELCOME:
        raise ConnectionAbortedError("it does not know this rank")


def _next_byte(connection: socket.socket) -> bytes:
    received = connection.recv(1)
    if not received:
        raise ConnectionAbortedError("it closed the connection")
    return received


def prove(token: str, nonce: bytes, hello: bytes) -> bytes:
    """The proof of knowing the token, for this greeting and this nonce only."""
    return hmac.digest(token.encode(), nonce + b" " + hello, hashlib.sha256).hex().encode()


def read_hello(line: bytes, nonce: bytes, token: str) -> Hello | None:
    """Parse a rank's greeting; None if its proof is wrong."""
    proof, _, hello = line.partition(b" ")
    if not hmac.compare_digest(proof, prove(token, nonce, hello)):
        return None
    rank, _, host = hello.decode(errors="replace").partition(" ")
    return Hello(int(rank), host) if rank.isdecimal() else None


def keep_alive(connection: socket.socket) -> None:
    """Have the system detect a silently lost peer, even while nothing is sent."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    lost_after = (_IDLE_SECONDS + _PROBE_SECONDS * _PROBES) * 1000
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, lost_after)


def listen_to_runner(connection: socket.socket, sender: Sender) -> Callable[[], bool]:
    """Handle the runner's messages in a thread; returns a function that says if it asked to stop.

    The rank replies when asked whether it responds, and ends once the runner is gone. The thread
    sleeps between messages.
    """
    asked = threading.Event()

    def wait() -> None:
        while True:
            try:
                said = connection.recv(1)
            except OSError:
                said = b""
            if not said:
                break
            if said == ARE_YOU_THERE:
                sender.here()
            else:
                asked.set()
        _end_daemon()
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(int(ExitCode.CELL_FAILED))

    threading.Thread(target=wait, name="listen to runner", daemon=True).start()
    return asked.is_set


def _end_daemon() -> None:
    """End Open MPI's daemon on a far host with its ranks.

    Over a dead connection it would try for a quarter of an hour to report to mpirun.
    """
    with suppress(psutil.Error):
        parent = psutil.Process(os.getppid())
        if parent.name() in _DAEMONS:
            parent.terminate()
