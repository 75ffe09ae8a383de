"""The processor, its memory, and the instruction sets that matter to a convolution."""

import math
import os
import platform
from pathlib import Path

import psutil

from suite.core.device import Cpu

# Names for people -> flags in /proc/cpuinfo. AVX-512 BF16 and AMX BF16 decide whether bfloat16 is
# computed natively; oneDNN picks its kernels by the others.
_FEATURES = {
    "AVX2": "avx2",
    "AVX-512F": "avx512f",
    "AVX-512 VNNI": "avx512_vnni",
    "AVX-512 BF16": "avx512_bf16",
    "AVX-512 FP16": "avx512_fp16",
    "AMX BF16": "amx_bf16",
    "AMX INT8": "amx_int8",
}


def detect_cpu(cpuinfo: Path = Path("/proc/cpuinfo"), cgroup: Path = Path("/sys/fs/cgroup")) -> Cpu:
    """The CPU as this process may use it; both paths may be missing, as they are off Linux."""
    fields = _first_processor(cpuinfo)
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    return Cpu(
        model=fields.get("model name") or platform.processor() or platform.machine(),
        cores=_usable_cores(cgroup),
        physical_cores=psutil.cpu_count(logical=False),
        memory_bytes=psutil.virtual_memory().total,
        features=tuple(name for name, flag in _FEATURES.items() if flag in flags),
    )


def _first_processor(cpuinfo: Path) -> dict[str, str]:
    try:
        block = cpuinfo.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _usable_cores(cgroup: Path) -> int:
    """Logical cores by affinity, or fewer where the container has a smaller quota of CPU time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    quota = _quota_cores(cgroup)
    return cores if quota is None else min(cores, max(1, math.ceil(quota)))


def _quota_cores(cgroup: Path) -> float | None:
    """CPU seconds a second that cgroup v2, else v1, grants; None for no quota."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = " ".join((cgroup / name).read_text() for name in names).split()
            if int(quota) > 0:  # v1 writes -1 for no quota
                return int(quota) / int(period)
        except (OSError, ValueError):  # v2 writes "max" for no quota
            continue
    return None
