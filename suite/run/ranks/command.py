"""The command that starts the ranks of a launch, by the available launcher."""

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.machine.environment import is_setting
from suite.model.distributed import BindTo, Distributed, Host, RankLauncher, rank_settings
from suite.model.text import command
from suite.run.child import with_suite
from suite.run.ranks.listener import is_this_machine

INSTALL_HOROVOD = "python -m suite.install.horovod"
_INSTALL_MPI = "apt-get install openmpi-bin"

_SRUN_BINDING = {
    BindTo.SOCKET: "sockets",
    BindTo.NUMA: "ldoms",
    BindTo.CORE: "cores",
    BindTo.NONE: "none",
}
# Keep-alive of Open MPI's own daemons in seconds: three probes, three seconds apart, after ten of
# silence. Its default is five minutes. The runner notices a lost host earlier (see link);
# otherwise Open MPI would end the remaining ranks before the lost one is known.
_KEEPALIVE = {
    "oob_tcp_keepalive_time": 10,
    "oob_tcp_keepalive_intvl": 3,
    "oob_tcp_keepalive_probes": 3,
}
# What a launcher, the ssh that it may call, and Python on the ranks need.
_NEEDED = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TZ|LANG|LANGUAGE|TMPDIR|VIRTUAL_ENV|SSH_AUTH_SOCK|KRB5CCNAME"
    r"|PYTHON[A-Z]+|SLURM_(?!JWT)\w+|(LC|LD|OMPI|OPAL|ORTE|PRTE|PMIX|PMI|PBS|LSB)_\w+"
)


@dataclass(frozen=True, slots=True)
class NoLauncher:
    """Why cells of several ranks cannot be launched here, with the remedy."""

    reason: str


def choose_launcher(
    distributed: Distributed, environment: Mapping[str, str]
) -> RankLauncher | NoLauncher:
    """The launcher that a matrix names, or the first that is installed; see `Distributed`."""
    if distributed.launcher is not None:
        if program(distributed.launcher) is None:
            return NoLauncher(
                f"the matrix asks for {distributed.launcher.value}, which is not installed; remove"
                " launcher to use one that is"
            )
        return distributed.launcher
    if "SLURM_JOB_ID" in environment and program(RankLauncher.SRUN):
        return RankLauncher.SRUN
    for launcher in (RankLauncher.MPIRUN, RankLauncher.HOROVODRUN):
        if program(launcher):
            return launcher
    return NoLauncher(
        f"neither mpirun nor horovodrun is installed; {_INSTALL_MPI}, then {INSTALL_HOROVOD}"
    )


def program(launcher: RankLauncher) -> str | None:
    """The path of a launcher; horovodrun comes with Horovod, beside this interpreter."""
    beside = Path(sys.executable).parent / launcher.value
    return str(beside) if beside.is_file() else shutil.which(launcher.value)


def launcher_environment(
    environment: Mapping[str, str], distributed: Distributed
) -> dict[str, str]:
    """The part of an environment that a launcher gets, and may show to every user through `ps`.

    It is what the launcher needs to run, the settings that records list, and what the matrix names.
    """
    return {
        name: value
        for name, value in with_suite(environment).items()
        if name in distributed.environment or _NEEDED.fullmatch(name) or is_setting(name)
    }


def rank_command(
    launcher: RankLauncher,
    distributed: Distributed,
    ranks: int,
    settings: Mapping[str, str],
    names: Sequence[str],
    arguments: Sequence[str],
) -> list[str]:
    """The launcher's arguments for this many ranks of `python -m suite.kernels`.

    Ranks on every host get the `settings`, and the variables with these `names` as they are in the
    launcher's environment. Launchers other than mpirun pass on all of it, so the caller
    must put the settings there as well.
    """
    hosts = distributed.used_hosts(ranks)
    places = ",".join(str(host) for host in hosts or (Host("localhost", ranks),))
    worker = [sys.executable, "-m", "suite.kernels", *arguments]
    start = program(launcher) or launcher.value
    match launcher:
        case RankLauncher.MPIRUN:
            return [
                start,
                # Open MPI refuses to run as root, often a container's only user.
                *(["--allow-run-as-root"] if os.geteuid() == 0 else []),
                *("-np", str(ranks), "-H", places, "--bind-to", distributed.bind_to.value),
                *_mca(hosts, distributed.interface),
                *_exported(settings, names),
                *worker,
            ]
        case RankLauncher.HOROVODRUN:
            # Ranks of one machine need no interface, and it accepts only loopback.
            here = all(is_this_machine(host.name) for host in hosts)
            interface = None if here else distributed.interface
            return [
                *(start, "--gloo", "-np", str(ranks), "-H", places),
                *(["--network-interfaces", interface] if interface else []),
                *worker,
            ]
        case RankLauncher.SRUN:
            # A host name per rank; otherwise Slurm would distribute ranks without regard to slots.
            nodes = ",".join(host.name for host in hosts for _ in range(host.slots))
            return [
                *(start, "--ntasks", str(ranks), "--mpi", "pmix", "--kill-on-bad-exit=1"),
                *("--export", "ALL", "--cpu-bind", _SRUN_BINDING[distributed.bind_to]),
                *(["--distribution", "arbitrary", "--nodelist", nodes] if nodes else []),
                *worker,
            ]


def ranks_command_line(
    launcher: RankLauncher, distributed: Distributed, ranks: int, arguments: Sequence[str]
) -> str:
    """The whole command for this many ranks, quoted for a shell, as `plan` prints it."""
    settings = rank_settings(launcher, distributed)
    start = rank_command(launcher, distributed, ranks, settings, distributed.environment, arguments)
    handed_on = launcher is not RankLauncher.MPIRUN
    variables = [f"{name}={value}" for name, value in settings.items() if handed_on]
    return command([*(["env", *variables] if variables else []), *start])


def _mca(hosts: Sequence[Host], interface: str | None) -> list[str]:
    """Open MPI's parameters: quick to notice a lost host, and the interface between hosts."""
    parameters: dict[str, object] = {}
    if len(hosts) > 1:
        parameters |= _KEEPALIVE
    if interface:
        parameters |= dict.fromkeys(("oob_tcp_if_include", "btl_tcp_if_include"), interface)
    return [part for name, value in parameters.items() for part in ("--mca", name, str(value))]


def _exported(settings: Mapping[str, str], names: Sequence[str]) -> list[str]:
    variables = [*(f"{name}={value}" for name, value in settings.items()), *names]
    return [part for variable in variables for part in ("-x", variable)]
