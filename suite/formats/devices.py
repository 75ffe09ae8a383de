"""A machine in words."""

from suite.formats.tables import plain_table
from suite.model.device import Cpu, Gpu, Machine, core_count, published_system
from suite.model.systems import gpu_type
from suite.model.text import shown

UNKNOWN = "not told by the driver"


def devices_text(machine: Machine) -> str:
    """What `bench.py devices` prints: every GPU, or the CPU where there is none."""
    parts = []
    for gpu in machine.gpus:
        parts += [f"GPU {gpu.index}: {shown(gpu.name)}", plain_table(_gpu_facts(gpu, machine)), ""]
    if machine.gpus:
        parts += [f"NVML: {shown(machine.nvml)}", ""]
    else:
        parts += [f"no GPU ({shown(machine.nvml)}); cells run on the CPU", ""]
    parts += [f"CPU: {shown(machine.cpu.model)}", plain_table(_cpu_facts(machine.cpu)), ""]
    system = published_system(machine)
    if system is not None:
        parts.append(f"published system: {system.key}, {system.title}")
    else:
        parts.append("published system: none; comparisons will say that the hardware differs")
    return "\n".join(parts)


def _gpu_facts(gpu: Gpu, machine: Machine) -> list[tuple[str, str]]:
    capability = gpu.compute_capability
    limit = gpu.power_limit_watts
    no_limit = "its board's, which MIG devices share" if gpu.mig else UNKNOWN
    return [
        ("type in a matrix", gpu_type(gpu.name)),
        ("memory", _gibibytes(gpu.memory_bytes) if gpu.memory_bytes else UNKNOWN),
        ("form factor", gpu.form_factor or "not in the product name"),
        ("driver", machine.driver_version or UNKNOWN),
        ("CUDA of the driver", machine.cuda_version or UNKNOWN),
        ("compute capability", ".".join(map(str, capability)) if capability else UNKNOWN),
        ("power limit", f"{limit:.0f} W" if limit else no_limit),
        ("MIG", {True: "on", False: "off", None: UNKNOWN}[gpu.mig]),
        ("UUID", gpu.uuid or UNKNOWN),
        *_foreign_processes(gpu),
    ]


def _foreign_processes(gpu: Gpu) -> list[tuple[str, str]]:
    """A line for every foreign process on the GPU."""
    title = "foreign processes"
    if gpu.processes is None:
        return [(title, "unknown: they cannot be read")]
    found = [
        f"{process.name or 'name unknown'} (pid {process.pid}, {_memory(process.memory_bytes)})"
        for process in gpu.processes
    ] or ["none seen (those of other containers may be hidden)"]
    return [(title if line == 0 else "", text) for line, text in enumerate(found)]


def _memory(memory_bytes: int | None) -> str:
    return "memory unknown" if memory_bytes is None else _gibibytes(memory_bytes)


def _cpu_facts(cpu: Cpu) -> list[tuple[str, str]]:
    physical = f" ({cpu.physical_cores} physical in all)" if cpu.physical_cores else ""
    return [
        ("cores usable here", f"{_cores(cpu)} logical{physical}"),
        ("memory", _gibibytes(cpu.memory_bytes)),
        ("instruction sets", ", ".join(cpu.features) or "none of those that matter"),
        ("native bfloat16", "yes" if cpu.native_bfloat16 else "no: AMP cells will be slow"),
    ]


def _cores(cpu: Cpu) -> str:
    """`4`; where a quota leaves less than all of them, `0.5 of 2`."""
    limited = cpu.allowed_cores is not None and cpu.cores < cpu.allowed_cores
    return core_count(cpu.cores) + (f" of {cpu.allowed_cores}" if limited else "")


def _gibibytes(memory_bytes: int) -> str:
    return f"{memory_bytes / 2**30:.1f} GiB"
