"""The hosts of a matrix, asked before anything starts: are they there, and are they alike?"""

import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import psutil

from suite.core.distributed import Distributed, Host, RankLauncher, rank_settings
from suite.core.errors import InputError
from suite.measure.devices import detect_machine
from suite.measure.environment import fingerprint
from suite.runner.child import end_session, with_suite
from suite.runner.ranks.command import rank_command
from suite.runner.ranks.launcher_words import complaint
from suite.runner.ranks.link import addresses_of

# `python -m suite.kernels` with this flag says what its host is.
DESCRIBE = "--describe"
# For the connection, Python's start and a look at the GPUs.
_ANSWER_SECONDS = 45.0
_END_SECONDS = 5.0
# What must be the same on all hosts for one number to be of one thing.
_ALIKE = ("suite", "commit", "code", "python", "tensorflow", "keras", "horovod")

Facts = dict[str, Any]


def describe_host() -> str:
    """What this host is, as the one line of JSON by which a runner on another host judges it."""
    machine = detect_machine()
    facts = fingerprint(machine)
    return json.dumps(
        {
            "host": socket.gethostname(),
            "gpus": len(machine.gpus),
            **{name: facts[name] for name in _ALIKE},
        }
    )


def check_hosts(
    distributed: Distributed, launcher: RankLauncher, environment: Mapping[str, str]
) -> None:
    """See that every host can be reached by the launcher and runs the same software as this one.

    Raises:
        InputError: a variable to hand on is not set here, or there is no such interface; or a host
            is unknown, cannot be reached, runs other versions, or has fewer GPUs than slots; or the
            first one is not this machine.
    """
    for name in distributed.environment:
        if name not in environment:
            raise InputError(f"distributed.environment: {name} is not set here; set or remove it")
    if distributed.interface is not None:
        _check_interface(distributed.interface)
    if not distributed.is_remote:
        return
    for host in distributed.hosts:
        try:
            socket.getaddrinfo(host.name, None)
        except OSError:
            raise InputError(
                f"host {host.name}: unknown, its name has no address; correct it in hosts"
            ) from None
    with ThreadPoolExecutor(len(distributed.hosts)) as asking:
        described = list(
            asking.map(
                lambda host: _ask(host, distributed, launcher, environment), distributed.hosts
            )
        )
    _check_alike(distributed.hosts, described)


def _check_interface(name: str) -> None:
    try:
        addresses = addresses_of(name)
    except KeyError:
        there = ", ".join(psutil.net_if_addrs())
        raise InputError(
            f"distributed.interface: this machine has no {name}, but {there}; name one of them"
        ) from None
    if not addresses:
        raise InputError(
            f"distributed.interface: {name} has no IPv4 address by which other hosts reach this one"
        )


def _ask(
    host: Host, distributed: Distributed, launcher: RankLauncher, environment: Mapping[str, str]
) -> Facts:
    alone = replace(distributed, hosts=(Host(host.name, 1),))
    command = rank_command(launcher, alone, 1, {}, ("PYTHONPATH",), [DESCRIBE])
    surroundings = {**with_suite(environment), **rank_settings(launcher, alone)}
    # Into a file: what a launcher has started may hold a pipe open long after its own end. And a
    # folder of its own, because mpiruns that begin and end together take theirs from each other.
    with TemporaryDirectory(prefix="ask-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            code = _run(command, {**surroundings, "TMPDIR": folder}, output)
        said = log.read_text(errors="replace")
    if code is None:
        raise InputError(
            f"host {host.name}: no answer within {_ANSWER_SECONDS:g} s; see that"
            f" `ssh {host.name} true` works without a password"
        )
    for line in said.splitlines():
        with suppress(ValueError):
            facts = json.loads(line[line.index("{") :])
            if isinstance(facts, dict) and "suite" in facts:
                return facts
    why = complaint(said) or f"exit code {code}"
    raise InputError(f"host {host.name}: cannot be used: {why}")


def _run(command: Sequence[str], environment: Mapping[str, str], output: BinaryIO) -> int | None:
    """The exit code, None where that took too long; nothing of it is left."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        start_new_session=True,
    )
    try:
        return process.wait(_ANSWER_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    finally:
        # What it has on the host ends by its word, what it has here in any case.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        end_session(process.pid)
        process.wait()


def _check_alike(hosts: Sequence[Host], described: Sequence[Facts]) -> None:
    """See that the first host is this one, that all are different, and that they are alike.

    Raises:
        InputError: they are not.
    """
    own: Facts = json.loads(describe_host())
    if described[0]["host"] != own["host"]:
        raise InputError(
            f"host {hosts[0].name}: the first host must be this machine, {own['host']},"
            " whose device gives the numbers their name; start the run there"
        )
    with_gpus = any(facts["gpus"] for facts in described)
    names: dict[object, str] = {}
    for host, facts in zip(hosts, described, strict=True):
        other = names.setdefault(facts["host"], host.name)
        if other != host.name:
            raise InputError(
                f"host {host.name}: is the same machine as {other}; give it once, with all its"
                " slots"
            )
        for name in _ALIKE:
            if facts.get(name) != own[name]:
                theirs = f"has {name} {facts[name]}" if facts.get(name) else f"has no {name}"
                raise InputError(
                    f"host {host.name}: {theirs}, this machine {own[name] or 'none'}; install the"
                    " same on both"
                )
        if with_gpus and facts["gpus"] < host.slots:
            raise InputError(
                f"host {host.name}: takes {host.slots} ranks but has {facts['gpus']} GPUs; lower"
                " its slots"
            )
