"""Checks of a matrix's hosts before anything starts: reachable, distinct, with equal software."""

import json
import socket
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import psutil
from pydantic import TypeAdapter, ValidationError

from suite import kernels
from suite.machine.devices import detect_machine
from suite.machine.environment import fingerprint
from suite.model.distributed import Distributed, Host, RankLauncher, rank_settings
from suite.model.errors import InputError
from suite.run.child import end_session
from suite.run.ranks.command import launcher_environment, rank_command
from suite.run.ranks.launcher_log import complaint
from suite.run.ranks.listener import addresses_of
from suite.store.strict_json import parse_json

# `python -m suite.kernels` with this flag describes its host.
DESCRIBE = "--describe"
# For the connection, Python's start and the detection of GPUs.
_ANSWER_SECONDS = 45.0
_END_SECONDS = 5.0
# What must be equal on all hosts for a number to mean anything.
_ALIKE = ("suite", "commit", "code", "python", "tensorflow", "keras", "horovod")

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NETWORK = Path("/proc/self/ns/net")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """A host's description of itself; the version of a missing component is None.

    `machine` is the same for two names of one machine only: its present boot and, as containers
    of one machine may be hosts of their own, its network. None if the system reports neither.
    """

    host: str
    machine: str | None
    gpus: int
    gpu_uuids: tuple[str, ...]
    suite: str
    commit: str | None
    code: str | None
    python: str
    tensorflow: str | None
    keras: str | None
    horovod: str | None


_facts = TypeAdapter(HostFacts)


def describe_host() -> str:
    """This host's description, as one line of JSON for a runner on another host."""
    machine = detect_machine()
    facts = fingerprint(machine, kernels.packages())
    described = {
        "host": socket.gethostname(),
        "machine": _machine(),
        "gpus": len(machine.gpus),
        "gpu_uuids": [gpu.uuid for gpu in machine.gpus if gpu.uuid],
        **{name: facts[name] for name in _ALIKE},
    }
    return json.dumps(asdict(_facts.validate_python(described)))


def _machine() -> str | None:
    try:
        return f"{_BOOT_ID.read_text().strip()} {_NETWORK.stat().st_ino}"
    except OSError:
        return None


def check_hosts(
    distributed: Distributed, launcher: RankLauncher, environment: Mapping[str, str]
) -> None:
    """Check that the launcher can reach every host and that all run the same software.

    Raises:
        InputError: a variable to hand on is not set here, or there is no such interface; or a host
            is unknown, cannot be reached, runs other versions, or has fewer GPUs than slots; or the
            first one is not this machine, or two are one.
    """
    for name in distributed.environment:
        if name not in environment:
            raise InputError(f"distributed.environment: {name} is not set here; set or remove it")
    if distributed.interface is not None:
        _check_interface(distributed.interface)
    if not distributed.is_remote and len(distributed.hosts) < 2:
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
) -> HostFacts:
    alone = replace(distributed, hosts=(Host(host.name, 1),))
    command = rank_command(launcher, alone, 1, {}, ("PYTHONPATH",), [DESCRIBE])
    surroundings = {
        **launcher_environment(environment, distributed),
        **rank_settings(launcher, alone),
    }
    # Into a file: what a launcher has started may keep a pipe open long after its own end. And with
    # a folder of its own, because mpiruns that run concurrently remove each other's.
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
            answer = parse_json(line[line.index("{") :])
            if isinstance(answer, dict) and "suite" in answer:
                return _facts_of(host, answer)
    why = complaint(said) or f"exit code {code}"
    raise InputError(f"host {host.name}: cannot be used: {why}")


def _facts_of(host: Host, answer: Mapping[str, object]) -> HostFacts:
    try:
        return _facts.validate_json(json.dumps(answer), strict=True)
    except ValidationError:
        raise InputError(
            f"host {host.name}: answers as another version of the suite does, suite"
            f" {str(answer['suite'])[:40]!r}; install the same as on this machine"
        ) from None


def _run(command: Sequence[str], environment: Mapping[str, str], output: BinaryIO) -> int | None:
    """The exit code, None after a timeout; no process of it is left."""
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
        # The launcher ends its processes on the host; those here are killed in any case.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        end_session(process.pid)
        process.wait()


def _check_alike(hosts: Sequence[Host], described: Sequence[HostFacts]) -> None:
    """Check that the first host is this one, all are distinct, and their software is equal.

    Raises:
        InputError: they are not.
    """
    own = _facts.validate_json(describe_host())
    if not _is_same_machine(described[0], own) and described[0].host != own.host:
        raise InputError(
            f"host {hosts[0].name}: the first host must be this machine, {own.host},"
            " whose device gives the numbers their name; start the run there"
        )
    with_gpus = any(facts.gpus for facts in described)
    for index, (host, facts) in enumerate(zip(hosts, described, strict=True)):
        for other, earlier in zip(hosts, described[:index], strict=False):
            _check_different(host, facts, other, earlier)
        for name in _ALIKE:
            theirs, ours = getattr(facts, name), getattr(own, name)
            if theirs != ours:
                has = f"has {name} {theirs}" if theirs else f"has no {name}"
                raise InputError(
                    f"host {host.name}: {has}, this machine {ours or 'none'}; install the same on"
                    " both"
                )
        if with_gpus and facts.gpus < host.slots:
            raise InputError(
                f"host {host.name}: takes {host.slots} ranks but has {facts.gpus} GPUs; lower"
                " its slots"
            )


def _check_different(host: Host, facts: HostFacts, other: Host, earlier: HostFacts) -> None:
    if _is_same_machine(facts, earlier):
        raise InputError(
            f"host {host.name}: is the same machine as {other.name}; give it once, with all its"
            " slots"
        )
    if facts.host == earlier.host:
        raise InputError(
            f"host {host.name}: calls itself {facts.host}, as {other.name} does, and ranks are"
            " identified by it; rename one"
        )
    if {*facts.gpu_uuids} & {*earlier.gpu_uuids}:
        raise InputError(
            f"host {host.name}: has a GPU that {other.name} has as well; give each GPU to one host"
        )


def _is_same_machine(one: HostFacts, other: HostFacts) -> bool:
    if one.machine is None or other.machine is None:
        return one.host == other.host
    return one.machine == other.machine
