"""suite.machine.host_checks: each fault of CPUs, memory and clock, with its numbers and remedy."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_board import T4, WITHOUT_GPU, write

from suite.machine.doctor import examine
from suite.machine.host_checks import diagnose_host
from suite.model.device import Machine
from suite.model.finding import Finding, FindingKind

CPUS = "sys/devices/system/cpu"
CLOCK = "sys/devices/system/clocksource/clocksource0"


def only(root: Path) -> Finding:
    """What the machine without a GPU has, which is one finding or note."""
    (found,) = examine(WITHOUT_GPU, root, range(4)).found
    return found


@pytest.mark.parametrize(
    ("kind", "files", "evidence", "remedy"),
    [
        (
            FindingKind.GOVERNOR,
            {f"{CPUS}/cpu{n}/cpufreq/scaling_governor": "powersave\n" for n in (0, 2, 3)},
            "powersave on 3 of 4 CPUs",
            "sudo cpupower frequency-set -g performance",
        ),
        (
            FindingKind.CPU_QUOTA,
            {"groups/mine/cpu.max": "150000 100000\n"},
            "a quota of 1.5 CPUs for threads on 4 CPUs",
            "docker run --cpuset-cpus=0-0, without --cpus",
        ),
        (
            FindingKind.SWAP,
            {"proc/meminfo": "MemTotal: 1024000 kB\nSwapTotal: 512000 kB\nSwapFree: 501759 kB\n"},
            "10 MiB swapped out, beside 1000 MiB of memory",
            "sudo swapoff -a && sudo swapon -a",
        ),
        (
            FindingKind.CLOCK_SOURCE,
            {f"{CLOCK}/current_clocksource": "hpet\n"},
            "hpet in place of tsc",
            "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource",
        ),
        (
            FindingKind.CLOCK_SOURCE,
            {
                f"{CLOCK}/current_clocksource": "acpi_pm\n",
                f"{CLOCK}/available_clocksource": "acpi_pm \n",
            },
            "acpi_pm in place of tsc; the kernel does not offer tsc",
            "sudo dmesg | grep -i tsc",
        ),
    ],
)
def test_a_fault_is_a_finding(
    root: Path, kind: FindingKind, files: dict[str, str], evidence: str, remedy: str
) -> None:
    """It has the numbers that were read, and what to do."""
    write(root, files)
    found = only(root)

    assert (found.kind, found.is_note) == (kind, False)
    assert evidence in found.evidence
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("kind", "files", "evidence", "remedy"),
    [
        (
            FindingKind.BOOST,
            {f"{CPUS}/cpufreq/boost": "1\n"},
            "on, so",
            "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
        ),
        (
            FindingKind.BOOST,
            {f"{CPUS}/intel_pstate/no_turbo": "0\n"},
            "on, so",
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo",
        ),
        (
            FindingKind.ALLOWED_CPUS,
            {f"{CPUS}/online": "0-7\n"},
            "4 of the 8 CPUs",
            "taskset -c 0-7 python bench.py run MATRIX",
        ),
        (
            FindingKind.CLOCK_SOURCE,
            {f"{CLOCK}/current_clocksource": "kvm-clock\n"},
            "kvm-clock in place of tsc, as usual in a virtual machine",
            "echo tsc | sudo tee",
        ),
    ],
)
def test_what_is_no_fault_by_itself_is_a_note(
    root: Path, kind: FindingKind, files: dict[str, str], evidence: str, remedy: str
) -> None:
    """It is said all the same."""
    write(root, files)
    found = only(root)

    assert (found.kind, found.is_note) == (kind, True)
    assert evidence in found.evidence
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        (FindingKind.BOOST, {f"{CPUS}/intel_pstate/no_turbo": "1\n", f"{CPUS}/cpufreq/boost": "1"}),
        (FindingKind.CPU_QUOTA, {"groups/mine/cpu.max": "400000 100000\n"}),
        (FindingKind.CLOCK_SOURCE, {f"{CLOCK}/current_clocksource": "arch_sys_counter\n"}),
        (
            FindingKind.SWAP,
            {"proc/meminfo": "MemTotal: 1024000 kB\nSwapTotal: 512000 kB\nSwapFree: 501760 kB\n"},
        ),
        (
            FindingKind.SWAP,
            {"proc/meminfo": "MemTotal: 1024000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"},
        ),
    ],
)
def test_what_costs_nothing_is_clean(root: Path, kind: FindingKind, files: dict[str, str]) -> None:
    """A quota that leaves every CPU, the clock of ARM, no swap or a hundredth of the memory."""
    write(root, files)

    assert kind in examine(WITHOUT_GPU, root, range(4)).clean


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        (FindingKind.GOVERNOR, {f"{CPUS}/cpu3/cpufreq/scaling_governor": ""}),
        (FindingKind.ALLOWED_CPUS, {f"{CPUS}/online": "all\n"}),
        (FindingKind.SWAP, {"proc/meminfo": "MemTotal: 1024000 kB\n"}),
        (FindingKind.CPU_QUOTA, {"proc/self/cgroup": ""}),
    ],
)
def test_what_says_nothing_is_unchecked(
    root: Path, kind: FindingKind, files: dict[str, str]
) -> None:
    """A file that holds something else is no good news."""
    write(root, files)
    found = examine(WITHOUT_GPU, root, range(4))

    assert [each.kind for each in found.unchecked] == [kind]
    assert kind not in found.clean


@pytest.mark.parametrize("gpus", [0, 1, 2])
def test_little_shared_memory_is_a_fault_where_ranks_need_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, gpus: int
) -> None:
    """A container has 64 MiB unless it asks for more; one GPU needs none of it."""
    asked: list[Path] = []

    def usage(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=64 * 2**20)

    monkeypatch.setattr("shutil.disk_usage", usage)
    machine = Machine(gpus=(T4,) * gpus, cpu=WITHOUT_GPU.cpu, nvml="")
    (found,) = diagnose_host(machine, root, frozenset(range(4))).found

    assert asked == [root / "dev/shm"]
    assert (found.kind, found.is_note) == (FindingKind.SHARED_MEMORY, gpus < 2)
    assert "64 MiB free in /dev/shm" in found.evidence
    assert found.evidence.endswith("NVIDIA asks for 1024 MiB")
    assert "docker run --shm-size=1g" in found.remedy
