"""The processor, its memory, and the instruction sets that matter to a convolution."""

import os
import platform
from pathlib import Path

import psutil

from suite.machine.cgroups import cpu_quota, cpuset_size, memory_limit_bytes
from suite.model.device import Cpu, printable

# Displayed names -> flags in /proc/cpuinfo. AVX-512 BF16 and AMX BF16 decide whether bfloat16 is
# computed natively; oneDNN chooses its kernels by the others.
_FEATURES = {
    "AVX2": "avx2",
    "AVX-512F": "avx512f",
    "AVX-512 VNNI": "avx512_vnni",
    "AVX-512 BF16": "avx512_bf16",
    "AVX-512 FP16": "avx512_fp16",
    "AMX BF16": "amx_bf16",
    "AMX INT8": "amx_int8",
}


def detect_cpu(root: Path = Path("/")) -> Cpu:
    """The CPU as this process may use it; without /proc (not Linux) less is known."""
    fields = _first_processor(root / "proc/cpuinfo")
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    allowed = _allowed_cores(root)
    quota = cpu_quota(root)
    memory, limit = psutil.virtual_memory().total, memory_limit_bytes(root)
    return Cpu(
        model=printable(fields.get("model name") or platform.processor() or platform.machine()),
        cores=allowed if quota is None or quota >= allowed else quota,
        allowed_cores=allowed,
        physical_cores=psutil.cpu_count(logical=False),
        memory_bytes=memory if limit is None else min(memory, limit),
        features=tuple(name for name, flag in _FEATURES.items() if flag in flags),
    )


def _first_processor(cpuinfo: Path) -> dict[str, str]:
    try:
        block = cpuinfo.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in block.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _allowed_cores(root: Path) -> int:
    """Logical cores that this process may run on: its affinity, or a smaller cpuset."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, cpuset_size(root) or cores or 1)
