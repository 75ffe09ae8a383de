"""What makes numbers of a machine noisy or wrong outside its GPUs: CPUs, memory, clock."""

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from suite.machine.cgroups import cpu_quota
from suite.machine.checks import checked, cpus_in, line
from suite.model.device import Machine, core_count, printable
from suite.model.finding import Diagnosis, Finding, FindingKind, UncheckedError, merged
from suite.model.text import bench

_CPUS = "sys/devices/system/cpu"
_CLOCK = "sys/devices/system/clocksource/clocksource0"
# Without a system call, as tsc is: the counter of ARM, and those of virtual machines.
_ARM_CLOCK = "arch_sys_counter"
_VIRTUAL_CLOCKS = {"kvm-clock", "hyperv_clocksource_tsc_page"}
# What NVIDIA asks for its TensorFlow images (`--shm-size=1g`). NCCL exchanges through it.
_LEAST_SHARED_BYTES = 2**30
# A little is swapped out on any machine that has been up for days.
_LEAST_SWAPPED_SHARE = 0.01


def diagnose_host(machine: Machine, root: Path, allowed: frozenset[int]) -> Diagnosis:
    """Check CPUs, control groups, memory and clock source."""
    checks: dict[FindingKind, Callable[[], Iterable[Finding]]] = {
        FindingKind.GOVERNOR: partial(_governor, root, allowed),
        FindingKind.BOOST: partial(_boost, root),
        FindingKind.CPU_QUOTA: partial(_quota, root, allowed),
        FindingKind.ALLOWED_CPUS: partial(_allowed_cpus, root, allowed),
        FindingKind.SHARED_MEMORY: partial(_shared_memory, root, len(machine.gpus)),
        FindingKind.SWAP: partial(_swap, root),
        FindingKind.CLOCK_SOURCE: partial(_clock_source, root),
    }
    return merged(*(checked(kind, check) for kind, check in checks.items()))


def _governor(root: Path, allowed: frozenset[int]) -> Iterator[Finding]:
    """Those of the CPUs that this process may use."""
    names = Counter(
        printable(line(root / _CPUS / f"cpu{cpu}/cpufreq/scaling_governor"))
        for cpu in sorted(allowed)
    )
    others = [f"{name} on {count}" for name, count in names.items() if name != "performance"]
    if others:
        yield Finding(
            kind=FindingKind.GOVERNOR,
            evidence=f"{', '.join(others)} of {len(allowed)} CPUs, so their clock follows the load",
            remedy="sudo cpupower frequency-set -g performance",
        )


def _boost(root: Path) -> Iterator[Finding]:
    intel, others = root / _CPUS / "intel_pstate/no_turbo", root / _CPUS / "cpufreq/boost"
    file, on, off = (intel, "0", "1") if intel.exists() else (others, "1", "0")
    if line(file) == on:
        yield Finding(
            kind=FindingKind.BOOST,
            evidence="on, so the clock of a CPU follows heat and the load of the others",
            remedy=f"echo {off} | sudo tee /{file.relative_to(root)}",
            is_note=True,
        )


def _quota(root: Path, allowed: frozenset[int]) -> Iterator[Finding]:
    line(root / "proc/self/cgroup")  # without it no limit is known
    quota = cpu_quota(root)
    if quota is not None and quota < len(allowed):
        yield Finding(
            kind=FindingKind.CPU_QUOTA,
            evidence=f"a quota of {core_count(quota)} CPUs for threads on {len(allowed)} CPUs; all"
            " of them stop in the middle of a step when it is used up",
            remedy=f"give the container whole CPUs in place of a quota: docker run"
            f" --cpuset-cpus=0-{max(int(quota), 1) - 1}, without --cpus",
        )


def _allowed_cpus(root: Path, allowed: frozenset[int]) -> Iterator[Finding]:
    """Fewer CPUs than there are make slower numbers, not noisier ones."""
    online = cpus_in(root / _CPUS / "online")
    if len(allowed) < len(online):
        yield Finding(
            kind=FindingKind.ALLOWED_CPUS,
            evidence=f"this process may use {len(allowed)} of the {len(online)} CPUs, by a cpuset"
            " or its affinity",
            remedy=f"taskset -c 0-{len(online) - 1} {bench('run', 'MATRIX')}, if the container or"
            " the job allows it",
            is_note=True,
        )


def _shared_memory(root: Path, gpus: int) -> Iterator[Finding]:
    """Only ranks need it, so it is a note for a machine that has one GPU at most."""
    free = shutil.disk_usage(root / "dev/shm").free
    if free < _LEAST_SHARED_BYTES:
        yield Finding(
            kind=FindingKind.SHARED_MEMORY,
            evidence=f"{_mebibytes(free)} free in /dev/shm, through which the ranks of several GPUs"
            f" exchange gradients; NVIDIA asks for {_mebibytes(_LEAST_SHARED_BYTES)}",
            remedy="sudo mount -o remount,size=1g /dev/shm; for a container, docker run"
            " --shm-size=1g",
            is_note=gpus <= 1,
        )


def _swap(root: Path) -> Iterator[Finding]:
    text = (root / "proc/meminfo").read_text(errors="replace")
    sizes = {
        name: int(kibibytes) * 1024
        for name, kibibytes in re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)
    }
    try:
        used, memory = sizes["SwapTotal"] - sizes["SwapFree"], sizes["MemTotal"]
    except KeyError as error:
        raise UncheckedError(f"/proc/meminfo has no {error.args[0]}") from None
    if used > _LEAST_SWAPPED_SHARE * memory:
        yield Finding(
            kind=FindingKind.SWAP,
            evidence=f"{_mebibytes(used)} swapped out, beside {_mebibytes(memory)} of memory; steps"
            " may wait for the disk",
            remedy="end what fills the memory, then: sudo swapoff -a && sudo swapon -a",
        )


def _clock_source(root: Path) -> Iterator[Finding]:
    """A slow one makes every reading of the time a system call."""
    name = printable(line(root / _CLOCK / "current_clocksource"))
    if name in {"tsc", _ARM_CLOCK}:
        return
    offered = line(root / _CLOCK / "available_clocksource").split()
    yield Finding(
        kind=FindingKind.CLOCK_SOURCE,
        evidence=f"{name} in place of tsc"
        + (", as usual in a virtual machine" if name in _VIRTUAL_CLOCKS else "")
        + ("" if "tsc" in offered else "; the kernel does not offer tsc"),
        remedy=f"echo tsc | sudo tee /{_CLOCK}/current_clocksource"
        if "tsc" in offered
        else "sudo dmesg | grep -i tsc (why the kernel does not trust it)",
        is_note=name in _VIRTUAL_CLOCKS,
    )


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.0f} MiB"
