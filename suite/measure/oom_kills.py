"""How often the system has ended a process because memory ran out."""

from pathlib import Path


def oom_kills(
    own_groups: Path = Path("/proc/self/cgroup"),
    groups: Path = Path("/sys/fs/cgroup"),
    machine: Path = Path("/proc/vmstat"),
) -> int | None:
    """Kills so far in this process's control group, else on the whole machine; None if unknown.

    Children are in the group of their parent, so a count that grew while one was killed is about
    it. In a container the group may show as the root of the file system of groups.
    """
    for file in [*_own_counts(own_groups, groups), machine]:
        try:
            counts = dict(line.split() for line in file.read_text().splitlines())
            return int(counts["oom_kill"])
        except (OSError, ValueError, KeyError):
            continue
    return None


def _own_counts(own_groups: Path, groups: Path) -> list[Path]:
    """Where control groups, version 2 and then 1, may count for this process."""
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:
        return []
    found = []
    for _, controllers, path in (line.split(":", 2) for line in sorted(lines)):
        inside = path.lstrip("/")
        if not controllers:
            found += [groups / inside / "memory.events", groups / "memory.events"]
        elif "memory" in controllers.split(","):
            memory = groups / "memory"
            found += [memory / inside / "memory.oom_control", memory / "memory.oom_control"]
    return found
