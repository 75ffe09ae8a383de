"""What a machine is, which published system it corresponds to, and which cells it cannot run."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from suite.model.cell import Cell, Data, KernelName, Precision
from suite.model.distributed import Distributed
from suite.model.facts import Facts
from suite.model.matrix import Matrix
from suite.model.systems import (
    SYSTEMS,
    System,
    bare_gpu_name,
    gpu_type,
    is_product_name,
    system_by_key,
    system_of_gpu,
)

# TF32 came with compute capability 8.0 (the NVIDIA Ampere architecture).
TF32_CAPABILITY = (8, 0)
# Instruction sets that compute bfloat16, as `Cpu.features` names them.
BFLOAT16_FEATURES = ("AVX-512 BF16", "AMX BF16")
# A file name ends at 255 bytes, and a run directory has the name of its matrix as well.
_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuProcess:
    """A foreign process on a GPU; name and memory are None where they cannot be read."""

    pid: int
    name: str | None
    memory_bytes: int | None

    @property
    def phrase(self) -> str:
        """`python (process 4711, 2.0 GiB)`, as far as it is known."""
        memory = f", {self.memory_bytes / 2**30:.1f} GiB" if self.memory_bytes else ""
        return f"{self.name or 'a process'} (process {self.pid}{memory})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU, or MIG device, as NVML describes it; what the driver does not report is None.

    `power_limit_watts` is None for a MIG device, which shares its board's. `processes` are those
    that compute on it and, if the driver reports them, those that draw; None if unknown.
    `locked_clock_mhz` is the graphics clock at which a run holds it; None where it does not, which
    says nothing of a lock that somebody else has set: no driver reports it.
    """

    index: int
    name: str
    uuid: str | None = None
    memory_bytes: int | None = None
    form_factor: str | None = None
    compute_capability: tuple[int, int] | None = None
    power_limit_watts: float | None = None
    mig: bool | None = None
    processes: tuple[GpuProcess, ...] | None = None
    locked_clock_mhz: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """The processor as this process may use it.

    `cores` is the processor time that it may use, in logical cores: a fraction if a quota of its
    control groups says so. `allowed_cores` are those that it may run on, by affinity and cpusets;
    None in records from before the two were distinguished. `memory_bytes` is that of the machine,
    or a smaller limit of its control groups.
    """

    model: str
    cores: float
    physical_cores: int | None
    memory_bytes: int
    features: tuple[str, ...]
    allowed_cores: int | None = None

    @property
    def native_bfloat16(self) -> bool:
        """Whether bfloat16, the compute type of AMP on a CPU, has instructions of its own."""
        return not set(BFLOAT16_FEATURES).isdisjoint(self.features)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """GPUs in the order CUDA numbers them here, the CPU, and what NVML said.

    `gpus_out_of_reach` says that no GPU can be used although the machine seems to have one: NVML
    failed, or showed GPUs that are all faulty or hidden. `nvml` has the reason.
    """

    gpus: tuple[Gpu, ...]
    cpu: Cpu
    nvml: str
    driver_version: str | None = None
    cuda_version: str | None = None
    gpus_out_of_reach: bool = False


