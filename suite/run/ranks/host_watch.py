"""Whether the hosts of a launch are still there while its ranks start.

A launcher may wait silently for a quarter of an hour for a host whose cable was pulled while it
connected. Once every rank has reported, their own connections show a lost host (see link).
"""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

# The echo service. Few hosts run it, but a reachable host answers anyway, by refusing.
_PORT = 7
_KNOCK_SECONDS = 3.0
_ANSWER_SECONDS = 3.0
_MISSES = 3


class HostWatch:
    """Probes hosts every few seconds; `lost` is the first that answered once and no longer does.

    That takes less than 20 s. A host that never answered, behind a firewall for instance, is not
    watched.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self.lost: str | None = None
        self._over = threading.Event()
        if hosts:
            target, name = self._watch, "watch hosts"
            threading.Thread(target=target, args=(hosts,), name=name, daemon=True).start()

    def close(self) -> None:
        """Stop probing."""
        self._over.set()

    def _watch(self, hosts: Sequence[str]) -> None:
        addresses = {}
        for host in hosts:
            with suppress(OSError):
                addresses[host] = socket.gethostbyname(host)
        misses = {host: 0 for host in addresses if _answers(addresses[host])}
        while misses and not self._over.wait(_KNOCK_SECONDS):
            for host, missed in [*misses.items()]:
                misses[host] = 0 if _answers(addresses[host]) else missed + 1
                if misses[host] == _MISSES:
                    self.lost = host
                    return


def _answers(address: str) -> bool:
    try:
        socket.create_connection((address, _PORT), timeout=_ANSWER_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True
