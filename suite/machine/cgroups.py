"""The control groups (cgroups of version 1 and 2) of this process: limits and out-of-memory kills.

A limit holds for every group below the one that has it, so the smallest limit from the
process's own group up to the root counts. A container, a systemd scope and a Slurm step each add
a level. Off Linux none of the files exists and nothing is limited.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar

Limit = TypeVar("Limit", int, float)

_ROOT = Path("/")
# /proc/self/mountinfo writes a space in a path as \040.
_ESCAPED = re.compile(r"\\(\d{3})")


def own_groups(controller: str, root: Path = _ROOT) -> list[Path]:
    """The folders of this process's group and of those above it, its own first.

    `controller` is `cpu`, `cpuset` or `memory`. Folders of version 2 are listed whatever they
    control. Groups above a container's own are not mounted in it and are not listed.
    """
    own = {
        name: path
        for _, names, path in (line.split(":", 2) for line in _lines(root / "proc/self/cgroup"))
        for name in names.split(",")
    }
    found = []
    for hierarchy, top, folder in _mounts(controller, root):
        try:
            inside = PurePosixPath(own[hierarchy]).relative_to(top)
        except (KeyError, ValueError):
            inside = PurePosixPath()
        if ".." in inside.parts:  # outside the namespace of this container
            inside = PurePosixPath()
        found += [folder / level for level in (inside, *inside.parents)]
    return list(dict.fromkeys(found))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Processor seconds per second that this process may use; None for no quota."""
    return _smallest("cpu", _quota, root)


def cpuset_size(root: Path = _ROOT) -> int | None:
    """How many CPUs this process's cpusets leave it; None where there are none."""
    return _smallest("cpuset", _cpus, root)


def memory_limit_bytes(root: Path = _ROOT) -> int | None:
    """Memory that this process's groups may hold; None for no limit."""
    return _smallest("memory", _memory, root)


def oom_kills(root: Path = _ROOT) -> int | None:
    """Kills so far in this process's control group, else on the whole machine; None if unknown.

    A child is in its parent's group, so a count that grew when a child was killed includes it.
    """
    counts_of_groups = [
        folder / name
        for folder in own_groups("memory", root)
        for name in ("memory.events", "memory.oom_control")
    ]
    for file in [*counts_of_groups, root / "proc/vmstat"]:
        try:
            counts = dict(line.split() for line in file.read_text().splitlines())
            return int(counts["oom_kill"])
        except (OSError, ValueError, KeyError):
            continue
    return None


def cpu_list(text: str) -> frozenset[int] | None:
    """The CPUs of a list such as `0-3,8`; None if it is no such list."""
    ranges = [re.fullmatch(r"(\d+)(?:-(\d+))?", part) for part in text.split(",")]
    if not all(ranges):
        return None
    return frozenset(cpu for r in ranges if r for cpu in range(int(r[1]), int(r[2] or r[1]) + 1))


def _mounts(controller: str, root: Path) -> Iterator[tuple[str, str, Path]]:
    """Where a controller's hierarchy may be: its name in /proc/self/cgroup, top group and folder.

    The hierarchy of version 2 has no name.
    """
    for line in _lines(root / "proc/self/mountinfo"):
        mounted, _, kind = line.partition(" - ")
        top, folder = (
            _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text) for text in mounted.split()[3:5]
        )
        system, *_, options = kind.split()
        if system == "cgroup2":
            yield "", top, root / folder.lstrip("/")
        elif system == "cgroup" and controller in options.split(","):
            yield controller, top, root / folder.lstrip("/")


def _smallest(
    controller: str, limit_of: Callable[[Path], Limit | None], root: Path
) -> Limit | None:
    limits = [limit_of(folder) for folder in own_groups(controller, root)]
    return min((limit for limit in limits if limit is not None), default=None)


def _quota(folder: Path) -> float | None:
    """`cpu.max` is `max 100000` without a quota; version 1 writes -1."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        numbers = " ".join(line for name in names for line in _lines(folder / name)).split()
        if len(numbers) == 2 and all(n.isdecimal() for n in numbers) and int(numbers[1]):
            return int(numbers[0]) / int(numbers[1])
    return None


def _cpus(folder: Path) -> int | None:
    for name in ("cpuset.cpus.effective", "cpuset.effective_cpus"):
        for line in _lines(folder / name):
            cpus = cpu_list(line)
            if cpus is not None:
                return len(cpus)
    return None


def _memory(folder: Path) -> int | None:
    """`max` means no limit, for which version 1 has a number beyond any machine's memory."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        for line in _lines(folder / name):
            if line.isdecimal():
                return int(line)
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