def printable(text: str) -> str:
    """A name on one line: each unprintable character becomes U+FFFD."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text.strip())


def device_label(machine: Machine) -> str:
    """The device that a launch runs on here, with which every number is labelled."""
    return machine.gpus[0].name if machine.gpus else cpu_label(machine.cpu)


def for_cells(cells: Iterable[Cell], machine: Machine) -> Machine:
    """The machine as launches of these cells see it.

    Of its GPUs it has those of the types that the cells name; all of them if a cell names none.
    """
    types = {cell.gpu for cell in cells}
    if None in types:
        return machine
    return replace(machine, gpus=tuple(g for g in machine.gpus if gpu_type(g.name) in types))


def used_gpus(cells: Iterable[Cell], machine: Machine) -> tuple[Gpu, ...]:
    """The GPUs of this machine on which launches of these cells run, each once."""
    return tuple(
        dict.fromkeys(gpu for cell in cells for gpu in for_cells([cell], machine).gpus[: cell.gpus])
    )


def labelling_machine(cells: Sequence[Cell], machine: Machine) -> Machine:
    """The machine that labels a run of these cells: as they see it, or whole if none can run."""
    here = for_cells(cells, machine)
    return here if here.gpus else machine


def run_label(cells: Sequence[Cell], machine: Machine) -> str:
    """The device of a run of these cells, or all of its devices if they name types of GPUs."""
    here = labelling_machine(cells, machine)
    if here is machine:
        return device_label(machine)
    return " and ".join(dict.fromkeys(gpu.name for gpu in here.gpus))


def visible_devices(cell: Cell, machine: Machine) -> str | None:
    """The CUDA_VISIBLE_DEVICES with which a launch sees the GPUs of its cell's type alone.

    None if it sees no others anyway. They are UUIDs, because the number of a GPU depends on which
    others a process may see; for GPUs without, see `skip_reason`.
    """
    here = for_cells([cell], machine)
    if len(here.gpus) == len(machine.gpus):
        return None
    return ",".join(gpu.uuid or "" for gpu in here.gpus)


def cpu_label(cpu: Cpu) -> str:
    """`AMD EPYC (2 cores)`; with a quota `AMD EPYC (0.5 cores)`."""
    return f"{cpu.model} ({core_count(cpu.cores)} core{'' if cpu.cores == 1 else 's'})"


def core_count(cores: float) -> str:
    """Cores with at most two decimals: `2`, `0.5`."""
    return f"{round(cores, 2):.10g}"


def device_slug(machine: Machine) -> str:
    """The label as part of a file name: `tesla-t4`, `amd-epyc-2-cores`."""
    slug = re.sub(r"[^a-z0-9]+", "-", device_label(machine).lower()).strip("-")
    return slug[:_LONGEST_SLUG].rstrip("-") or "unnamed"


def published_system(machine: Machine) -> System | None:
    """The published system that this machine's first GPU corresponds to, or None."""
    return system_of_gpu(machine.gpus[0].name) if machine.gpus else None


def known_devices() -> tuple[str, ...]:
    """The device names that a matrix may use, besides a GPU's product name."""
    return ("any", "cpu", *(system.key for system in SYSTEMS))


def is_device_name(expected: str) -> bool:
    """Whether a matrix may name this device; product names are as NVML gives them."""
    return expected in known_devices() or is_product_name(expected)


def device_mismatch(expected: str | None, machine: Machine) -> str | None:
    """One sentence if the matrix is for another device than this machine's, else None.

    `expected` is a published system's key, `cpu`, a GPU's product name, or None for any device.
    """
    if expected is None or (expected == "cpu" and not machine.gpus):
        return None
    system = system_by_key(expected)
    if system is not None and system == published_system(machine):
        return None
    if machine.gpus and bare_gpu_name(expected) == bare_gpu_name(machine.gpus[0].name):
        return None
    wanted = f"one {system.gpu} of {system.title}" if system else expected
    wanted = "a CPU" if expected == "cpu" else wanted
    return f"this matrix is for {wanted}, but this machine has {device_phrase(machine)}"


def device_phrase(machine: Machine) -> str:
    """The machine's device in a sentence: `NVIDIA H200`, or `no GPU, only AMD EPYC (2 cores)`."""
    if machine.gpus:
        return device_label(machine)
    why = f" that can be used (NVML: {machine.nvml})" if machine.gpus_out_of_reach else ""
    return f"no GPU{why}, only {cpu_label(machine.cpu)}"


def device_note(matrix: Matrix, machine: Machine) -> str | None:
    """A note on the device before a matrix runs: one sentence, or None.

    It is not the device that the matrix is for; or the matrix is for any device, and this machine
    falls back to its CPU because its GPUs cannot be used.
    """
    may_fall_back = any(
        cell.kernel is not KernelName.SIMULATED and cell.gpu is None for cell in matrix.cells
    )
    if matrix.device is None and machine.gpus_out_of_reach and may_fall_back:
        return f"this matrix is for any device, but this machine has {device_phrase(machine)}"
    return device_mismatch(matrix.device, machine)


