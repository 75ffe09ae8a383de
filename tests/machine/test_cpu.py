"""suite.machine.cpu and suite.machine.cgroups: the processor as this process may use it."""

import os
from pathlib import Path

import psutil
import pytest

from suite.machine.cgroups import cpuset_size, own_groups
from suite.machine.cpu import detect_cpu
from suite.model.device import Machine, device_label

CPUINFO = """\
processor\t: 0
model name\t: Imaginary CPU
flags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile

processor\t: 1
model name\t: Another
"""
V2 = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "".join(
    f"{number} 31 0:{number} {{top}} /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}\n"
    for number, name in enumerate(("cpu", "cpuset", "memory"))
)


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of eight cores, all of which this process may run on."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


def write(root: Path, own: str, mounts: str, files: dict[str, str]) -> None:
    """A root with control groups: which are this process's, where they are mounted, their files."""
    proc = {"proc/self/cgroup": own, "proc/self/mountinfo": mounts, "proc/cpuinfo": CPUINFO}
    groups = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in {**proc, **groups}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_model_and_features_are_read(tmp_path: Path) -> None:
    """The instruction sets that matter have their names, and bfloat16 is known to be native."""
    write(tmp_path, "", "", {})
    cpu = detect_cpu(tmp_path)

    assert cpu.model == "Imaginary CPU"
    assert cpu.features == ("AVX2", "AVX-512F", "AVX-512 BF16", "AMX BF16")
    assert cpu.native_bfloat16


JOB = "0::/user.slice/job.scope/step\n"
STEP = "user.slice/job.scope/step"


@pytest.mark.parametrize(
    ("own", "mounts", "files", "cores"),
    [
        ("0::/\n", V2, {"cpu.max": "100000 100000"}, 1),
        ("0::/\n", V2, {"cpu.max": "50000 100000"}, 0.5),
        ("0::/\n", V2, {"cpu.max": "max 100000"}, 8),
        ("0::/\n", V2, {"cpu.max": "99900000 100000"}, 8),
        (JOB, V2, {f"{STEP}/cpu.max": "150000 100000"}, 1.5),
        (JOB, V2, {"user.slice/cpu.max": "200000 100000", f"{STEP}/cpu.max": "max 100000"}, 2),
        (
            JOB,
            V2,
            {
                "user.slice/cpu.max": "400000 100000",
                "user.slice/job.scope/cpu.max": "50000 100000",
                f"{STEP}/cpu.max": "300000 100000",
            },
            0.5,
        ),
        ("0::/../elsewhere\n", V2, {"cpu.max": "300000 100000"}, 3),
        (
            "0::/docker/c/deep\n",
            V2.replace(" / /sys", " /docker/c /sys"),
            {"cpu.max": "100000 100000", "deep/cpu.max": "200000 100000"},
            1,
        ),
        (
            "4:cpu,cpuacct:/slurm/job\n0::/\n",
            V1.format(top="/"),
            {
                "cpu/slurm/cpu.cfs_quota_us": "250000",
                "cpu/slurm/cpu.cfs_period_us": "100000",
                "cpu/slurm/job/cpu.cfs_quota_us": "-1",
                "cpu/slurm/job/cpu.cfs_period_us": "100000",
            },
            2.5,
        ),
        (
            "4:cpu,cpuacct:/docker/c\n",
            V1.format(top="/docker/c"),
            {"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"},
            0.5,
        ),
        ("3:cpuset:/job\n", V1.format(top="/"), {"cpuset/job/cpuset.effective_cpus": "0,4-5"}, 3),
        (JOB, V2, {"user.slice/cpuset.cpus.effective": "0-1", f"{STEP}/cpu.max": "max 1"}, 2),
        ("0::/\n", V2, {"cpu.max": "100000 0", "cpuset.cpus.effective": ""}, 8),
        ("", "", {}, 8),
    ],
    ids=[
        "one", "half", "none", "more than there are", "own group", "a parent's",
        "smallest of three", "outside the container's namespace", "container", "v1 a parent's",
        "v1 container", "v1 cpuset", "cpuset", "unreadable", "no groups",
    ],
)  # fmt: skip
def test_the_smallest_limit_above_this_process_counts(
    tmp_path: Path, own: str, mounts: str, files: dict[str, str], cores: float
) -> None:
    """A quota of the own group or of any above it, and a cpuset, in both versions of cgroups."""
    write(tmp_path, own, mounts, files)

    assert detect_cpu(tmp_path).cores == cores


def test_a_part_of_a_core_is_told_as_such(tmp_path: Path) -> None:
    """Half a core is not called one, nor eight: the label beside every number has the fraction."""
    write(tmp_path, JOB, V2, {f"{STEP}/cpu.max": "50000 100000"})
    cpu = detect_cpu(tmp_path)

    assert (cpu.cores, cpu.allowed_cores) == (0.5, 8)
    assert device_label(Machine(gpus=(), cpu=cpu, nvml="")) == "Imaginary CPU (0.5 cores)"


@pytest.mark.parametrize(
    ("own", "mounts", "files"),
    [
        (JOB, V2, {"user.slice/memory.max": str(2**30), f"{STEP}/memory.max": "max"}),
        (
            "4:memory:/job/step\n",
            V1.format(top="/"),
            {
                "memory/job/memory.limit_in_bytes": str(2**30),
                "memory/job/step/memory.limit_in_bytes": "9223372036854771712",
            },
        ),
    ],
    ids=["v2", "v1"],
)
def test_memory_is_what_the_groups_leave(
    tmp_path: Path, own: str, mounts: str, files: dict[str, str]
) -> None:
    """What will not fit is judged by the limit; without one by the machine's memory."""
    write(tmp_path, own, mounts, files)

    assert detect_cpu(tmp_path).memory_bytes == 2**30
    assert detect_cpu(tmp_path / "none").memory_bytes == psutil.virtual_memory().total


def test_folders_with_a_space_are_found(tmp_path: Path) -> None:
    """The kernel writes a space of a mount's path in octal."""
    write(tmp_path, "0::/\n", V2.replace("/sys/fs/cgroup ", r"/sys/fs/cgroup/a\040b "), {})

    assert own_groups("cpu", tmp_path) == [tmp_path / "sys/fs/cgroup/a b"]


def test_the_real_groups_are_understood() -> None:
    """On Linux every folder that is named is there, and they leave this process a CPU."""
    folders = own_groups("cpu")

    assert folders or not Path("/proc/self/cgroup").exists()
    assert (cpuset_size() or 1) >= 1
    assert detect_cpu().cores > 0


def test_a_system_without_these_files_is_described_all_the_same(tmp_path: Path) -> None:
    """Elsewhere than on Linux there is still a model, a core and some memory."""
    cpu = detect_cpu(tmp_path / "no")

    assert cpu.model
    assert cpu.cores >= 1
    assert cpu.memory_bytes > 0
    assert cpu.features == ()


def test_a_model_that_is_no_text_is_a_label_all_the_same(tmp_path: Path) -> None:
    """Control characters and bytes that are no UTF-8 do not get into the label."""
    write(tmp_path, "", "", {})
    (tmp_path / "proc/cpuinfo").write_bytes(b"model name\t: CPU \xff\x1b[31m\n")

    assert detect_cpu(tmp_path).model == "CPU \ufffd\ufffd[31m"
