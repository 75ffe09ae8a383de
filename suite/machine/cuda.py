"""CUDA as this process has it: the GPUs that it sees, their numbers, and the libraries loaded."""

import ctypes
import re
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from suite.model.device import Gpu

_OWN_MAPS = Path("/proc/self/maps")
_LOADED = re.compile(r"(/.*/lib(cudart|cublas|cudnn|nccl)\.so[.\d]*)$", re.MULTILINE)


def visible_gpus(gpus: list[Gpu], setting: str | None) -> list[Gpu]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves, in its order.

    As CUDA reads it: entries are indices or UUID prefixes, and the first that names no GPU hides
    itself and all after it. A GPU named twice counts once, and its repetition ends the list too.
    CUDA numbers the boards that this process may open, NVML all boards.
    """
    if setting is None:
        return gpus
    boards = list(dict.fromkeys(gpu.index for gpu in gpus))
    chosen: list[Gpu] = []
    for entry in (part.strip() for part in setting.split(",")):
        named = (gpu for gpu in gpus if _is_named(gpu, boards.index(gpu.index), entry))
        gpu = next(named, None)
        if gpu is None or gpu in chosen:
            break
        chosen.append(gpu)
    return chosen


def enumerated_gpus(visible: list[Gpu]) -> tuple[Gpu, ...]:
    """The visible GPUs that a CUDA process can use: where there are MIG devices, the first alone.

    NVIDIA's MIG User Guide, "CUDA Device Enumeration": CUDA enumerates a single compute instance,
    and no GPU outside MIG beside one.
    """
    first = next((gpu for gpu in visible if gpu.mig), None)
    return tuple(visible) if first is None else (first,)


def _is_named(gpu: Gpu, number: int, entry: str) -> bool:
    if entry.isdecimal():
        return number == int(entry)
    return bool(entry.startswith(("GPU-", "MIG-")) and gpu.uuid and gpu.uuid.startswith(entry))


def cuda_uuid(number: int) -> str | None:
    """The UUID of the GPU with this number in CUDA, without NVML's prefix GPU- or MIG-.

    The number is the framework's: that of this process, after CUDA_VISIBLE_DEVICES. None where the
    driver does not report it; drivers do since CUDA 11.4. Starts CUDA unless the framework has.
    """
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        uuid_of = cuda.cuDeviceGetUuid_v2
    except (OSError, AttributeError):
        return None
    device, octets = ctypes.c_int(), (ctypes.c_ubyte * 16)()
    failed = (
        cuda.cuInit(0)
        or cuda.cuDeviceGet(ctypes.byref(device), number)
        or uuid_of(ctypes.byref(octets), device)
    )
    return None if failed else str(uuid.UUID(bytes=bytes(octets)))


def loaded_libraries(maps: Path = _OWN_MAPS) -> tuple[str, ...]:
    """NVIDIA's libraries in this process with the versions that they state: `cudnn 9.19.0`.

    An environment may hold several versions of each, or a framework bring its own, so that what is
    installed need not be what computes.
    """
    mapped = dict.fromkeys(_LOADED.findall(maps.read_text()))
    return tuple(sorted(_stated_versions(mapped)))


def _stated_versions(mapped: Iterable[tuple[str, str]]) -> Iterator[str]:
    for path, name in mapped:
        try:
            yield f"{name} {_VERSIONS[name](ctypes.CDLL(path))}"
        except (OSError, AttributeError):
            continue


def _cudart_version(library: ctypes.CDLL) -> str:
    """1000 major + 10 minor, by `cudaRuntimeGetVersion`."""
    number = ctypes.c_int()
    library.cudaRuntimeGetVersion(ctypes.byref(number))
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def _cublas_version(library: ctypes.CDLL) -> str:
    """By `cublasGetProperty`, whose properties 0, 1 and 2 are major, minor and patch level."""
    numbers = [ctypes.c_int() for _ in range(3)]
    for which, number in enumerate(numbers):
        library.cublasGetProperty(which, ctypes.byref(number))
    return ".".join(str(number.value) for number in numbers)


def _cudnn_version(library: ctypes.CDLL) -> str:
    """10000 major + 100 minor + patch level since cuDNN 9, by `cudnnGetVersion`."""
    library.cudnnGetVersion.restype = ctypes.c_size_t
    number = library.cudnnGetVersion()
    return f"{number // 10000}.{number % 10000 // 100}.{number % 100}"


def _nccl_version(library: ctypes.CDLL) -> str:
    """10000 major + 100 minor + patch level since NCCL 2.9, by `ncclGetVersion`."""
    number = ctypes.c_int()
    library.ncclGetVersion(ctypes.byref(number))
    return f"{number.value // 10000}.{number.value % 10000 // 100}.{number.value % 100}"


_VERSIONS = {
    "cudart": _cudart_version,
    "cublas": _cublas_version,
    "cudnn": _cudnn_version,
    "nccl": _nccl_version,
}