def wrong_device(facts: Facts, gpu: Gpu | None, machine: Machine) -> str | None:
    """Why a launch did not run on the device that labels it, or None.

    `gpu` is the device as NVML describes it, None for the CPU.
    """
    ran_on, uuid = facts.device_type, facts.gpu_uuid
    if gpu is not None and ran_on == "CPU":
        return (
            f"the launch ran on the CPU although {gpu.name} is present: install the gpu extra, or"
            " set CUDA_VISIBLE_DEVICES= (empty) to measure the CPU"
        )
    if gpu is None and ran_on == "GPU":
        return (
            f"the launch ran on a GPU that NVML does not show ({machine.nvml}), so the number has"
            " no label: make the driver's NVML library visible here"
        )
    if gpu is not None and gpu.uuid and uuid and not gpu.uuid.endswith(uuid):
        return (
            f"the launch ran on the GPU with the UUID {uuid}, but NVML has {gpu.name} with"
            f" {gpu.uuid} in its place: set CUDA_VISIBLE_DEVICES to UUIDs"
        )
    return None


def skip_reason(cell: Cell, machine: Machine) -> str | None:
    """Why this machine cannot run a cell, or None; see `too_many_ranks` for their number."""
    here = for_cells([cell], machine)
    if cell.gpu is not None and not here.gpus:
        return f"needs a GPU of type {cell.gpu}, and this machine has {_gpus_phrase(machine)}"
    if len(here.gpus) < len(machine.gpus) and not all(gpu.uuid for gpu in here.gpus):
        return (
            f"needs a GPU of type {cell.gpu}, which cannot be told from the others because the"
            " driver reports no UUID; set CUDA_VISIBLE_DEVICES to it"
        )
    machine = here
    if cell.kernel is KernelName.SIMULATED:
        return None
    if cell.precision is Precision.TF32 and (without_tf32 := _without_tf32(machine)):
        return without_tf32
    if cell.data is Data.SYNTHETIC_DEVICE and not machine.gpus:
        return "keeps its batch on a GPU, and this machine has none; data synthetic is the same"
    return None


def too_many_ranks(
    cell: Cell, machine: Machine, distributed: Distributed, *, cpu_ranks: bool
) -> str | None:
    """Why there are fewer devices than a cell has ranks, or None.

    `cpu_ranks` says whether CPU cores may stand in where this machine has no GPU. Other hosts than
    this one are asked for their devices when a run begins.
    """
    gpus, cores = len(for_cells([cell], machine).gpus), machine.cpu.cores
    slots = distributed.slots
    of_type = f" of type {cell.gpu}" if cell.gpu else ""
    if cell.gpus == 1:
        return None
    if not gpus and not cpu_ranks:
        return f"needs {cell.gpus} GPUs, and this machine has none"
    if slots is not None and cell.gpus > slots:
        return f"needs {cell.gpus} ranks, and its hosts take {slots}"
    if distributed.is_remote or cell.gpus <= (gpus or cores):
        return None
    if gpus:
        why = f" (NVML: {machine.nvml})" if machine.nvml else ""
        return f"needs {cell.gpus} GPUs{of_type}, and this machine has {gpus}{why}"
    return f"needs {cell.gpus} ranks, and this machine has {core_count(cores)} CPU cores"


def wrong_type(cell: Cell, gpu: Gpu | None, machine: Machine) -> str | None:
    """Why the device of a process, None for the CPU, is not of the type that a cell names, or None.

    The remedy is a GPU of that type, where the process may see one.
    """
    if cell.gpu is None or (gpu is not None and gpu_type(gpu.name) == cell.gpu):
        return None
    found = _gpus_phrase(replace(machine, gpus=(gpu,) if gpu else ()))
    there = [each.uuid for each in for_cells([cell], machine).gpus if each.uuid]
    remedy = f"set CUDA_VISIBLE_DEVICES to {there[0]}" if there else "run it where there is one"
    return f"needs a GPU of type {cell.gpu}, and this process has {found}; {remedy}"


def _gpus_phrase(machine: Machine) -> str:
    """What GPUs a machine has, with their types: `NVIDIA H200 (h200)`."""
    named = dict.fromkeys(f"{gpu.name} ({gpu_type(gpu.name)})" for gpu in machine.gpus)
    return ", ".join(named) or device_phrase(machine)


def _without_tf32(machine: Machine) -> str | None:
    """Why a machine has no TF32, or None."""
    if not machine.gpus:
        return "TF32 needs an Ampere or newer GPU, and this machine has none"
    gpu = machine.gpus[0]
    if gpu.compute_capability and gpu.compute_capability < TF32_CAPABILITY:
        version = ".".join(str(part) for part in gpu.compute_capability)
        return f"TF32 needs compute capability 8.0, and {gpu.name} has {version}"
    return None
