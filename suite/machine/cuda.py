"""Which of NVML's GPUs CUDA gives to this process, and how it numbers them."""

import ctypes
import uuid

from suite.model.device import Gpu


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
