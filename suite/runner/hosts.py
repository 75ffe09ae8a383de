"""The hosts of a matrix, asked before anything starts: are they there, and are they alike?"""

import json
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from suite.core.distributed import Distributed, Host, RankLauncher
from suite.core.errors import InputError
from suite.measure.devices import detect_machine
from suite.measure.environment import fingerprint
from suite.runner.child import with_suite
from suite.runner.launcher_words import complaint
from suite.runner.rank_command import rank_command

# `python -m suite.kernels` with this flag says what its host is.
DESCRIBE = "--describe"
_ANSWER_SECONDS = 60.0
# What must be the same on all hosts for one number to be of one thing.
_ALIKE = ("suite", "commit", "python", "tensorflow", "keras", "horovod")


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
        InputError: a variable to hand on is not set here; or a host is unknown, cannot be reached,
            runs other versions, or has fewer GPUs than slots; or the first one is not this machine.
    """
    for name in distributed.environment:
        if name not in environment:
            raise InputError(f"distributed.environment: {name} is not set here; set or remove it")
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
    own = json.loads(describe_host())
    if described[0]["host"] != own["host"]:
        raise InputError(
            f"host {distributed.hosts[0].name}: the first host must be this machine, {own['host']},"
            " whose device gives the numbers their name; start the run there"
        )
    for host, facts in zip(distributed.hosts, described, strict=True):
        _check_alike(host, facts, own)


def _ask(
    host: Host, distributed: Distributed, launcher: RankLauncher, environment: Mapping[str, str]
) -> dict[str, object]:
    alone = replace(distributed, hosts=(Host(host.name, 1),))
    command = rank_command(launcher, alone, 1, {}, ("PYTHONPATH",), [DESCRIBE])
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=with_suite(environment),
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"host {host.name}: no answer within {_ANSWER_SECONDS:g} s; see that"
            f" `ssh {host.name} true` works without a password"
        ) from None
    for line in answer.stdout.splitlines():
        with suppress(ValueError):
            facts = json.loads(line[line.index("{") :])
            if isinstance(facts, dict) and "suite" in facts:
                return facts
    said = complaint(answer.stderr + answer.stdout) or f"exit code {answer.returncode}"
    raise InputError(f"host {host.name}: cannot be used: {said}")


def _check_alike(host: Host, facts: Mapping[str, object], own: Mapping[str, object]) -> None:
    for name in _ALIKE:
        if facts.get(name) != own[name]:
            raise InputError(
                f"host {host.name}: has {name} {facts.get(name)}, this machine {own[name]}; install"
                " the same on both"
            )
    gpus = facts.get("gpus")
    if isinstance(gpus, int) and 0 < gpus < host.slots:
        raise InputError(
            f"host {host.name}: takes {host.slots} ranks but has {gpus} GPUs; lower its slots"
        )
