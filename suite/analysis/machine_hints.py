"""Hints from what the machine did while cells were measured: clocks, memory, other processes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from suite.analysis.cautions import LARGEST_OTHERS_SHARE, SLOWDOWNS
from suite.analysis.evidence import MeasuredCell, counted
from suite.analysis.siblings import LEAST_DIFFERENCE
from suite.model.device import Machine, core_count
from suite.model.launch import CautionKind
from suite.model.report import Hint, HintKind, LaunchRow, ProcessTelemetry
from suite.model.telemetry import Telemetry

# Speed follows the clock at most in proportion, so a smaller loss is within what launches vary by.
SLOWEST_CLOCK = 1 - LEAST_DIFFERENCE
# A clock read fewer times may have been caught in an exceptional moment.
FEWEST_READINGS = 3
# With less than a tenth of a GPU's memory free, cuDNN's algorithms with large workspaces no longer
# fit, and TensorFlow takes slower ones; nor does the next larger batch.
NEARLY_FULL = 0.9
_GPU_CLOCK, _CPU_CLOCK = "gpu_sm_clock_mhz", "cpu_frequency_mhz"  # gauges of telemetry
_ON_GPU, _RESIDENT = "gpu_memory_used_bytes", "resident_bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """The telemetry of a process of a launch, and the device that it computed on."""

    cell_id: str
    device: str
    telemetry: Telemetry
    is_rank: bool
    is_on_cpu: bool


def throttled(cells: Sequence[MeasuredCell]) -> Hint | None:
    """GPUs that reported a slowdown, and devices well below the best clock of the run."""
    processes = list(_processes(cells))
    slowdowns = {
        process.cell_id: _held(process.telemetry)
        for process in processes
        if set(process.telemetry.throttling or ()) & set(SLOWDOWNS)
    }
    on_gpu, on_cpu = _low_clocks(processes, _GPU_CLOCK), _low_clocks(processes, _CPU_CLOCK)
    said = {**slowdowns, **on_cpu, **on_gpu}
    if not said:
        return None
    remedies = {
        "check the GPU's cooling, power supply and power limit (nvidia-smi -q -d PERFORMANCE); to"
        " compare cells at one clock, measure with --lock-clocks": slowdowns | on_gpu,
        "look for heat, a power limit, a frequency governor other than performance, and other load"
        " on the CPU": on_cpu,
    }
    return Hint(
        kind=HintKind.THROTTLED,
        cells=tuple(said),
        evidence=counted([f"{cell_id}: {text}" for cell_id, text in said.items()]),
        remedy="; ".join(remedy for remedy, concerned in remedies.items() if concerned),
    )


def _low_clocks(processes: Sequence[_Process], gauge: str) -> dict[str, str]:
    """The cells whose clock was well below the best of its device in this run, and how far.

    The best is the highest reading of a GPU. On a CPU, one core of which is read, it is the highest
    mean. A GPU that reports why its clock is held, and reported nothing, was only idle; so may a
    CPU have been beside a GPU.
    """
    read = [
        (process, process.telemetry.gauges[gauge])
        for process in processes
        if gauge in process.telemetry.gauges
        and process.telemetry.readings >= FEWEST_READINGS
        and (gauge == _GPU_CLOCK or process.is_on_cpu)
    ]
    best: dict[str, float] = {}
    for process, clock in read:
        reached = clock.highest if gauge == _GPU_CLOCK else clock.mean
        best[process.device] = max(reached, best.get(process.device, 0.0))
    low: dict[str, float] = {}
    said = {}
    for process, clock in read:
        is_held = gauge == _CPU_CLOCK or process.telemetry.throttling != {}
        share = clock.mean / best[process.device] if best[process.device] > 0 else 1.0
        if is_held and share < min(SLOWEST_CLOCK, low.get(process.cell_id, 1.0)):
            low[process.cell_id] = share
            said[process.cell_id] = (
                f"{clock.mean:.0f} MHz on average, {share:.0%} of the best of this run,"
                f" {best[process.device]:.0f} MHz"
                + (f"; {held}" if (held := _held(process.telemetry)) else "")
            )
    return said


def _held(telemetry: Telemetry) -> str:
    """What held the clock of a GPU, and in how many of the readings."""
    told = telemetry.throttle_readings or telemetry.readings
    found = (telemetry.throttling or {}).items()
    return ", ".join(f"{reason} in {share:.0%} of {told} readings" for reason, share in found)


def foreign_process(launches: Iterable[LaunchRow]) -> Hint | None:
    """Foreign processes on the GPU, or busy on the CPU, also beside launches that failed."""
    seen: dict[str, None] = {}
    cells: dict[str, None] = {}
    shares = []
    for row in launches:
        on_gpu = [
            caution.seen
            for caution in row.record.cautions
            if caution.kind is CautionKind.FOREIGN_PROCESS
        ]
        on_cpu = [
            process.others_cpu_share
            for process in row.telemetry
            if process.others_cpu_share is not None
            and process.others_cpu_share > LARGEST_OTHERS_SHARE
        ]
        seen.update(dict.fromkeys(on_gpu))
        shares += on_cpu
        if on_gpu or on_cpu:
            cells[row.cell_id] = None
    remedy = "end them, or measure when the machine is quiet"
    if seen:
        remedy += "; --exclusive refuses to begin on a GPU that others use"
    if shares:
        span = dict.fromkeys(f"{share:.0%}" for share in (min(shares), max(shares)))
        seen[f"they kept {' to '.join(span)} of the CPU busy"] = None
    if not seen:
        return None
    return Hint(
        kind=HintKind.FOREIGN_PROCESS,
        cells=tuple(cells),
        evidence=counted(list(seen)),
        remedy=remedy,
    )


def memory_nearly_full(cells: Sequence[MeasuredCell], machine: Machine | None) -> Hint | None:
    """Cells that used nearly all memory of their GPU, or of the machine without one."""
    if machine is None:
        return None
    of_gpu = {gpu.name: gpu.memory_bytes for gpu in machine.gpus}
    shares: dict[str, tuple[float, str]] = {}
    for process in _processes(cells):
        gauges = process.telemetry.gauges
        if _ON_GPU in gauges:
            used, capacity = gauges[_ON_GPU].highest, of_gpu.get(process.device)
        # The memory of other hosts is unknown, and the ranks of a host share it.
        elif _RESIDENT in gauges and process.is_on_cpu and not process.is_rank:
            used, capacity = gauges[_RESIDENT].highest, machine.cpu.memory_bytes
        else:
            continue
        if capacity and used > max(NEARLY_FULL, shares.get(process.cell_id, (0.0,))[0]) * capacity:
            text = f"{used / 2**30:.1f} of {capacity / 2**30:.1f} GiB ({used / capacity:.0%})"
            shares[process.cell_id] = (used / capacity, text)
    if not shares:
        return None
    return Hint(
        kind=HintKind.MEMORY_NEARLY_FULL,
        cells=tuple(shares),
        evidence=counted([f"{cell_id}: {text}" for cell_id, (_, text) in shares.items()]),
        remedy="expect no larger batch to fit; if this batch is slower than a smaller one, free"
        " memory or use the smaller one",
    )


def cpu_quota(cells: Sequence[MeasuredCell], machine: Machine | None) -> Hint | None:
    """A quota of CPU time below the cores, where cells compute or decode on the CPU."""
    if machine is None or machine.cpu.allowed_cores is None:
        return None
    on_cpu = [
        each
        for each in cells
        if each.cell.reads_records
        or any(row.record.conditions.device_type == "CPU" for row in each.launches)
    ]
    cores, allowed = machine.cpu.cores, machine.cpu.allowed_cores
    if cores >= allowed or not on_cpu:
        return None
    threads = max(
        row.record.conditions.intra_op_threads or 0 for each in on_cpu for row in each.launches
    )
    return Hint(
        kind=HintKind.CPU_QUOTA,
        cells=tuple(each.id for each in on_cpu),
        evidence=f"the time of {core_count(cores)} cores on {allowed} cores"
        + (f", shared by {threads} computing threads" if threads > cores else ""),
        remedy="give whole cores in place of a quota, such as docker run --cpuset-cpus, or raise"
        " the quota: threads that have used it up stand still until the next period",
    )


def _processes(cells: Iterable[MeasuredCell]) -> Iterator[_Process]:
    for each in cells:
        for row in each.launches:
            for process in row.telemetry:
                yield _Process(
                    cell_id=each.id,
                    device=_device(row, process),
                    telemetry=process.telemetry,
                    is_rank=process.rank is not None,
                    is_on_cpu=row.record.conditions.device_type == "CPU",
                )


def _device(row: LaunchRow, process: ProcessTelemetry) -> str:
    of_ranks = {rank.rank: rank.device for rank in row.ranks}
    return of_ranks[process.rank] if process.rank is not None else row.record.device
