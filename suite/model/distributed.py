"""How a cell of several GPUs becomes ranks: what starts them, where, and with what settings."""

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from suite.model.bounds import Bounds
from suite.model.cell import GPUS

# Ranks per host: as many as the largest machines have cores.
SLOTS = Bounds(1, 1024)
# A cell has no more ranks than this, so further hosts would get none.
MOST_HOSTS = int(GPUS.highest)
# Horovod's own defaults are 128 MiB and 1 ms.
FUSION_MIB = Bounds(0, 65_536)
CYCLE_MS = Bounds(0.001, 60_000)


class RankLauncher(str, Enum):
    """The program that starts the ranks of a launch."""

    MPIRUN = "mpirun"
    HOROVODRUN = "horovodrun"
    SRUN = "srun"


class BindTo(str, Enum):
    """What a rank's threads are bound to; the published runs bound to the socket."""

    SOCKET = "socket"
    NUMA = "numa"
    CORE = "core"
    NONE = "none"


class Compression(str, Enum):
    """The type in which ranks exchange gradients; NONE keeps float32."""

    NONE = "none"
    FP16 = "fp16"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of a launch and how many ranks it takes."""

    name: str
    slots: int

    def __str__(self) -> str:
        return f"{self.name}:{self.slots}"


_THIS_MACHINE = {"localhost", "127.0.0.1"}
# The domain name system has names of up to 253 characters.
_HOST = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,252})(?::(?P<slots>[0-9]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distributed:
    """A matrix's settings for ranks; they apply to cells of several GPUs only.

    `launcher` None means srun inside a Slurm allocation, else mpirun, else horovodrun. Without
    `hosts` all ranks run on this machine. `interface` is the network interface between hosts.
    `environment` names variables that are passed on to every rank. `fusion_mib` and `cycle_ms` are
    the size of Horovod's fusion buffer and its cycle time; None keeps Horovod's defaults.
    """

    launcher: RankLauncher | None = None
    hosts: tuple[Host, ...] = ()
    bind_to: BindTo = BindTo.SOCKET
    interface: str | None = None
    environment: tuple[str, ...] = ()
    compression: Compression = Compression.NONE
    fusion_mib: float | None = None
    cycle_ms: float | None = None

    @property
    def slots(self) -> int | None:
        """Ranks that all hosts take together; None if no host is named."""
        return sum(host.slots for host in self.hosts) if self.hosts else None

    @property
    def is_remote(self) -> bool:
        """Whether any host may be a machine other than this one."""
        return any(host.name not in _THIS_MACHINE for host in self.hosts)

    def used_hosts(self, ranks: int) -> tuple[Host, ...]:
        """The hosts that this many ranks need, in order, each with the ranks that it gets."""
        used = []
        for host in self.hosts:
            taken = min(host.slots, ranks)
            ranks -= taken
            used += [Host(host.name, taken)] if taken else []
        return tuple(used)


@dataclass(frozen=True, slots=True)
class Rank:
    """Which of the processes of a launch this one is: of all, and of those on its host."""

    index: int
    size: int
    local_index: int
    local_size: int


# A launch of one process.
ONLY_RANK = Rank(0, 1, 0, 1)

# Variables that each launcher sets for a rank: its index, the number of ranks, and both again for
# its host. Slurm sets the second only in steps that srun starts, not in the batch script around
# them; its last one is a list for all hosts.
_VARIABLES: Mapping[RankLauncher, tuple[str, str, str, str]] = {
    RankLauncher.MPIRUN: (
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_SIZE",
        "OMPI_COMM_WORLD_LOCAL_RANK",
        "OMPI_COMM_WORLD_LOCAL_SIZE",
    ),
    RankLauncher.HOROVODRUN: (
        "HOROVOD_RANK",
        "HOROVOD_SIZE",
        "HOROVOD_LOCAL_RANK",
        "HOROVOD_LOCAL_SIZE",
    ),
    RankLauncher.SRUN: (
        "SLURM_PROCID",
        "SLURM_STEP_NUM_TASKS",
        "SLURM_LOCALID",
        "SLURM_STEP_TASKS_PER_NODE",
    ),
}


# The number of processes as any launcher sets it, those above included: a rank of an unknown
# launcher is still one of several. PMI_SIZE is set by Hydra (MPICH, Intel MPI), Slurm and Cray's
# PALS; the others are of MVAPICH2, Hydra on one host, IBM's jsrun, Flux and torchrun.
_SIZES = (
    *(names[1] for names in _VARIABLES.values()),
    "PMI_SIZE",
    "MV2_COMM_WORLD_SIZE",
    "MPI_LOCALNRANKS",
    "JSM_NAMESPACE_SIZE",
    "FLUX_JOB_SIZE",
    "LOCAL_WORLD_SIZE",
)
# The index of a process, for launchers that may not give the number of processes.
_INDICES = ("PMI_RANK", "PMIX_RANK", "PALS_RANKID", "ALPS_APP_PE")


def rank_of(environment: Mapping[str, str]) -> Rank:
    """Which rank a process with this environment is; the only one if no launcher started it.

    See `unknown_launcher` for launchers that are not supported.
    """
    for launcher, names in _VARIABLES.items():
        values = [environment.get(name, "") for name in names]
        if launcher is RankLauncher.SRUN:
            values[-1] = _at_node(values[-1], environment.get("SLURM_NODEID", ""))
        if all(value.isdecimal() for value in values):
            return Rank(*(int(value) for value in values))
    return ONLY_RANK


def unknown_launcher(environment: Mapping[str, str]) -> str | None:
    """The variable, such as `PMI_SIZE=4`, that shows several processes of an unknown launcher.

    None if there is no such variable, or `rank_of` knows which of several ranks this is.
    """
    if rank_of(environment).size > 1:
        return None
    fewest = [*((name, 2) for name in _SIZES), *((name, 1) for name in _INDICES)]
    for name, several in fewest:
        value = environment.get(name, "")
        if value.isdecimal() and int(value) >= several:
            return f"{name}={value}"
    return None


def _at_node(counts: str, node: str) -> str:
    """One node's count in Slurm's `2(x3),1`: two on each of three nodes, one on the fourth."""
    parts = re.findall(r"(\d+)(?:\(x(\d+)\))?", counts)
    each = [count for count, times in parts for _ in range(int(times or 1))]
    return each[int(node)] if node.isdecimal() and int(node) < len(each) else ""


def rank_settings(launcher: RankLauncher, distributed: Distributed) -> dict[str, str]:
    """A matrix's settings for ranks, as variables of Horovod, NCCL, Open MPI and Slurm."""
    settings = {}
    if distributed.fusion_mib is not None:
        settings["HOROVOD_FUSION_THRESHOLD"] = str(round(distributed.fusion_mib * 2**20))
    if distributed.cycle_ms is not None:
        settings["HOROVOD_CYCLE_TIME"] = f"{distributed.cycle_ms:g}"
    if distributed.interface:
        settings["NCCL_SOCKET_IFNAME"] = distributed.interface
        if launcher is RankLauncher.SRUN:  # the others have a flag for it
            settings["OMPI_MCA_btl_tcp_if_include"] = distributed.interface
    if launcher is RankLauncher.SRUN:
        # Otherwise, if srun started the run itself, its steps would wait for the run to end.
        settings["SLURM_OVERLAP"] = "1"
    # A variable that the user passes on under the same name takes precedence.
    return {k: v for k, v in settings.items() if k not in distributed.environment}


def parse_host(text: str) -> Host:
    """`name:slots`; slots default to 1.

    Raises:
        ValueError: it is not of that form, or its slots are out of bounds.
    """
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(f"{reprlib.repr(text)} is not a host such as node1:8")
    try:
        return Host(found["name"], SLOTS.whole(found["slots"] or "1"))
    except ValueError as error:
        raise ValueError(f"slots of host {found['name']}: {error}") from None


def add_host(hosts: dict[str, Host], host: Host) -> None:
    """Add a host to those before it, by its name.

    Raises:
        ValueError: it is already there, or there are too many.
    """
    if host.name in hosts:
        raise ValueError(f"host {host.name} is named twice; give it once, with all its slots")
    if len(hosts) == MOST_HOSTS:
        raise ValueError(f"more than {MOST_HOSTS} hosts; remove those that get no rank")
    hosts[host.name] = host
