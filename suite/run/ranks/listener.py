"""Where ranks connect to the runner; a connection that does not prove to be a rank is closed.

Listening ends before the first step is measured: once every rank has connected the ports are
closed, so that no connection can disturb the measurement.
"""

import errno
import math
import secrets
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from suite.model.distributed import Distributed, RankLauncher
from suite.model.errors import InputError
from suite.run.ranks.link import GREETING_BYTES, WELCOME, Hello, keep_alive, read_hello

LOOPBACK = "127.0.0.1"
# A rank greets as soon as it is connected; these limit what other connections can cost.
_GREETING_SECONDS = 10.0
_MOST_CALLERS = 64
# Pause until other parts of this process may have freed descriptors.
_NO_ROOM_SECONDS = 0.1
_ANY_PORT_THERE = 9

OnRank = Callable[[Hello, socket.socket], None]


@dataclass(slots=True)
class _Caller:
    """An unproven connection: its nonce, its deadline, and what it has sent."""

    nonce: bytes
    until: float
    said: bytes = b""


class Listener:
    """Ports of this machine at which the ranks of one launch connect, each of them once.

    Raises:
        OSError: there is no such address, or no port left.
    """

    def __init__(self, addresses: Sequence[str], token: str, ranks: int) -> None:
        self._token = token
        self._awaited = set(range(ranks))
        self._attending: selectors.BaseSelector | None = None
        self._callers: dict[socket.socket, _Caller] = {}
        self._sockets: list[socket.socket] = []
        for address in addresses:
            self._sockets.append(socket.create_server((address, 0), backlog=1024))
            self._sockets[-1].setblocking(False)
        self.addresses = tuple("{}:{}".format(*each.getsockname()) for each in self._sockets)

    def attend(self, selector: selectors.BaseSelector, on_rank: OnRank) -> None:
        """Accept connections through this selector; `on_rank` is called for each rank."""
        self._attending, self._on_rank = selector, on_rank
        for each in self._sockets:
            selector.register(each, selectors.EVENT_READ, self._accept)

    def seconds_left(self) -> float:
        """Seconds until the next greeting deadline; infinite without unproven connections."""
        untils = [caller.until for caller in self._callers.values()]
        return max(0.0, min(untils) - time.monotonic()) if untils else math.inf

    def dismiss_late(self) -> None:
        """Close connections that missed their greeting deadline."""
        now = time.monotonic()
        for connection in [c for c, caller in self._callers.items() if caller.until <= now]:
            self._hang_up(connection)

    def close(self) -> None:
        """Stop listening, and close every unproven connection."""
        for connection in [*self._callers]:
            self._hang_up(connection)
        for each in self._sockets:
            self._forget(each)
            each.close()
        self._sockets.clear()

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE} and not self._hang_up_on_oldest():
                time.sleep(_NO_ROOM_SECONDS)
            return
        if len(self._callers) >= _MOST_CALLERS:
            self._hang_up_on_oldest()
        connection.setblocking(False)
        nonce = secrets.token_hex(16).encode()
        self._callers[connection] = _Caller(nonce, time.monotonic() + _GREETING_SECONDS)
        if self._attending is not None:
            self._attending.register(connection, selectors.EVENT_READ, self._read)
        with suppress(OSError):
            connection.send(nonce + b"\n")

    def _read(self, connection: socket.socket) -> None:
        caller = self._callers.get(connection)
        if caller is None:  # closed a moment ago
            return
        try:
            received = connection.recv(GREETING_BYTES)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        caller.said += received
        line, end, rest = caller.said.partition(b"\n")
        if received and not end and len(caller.said) < GREETING_BYTES:
            return
        hello = read_hello(line, caller.nonce, self._token) if end and not rest else None
        if hello is None or hello.rank not in self._awaited:
            self._hang_up(connection)
            return
        self._forget(connection)
        del self._callers[connection]
        self._awaited.remove(hello.rank)
        keep_alive(connection)
        with suppress(OSError):  # a closed connection is noticed when it is read
            connection.send(WELCOME)
        self._on_rank(hello, connection)
        if not self._awaited:
            self.close()

    def _hang_up_on_oldest(self) -> bool:
        """Whether there was a connection to close."""
        oldest = next(iter(self._callers), None)
        if oldest is not None:
            self._hang_up(oldest)
        return oldest is not None

    def _hang_up(self, connection: socket.socket) -> None:
        del self._callers[connection]
        self._forget(connection)
        connection.close()

    def _forget(self, connection: socket.socket) -> None:
        if self._attending is not None:
            self._attending.unregister(connection)


def listening_addresses(
    distributed: Distributed, launcher: RankLauncher, ranks: int, environment: Mapping[str, str]
) -> list[str]:
    """The addresses at which the ranks of a launch reach this machine, and no others.

    Those of the interface that the matrix names, else those on the route to its other hosts. All
    addresses only if the other hosts are unknown: Slurm chooses them, or there is no route.

    Raises:
        InputError: there is no such interface.
    """
    # The first host is this machine.
    others = [host.name for host in distributed.used_hosts(ranks)[1:]]
    chosen_by_slurm = launcher is RankLauncher.SRUN and not distributed.hosts
    if not others and not (chosen_by_slurm and environment.get("SLURM_JOB_NUM_NODES") != "1"):
        return [LOOPBACK]
    if distributed.interface is not None:
        try:
            return addresses_of(distributed.interface)
        except KeyError:
            raise InputError(f"interface {distributed.interface}: this machine has none") from None
    routes = [_address_towards(host) for host in others]
    if others and None not in routes:
        return [*dict.fromkeys(route for route in routes if route is not None)]
    return addresses_of(None) or [LOOPBACK]


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


def host_names(name: str) -> tuple[str, ...]:
    """A host's name, and the address that it resolves to, if any."""
    try:
        return name, socket.gethostbyname(name)
    except OSError:
        return (name,)


def is_this_machine(name: str) -> bool:
    """Whether a host's name resolves to an address of this machine."""
    own = addresses_of(None)
    return any(known in own or known.startswith("127.") for known in host_names(name)[1:])


def _address_towards(host: str) -> str | None:
    """This machine's own address on the route to a host; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial, suppress(OSError):
        trial.connect((host, _ANY_PORT_THERE))
        return str(trial.getsockname()[0])
    return None
