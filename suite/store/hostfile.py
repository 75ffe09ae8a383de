"""Open MPI's hostfile: one machine per line, `node1 slots=8`."""

import re
import reprlib
from pathlib import Path

from suite.model.distributed import Host, add_host, parse_host
from suite.model.errors import InputError
from suite.store.text import read_text

_LINE = re.compile(
    r"(?P<name>\S+)(?:\s+slots\s*=\s*(?P<slots>[0-9]+))?(?:\s+max_slots\s*=\s*[0-9]+)?"
)


def read_hostfile(path: Path) -> tuple[Host, ...]:
    """The hosts and the ranks that each takes, in order; a `#` begins a comment.

    Raises:
        InputError: it cannot be read, names no host, or a line is malformed or repeats a host.
    """
    hosts: dict[str, Host] = {}
    for number, line in enumerate(read_text(path, "a file of hosts").splitlines(), 1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        try:
            add_host(hosts, _host(words))
        except ValueError as error:
            raise InputError(f"{path}:{number}: {error}") from None
    if not hosts:
        raise InputError(f"{path}: names no host; write lines such as: node1 slots=8")
    return tuple(hosts.values())


def _host(words: str) -> Host:
    found = _LINE.fullmatch(words)
    if found is None:
        raise ValueError(f"{reprlib.repr(words)} is not a host such as: node1 slots=8")
    slots = found["slots"]
    return parse_host(f"{found['name']}:{slots}" if slots else found["name"])
