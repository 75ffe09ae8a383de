"""How often the system has killed a process because memory ran out."""

from pathlib import Path

from suite.machine.cgroups import own_groups


def oom_kills(root: Path = Path("/")) -> int | None:
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
