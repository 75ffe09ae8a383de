"""How ranks answer the runner: each by a connection of its own, from whatever host it is on."""

import errno
import hmac
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from suite.core.distributed import Rank
from suite.core.errors import ExitCode
from suite.runner.channel import Sender

# The environment variable with the word by which the runner knows its own ranks.
TOKEN_VARIABLE = "RESNET50_BENCH_RANK_TOKEN"  # noqa: S105 - the name, not the word
# What the runner says to a rank, a byte at a time.
STOP = b"s"
ARE_YOU_THERE = b"?"
_LOOPBACK = "127.0.0.1"
_CONNECT_SECONDS = 10.0
_HELLO_BYTES = 4096
# A line that went dead without a word counts as lost after about eleven seconds.
_IDLE_SECONDS, _PROBE_SECONDS, _PROBES = 5, 2, 3
_DAEMONS = {"orted", "prted"}  # of Open MPI 4 and 5


class Listener:
    """Where ranks report: a port of this machine, which other hosts see unless all is `local`."""

    def __init__(self, *, local: bool) -> None:
        self.socket = socket.create_server((_LOOPBACK if local else "", 0), backlog=1024)
        self._local = local

    def addresses(self, interface: str | None) -> tuple[str, ...]:
        """`host:port` for every address at which ranks may reach it, that of this host last.

        Raises:
            KeyError: there is no such interface.
        """
        port = self.socket.getsockname()[1]
        seen = () if self._local else addresses_of(interface)
        return tuple(f"{address}:{port}" for address in (*seen, _LOOPBACK))


def addresses_of(interface: str | None) -> list[str]:
    """The addresses by which other hosts see this one: of one interface, or of all.

    Raises:
        KeyError: there is no such interface.
    """
    found = psutil.net_if_addrs()
    chosen = found.values() if interface is None else [found[interface]]
    return [
        address.address
        for addresses in chosen
        for address in addresses
        if address.family is socket.AF_INET and not address.address.startswith("127.")
    ]


@dataclass(frozen=True, slots=True)
class Hello:
    """The first word of a rank: which it is and where it runs."""

    rank: int
    host: str


def join_runner(
    addresses: Sequence[str], environment: Mapping[str, str], rank: Rank
) -> socket.socket:
    """Connect a rank to its runner by the first address that works, and say which rank it is.

    Raises:
        OSError: none works.
    """
    lost: OSError = OSError(errno.EADDRNOTAVAIL, "the runner gave no address")
    for address in addresses:
        host, _, port = address.rpartition(":")
        try:
            connection = socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS)
        except OSError as error:
            lost = error
            continue
        connection.settimeout(None)
        keep_alive(connection)
        hello = {
            "token": environment.get(TOKEN_VARIABLE, ""),
            "rank": rank.index,
            "host": socket.gethostname(),
        }
        connection.sendall(json.dumps(hello).encode() + b"\n")
        return connection
    raise lost


def read_hello(line: bytes, token: str) -> Hello | None:
    """A rank's first line; None from anybody who is no rank of this launch."""
    with suppress(ValueError, TypeError, KeyError):
        fields = json.loads(line[:_HELLO_BYTES])
        if hmac.compare_digest(str(fields["token"]), token):
            return Hello(int(fields["rank"]), str(fields["host"]))
    return None


def keep_alive(connection: socket.socket) -> None:
    """Have the system notice a peer that is gone without a word, also while nothing is sent."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
    lost_after = (_IDLE_SECONDS + _PROBE_SECONDS * _PROBES) * 1000
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, lost_after)


def heed_runner(connection: socket.socket, sender: Sender) -> Callable[[], bool]:
    """From now on heed what the runner says; the answer: whether it asked to stop.

    Asked whether it is there the rank says so, and once the runner is gone it ends. The thread
    sleeps until then.
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

    threading.Thread(target=wait, name="heed runner", daemon=True).start()
    return asked.is_set


def _end_daemon() -> None:
    """End Open MPI's daemon on a far host with its ranks.

    Over a line that went dead it would try for a quarter of an hour to tell mpirun of them.
    """
    with suppress(psutil.Error):
        parent = psutil.Process(os.getppid())
        if parent.name() in _DAEMONS:
            parent.terminate()
