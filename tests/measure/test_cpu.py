"""suite.measure.cpu: the processor as this process may use it."""

import os
from pathlib import Path

import pytest

from suite.measure.cpu import detect_cpu

CPUINFO = """\
processor\t: 0
model name\t: Imaginary CPU
flags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16 amx_tile

processor\t: 1
model name\t: Another
"""


def test_model_and_features_are_read(tmp_path: Path) -> None:
    """The instruction sets that matter have their names, and bfloat16 is known to be native."""
    path = tmp_path / "cpuinfo"
    path.write_text(CPUINFO)
    cpu = detect_cpu(cpuinfo=path)

    assert cpu.model == "Imaginary CPU"
    assert cpu.features == ("AVX2", "AVX-512F", "AVX-512 BF16", "AMX BF16")
    assert cpu.native_bfloat16


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "100000 100000"}, 1),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu.max": "99900000 100000"}, None),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
    ],
    ids=["v2 one", "v2 half", "v2 more than there are", "v2 none", "v1 one", "v1 none"],
)
def test_a_containers_quota_limits_the_cores(
    tmp_path: Path, files: dict[str, str], cores: int | None
) -> None:
    """A quota of one CPU is one core, however many the host has, in both versions of cgroups."""
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    assert detect_cpu(cgroup=tmp_path).cores == (cores or len(os.sched_getaffinity(0)))


def test_a_part_of_a_core_counts_as_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A quota of two and a half CPUs is three cores: the third is there, if not always."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    (tmp_path / "cpu.max").write_text("250000 100000")

    assert detect_cpu(cgroup=tmp_path).cores == 3


def test_a_system_without_these_files_is_described_all_the_same(tmp_path: Path) -> None:
    """Elsewhere than on Linux there is still a model, a core and some memory."""
    cpu = detect_cpu(cpuinfo=tmp_path / "no", cgroup=tmp_path / "no")

    assert cpu.model
    assert cpu.cores >= 1
    assert cpu.memory_bytes > 0
    assert cpu.features == ()
