"""Open MPI's file of hosts: a machine a line, `node1 slots=8`."""

import re
from pathlib import Path

from suite.core.distributed import Host, parse_host, reject_repeated
from suite.core.errors import InputError
from suite.files.text import read_text

_LINE = re.compile(r"(?P<name>\S+?)(?:\s+slots\s*=\s*(?P<slots>\d+))?(?:\s+max_slots\s*=\s*\d+)?")


def read_hostfile(path: Path) -> tuple[Host, ...]:
    """The hosts and the ranks that each takes, in order; a `#` begins a comment.

    Raises:
        InputError: it cannot be read, names no host, or a line is none or repeats one.
    """
    hosts: list[Host] = []
    for number, line in enumerate(read_text(path, "a file of hosts").splitlines(), 1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        try:
            hosts.append(_host(words))
            reject_repeated(hosts)
        except ValueError as error:
            raise InputError(f"{path}:{number}: {error}") from None
    if not hosts:
        raise InputError(f"{path}: names no host; write lines such as: node1 slots=8")
    return tuple(hosts)


def _host(words: str) -> Host:
    found = _LINE.fullmatch(words)
    if found is None:
        raise ValueError(f"{words!r} is not a host such as: node1 slots=8")
    slots = found["slots"]
    return parse_host(f"{found['name']}:{slots}" if slots else found["name"])
