"""The four systems of the published page, and which of them a detected GPU corresponds to."""

import re
from dataclasses import dataclass
from functools import lru_cache

# Part of the names of files, which end at 255 bytes.
_LONGEST_TYPE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A published system. `nvml_name` is its GPU's NVML product name less any vendor prefix."""

    key: str
    title: str
    gpu: str
    gpu_memory_gb: int
    gpus: int
    nvml_name: str

    @property
    def one_gpu_title(self) -> str:
        """The title of its inference tables, which use one of its GPUs."""
        return self.title.replace(f"({self.gpus}x", "(1x")


# Titles, GPUs and memory as on the published page; product names as NVML reports them for the
# boards those systems carry (DGX-1: SXM2, DGX-2: SXM3, DGX A100: SXM4).
SYSTEMS = (
    System(
        key="dgxa100",
        title="NVIDIA DGX A100 (8x A100 40GB)",
        gpu="A100",
        gpu_memory_gb=40,
        gpus=8,
        nvml_name="A100-SXM4-40GB",
    ),
    System(
        key="dgx1",
        title="NVIDIA DGX-1 (8x V100 16G)",
        gpu="V100",
        gpu_memory_gb=16,
        gpus=8,
        nvml_name="V100-SXM2-16GB",
    ),
    System(
        key="dgx2",
        title="NVIDIA DGX-2 (16x V100 32G)",
        gpu="V100",
        gpu_memory_gb=32,
        gpus=16,
        nvml_name="V100-SXM3-32GB",
    ),
    System(
        key="t4",
        title="NVIDIA T4 (1x T4 16G)",
        gpu="T4",
        gpu_memory_gb=16,
        gpus=1,
        nvml_name="T4",
    ),
)


def bare_gpu_name(nvml_name: str) -> str:
    """A product name without the prefixes that drivers add or drop: `Tesla T4` -> `T4`."""
    return nvml_name.removeprefix("NVIDIA ").removeprefix("Tesla ").strip()


def is_product_name(text: str) -> bool:
    """Whether a text may be a product name as NVML gives it."""
    return text.startswith(("NVIDIA ", "Tesla ")) and bool(_slug(bare_gpu_name(text)))


def system_of_gpu(nvml_name: str) -> System | None:
    """The published system with exactly this GPU (form factor and memory), or None."""
    bare = bare_gpu_name(nvml_name)
    return next((system for system in SYSTEMS if system.nvml_name == bare), None)


@lru_cache
def gpu_type(name: str) -> str:
    """The type of GPU that a text names, as cells hold it: lower case and file-safe.

    That is the key of the published system with this GPU, else the product name: `Tesla T4` and
    `t4` -> `t4`, `Tesla V100-SXM2-16GB` -> `dgx1`, `NVIDIA H200` and `h200` -> `h200`. A type stays
    what it is, and a text without letters and digits names none: "".
    """
    found = _slug(bare_gpu_name(name))
    named = (system.key for system in SYSTEMS if _slug(system.nvml_name) == found)
    return next(named, found)


def is_gpu_type(text: str) -> bool:
    """Whether a text is a type of GPU as cells hold it, and so may be part of a file's name."""
    return bool(text) and gpu_type(text) == text


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_TYPE].rstrip("-")


def system_by_key(key: str) -> System | None:
    """The published system with this key (`t4`, `dgx1`, ...), or None."""
    return next((system for system in SYSTEMS if system.key == key), None)
