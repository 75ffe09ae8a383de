"""What makes numbers of the GPUs noisy or wrong, as NVML tells it."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from suite.machine.checks import checked, cpus_in, line, nodes, unchecked
from suite.machine.driver_checks import lost, out_of_reach, without_driver
from suite.machine.gpu_meter import GpuMeter
from suite.model.device import Gpu, Machine
from suite.model.finding import Diagnosis, Finding, FindingKind, UncheckedError, merged
from suite.model.text import bench

# In a deeper performance state the GPU lowers the speed of its link to save power.
_FULL_SPEED_STATE = 2


def diagnose_gpus(machine: Machine, root: Path, allowed: frozenset[int]) -> Diagnosis:
    """Check whether every GPU has its driver, and the state of those that this process may use."""
    driver = merged(
        checked(FindingKind.DRIVER, partial(out_of_reach, machine)),
        checked(FindingKind.DRIVER, partial(without_driver, root)),
    )
    if not machine.gpus:
        return driver
    # Of a machine with GPUs the bindings are there: they found them.
    import pynvml

    checks: dict[FindingKind, Callable[[ModuleType, Gpu, Any], Iterable[Finding]]] = {
        FindingKind.FOREIGN_PROCESS: _foreign_processes,
        FindingKind.PERSISTENCE: _persistence,
        FindingKind.CLOCKS: _clocks,
        FindingKind.POWER_LIMIT: _power_limit,
        FindingKind.ECC: _ecc,
        FindingKind.MEMORY_ERRORS: _memory_errors,
        FindingKind.REMAPPED_ROWS: _remapped_rows,
        FindingKind.MIG: _mig,
        FindingKind.PCIE_LINK: _pcie_link,
        FindingKind.NUMA: partial(_numa, root, allowed),
    }
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return merged(driver, *(unchecked(kind, f"NVML: {error}") for kind in checks))
    try:
        return merged(
            driver,
            checked(FindingKind.DRIVER, partial(lost, pynvml)),
            *(
                checked(kind, partial(_answers, pynvml, gpu, check), of=f"{_named(gpu)}: ")
                for gpu in machine.gpus
                for kind, check in checks.items()
            ),
        )
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _answers(
    nvml: ModuleType, gpu: Gpu, check: Callable[[ModuleType, Gpu, Any], Iterable[Finding]]
) -> list[Finding]:
    """What a check finds on the board of a GPU, on which a MIG device lies."""
    try:
        return list(check(nvml, gpu, nvml.nvmlDeviceGetHandleByIndex(gpu.index)))
    except nvml.NVMLError as error:
        raise UncheckedError(str(error)) from None


def _named(gpu: Gpu) -> str:
    return f"GPU {gpu.index} ({gpu.name})"


def _smi(gpu: Gpu, *words: object) -> str:
    return " ".join(["sudo nvidia-smi -i", str(gpu.index), *map(str, words)])


def _foreign_processes(_: ModuleType, gpu: Gpu, __: Any) -> Iterator[Finding]:
    with closing(GpuMeter(gpu, os.getpid())) as meter:
        found = meter.foreign_processes()
    if found is None:
        raise UncheckedError("the processes on it cannot be read")
    if found:
        yield Finding(
            kind=FindingKind.FOREIGN_PROCESS,
            evidence=f"{_named(gpu)}: {', '.join(found)}",
            remedy=f"end them or wait for them; nvidia-smi -i {gpu.index} names them",
        )


def _persistence(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    if not nvml.nvmlDeviceGetPersistenceMode(board):
        yield Finding(
            kind=FindingKind.PERSISTENCE,
            evidence=f"{_named(gpu)}: off, so the driver starts anew and forgets clocks and limits"
            " whenever no process uses the GPU",
            remedy=_smi(gpu, "-pm 1"),
        )


def _clocks(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    """NVML does not report locked clocks, but a GPU at work says that its clocks are set."""
    with closing(GpuMeter(gpu, os.getpid())) as meter:
        if "set clocks" in (meter.throttling() or ()):
            return
    highest = nvml.nvmlDeviceGetMaxClockInfo(board, nvml.NVML_CLOCK_SM)
    try:
        base = nvml.nvmlDeviceGetDefaultApplicationsClock(board, nvml.NVML_CLOCK_GRAPHICS)
    except nvml.NVMLError:
        base = None
    yield Finding(
        kind=FindingKind.CLOCKS,
        evidence=f"{_named(gpu)}: not seen to be locked, so the clock may follow heat and power up"
        f" to {highest} MHz",
        remedy=_smi(gpu, "-lgc", base)
        if base
        else f"{_smi(gpu, '-lgc MHZ')}, with one of nvidia-smi -q -d SUPPORTED_CLOCKS",
        is_note=True,
    )


def _power_limit(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    limit = nvml.nvmlDeviceGetEnforcedPowerLimit(board) / 1000
    usual = nvml.nvmlDeviceGetPowerManagementDefaultLimit(board) / 1000
    if limit < usual:
        yield Finding(
            kind=FindingKind.POWER_LIMIT,
            evidence=f"{_named(gpu)}: {limit:g} W, below its default of {usual:g} W",
            remedy=_smi(gpu, "-pl", f"{usual:g}"),
        )


def _ecc(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    """Off is a note on boards that leave the factory so."""
    is_on, is_next = nvml.nvmlDeviceGetEccMode(board)
    if is_on:
        return
    try:
        usual = nvml.nvmlDeviceGetDefaultEccMode(board)
    except nvml.NVMLError:
        usual = 1
    reset = _smi(gpu, "--gpu-reset")
    yield Finding(
        kind=FindingKind.ECC,
        evidence=f"{_named(gpu)}: off"
        + (", and on after a reset" if is_next else "")
        + ("" if usual else ", its default")
        + "; errors in its memory stay unnoticed, and memory may be faster than with ECC",
        remedy=reset if is_next else f"{_smi(gpu, '-e 1')} && {reset}",
        is_note=not usual,
    )


def _memory_errors(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    """Since the driver started; those that ECC corrected are a note."""
    count = partial(_error_count, nvml, board)
    lost = count(nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED)
    corrected = count(nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED)
    if lost or corrected:
        yield Finding(
            kind=FindingKind.MEMORY_ERRORS,
            evidence=f"{_named(gpu)}: {lost} uncorrected and {corrected} corrected errors in its"
            " memory since the driver started",
            remedy=f"{_smi(gpu, '--gpu-reset')}; if they come back, have the board replaced",
            is_note=not lost,
        )


def _error_count(nvml: ModuleType, board: Any, kind: int) -> int:
    return int(nvml.nvmlDeviceGetTotalEccErrors(board, kind, nvml.NVML_VOLATILE_ECC))


def _remapped_rows(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    """Rows that were remapped are as fast as others; what waits, or has failed, is a fault."""
    corrected, uncorrected, waits, failed = nvml.nvmlDeviceGetRemappedRows(board)
    if not (corrected or uncorrected or waits or failed):
        return
    state = ", more wait for a reset" if waits else ""
    state += ", and a row could not be remapped" if failed else ""
    yield Finding(
        kind=FindingKind.REMAPPED_ROWS,
        evidence=f"{_named(gpu)}: {corrected + uncorrected} rows of its memory remapped{state}",
        remedy="have the board replaced"
        if failed
        else _smi(gpu, "--gpu-reset" if waits else "-q -d ROW_REMAPPER"),
        is_note=not (waits or failed),
    )


def _mig(_: ModuleType, gpu: Gpu, __: Any) -> Iterator[Finding]:
    if gpu.mig is None:
        raise UncheckedError("the driver does not say whether MIG is on")
    if gpu.mig:
        yield Finding(
            kind=FindingKind.MIG,
            evidence=f"{_named(gpu)}: on, so a part of the board is measured, and its other parts"
            " share its power and its link",
            remedy=_smi(gpu, "-mig 0"),
        )


def _pcie_link(nvml: ModuleType, gpu: Gpu, board: Any) -> Iterator[Finding]:
    """Against what card and slot together are capable of."""
    width = nvml.nvmlDeviceGetCurrPcieLinkWidth(board)
    widest = nvml.nvmlDeviceGetMaxPcieLinkWidth(board)
    generation = nvml.nvmlDeviceGetCurrPcieLinkGeneration(board)
    newest = nvml.nvmlDeviceGetMaxPcieLinkGeneration(board)
    is_slow = generation < newest
    state = nvml.nvmlDeviceGetPerformanceState(board) if is_slow else 0
    rests = state > _FULL_SPEED_STATE
    if width < widest or (is_slow and not rests):
        yield Finding(
            kind=FindingKind.PCIE_LINK,
            evidence=f"{_named(gpu)}: {width} lanes of generation {generation}, of {widest} lanes"
            f" of generation {newest} that are possible"
            + (f" (idle in state P{state}, which lowers the generation)" if rests else ""),
            remedy=f"see the slot, its riser and the firmware's settings; nvidia-smi -i {gpu.index}"
            " --query-gpu=pcie.link.gen.current,pcie.link.width.current --format=csv",
        )
    elif is_slow:
        raise UncheckedError(
            f"idle in state P{state}, with its link at generation {generation} of {newest}, which"
            " should rise under load"
        )


def _numa(
    root: Path, allowed: frozenset[int], nvml: ModuleType, gpu: Gpu, board: Any
) -> Iterator[Finding]:
    """Whether this process may run near the GPU, or far from it."""
    if len(list(nodes(root))) == 1:
        return
    address = nvml.nvmlDeviceGetPciInfo(board).busId
    address = address.decode() if isinstance(address, bytes) else address
    domain, _, rest = address.lower().partition(":")
    device = root / "sys/bus/pci/devices" / f"{domain[-4:]}:{rest}"  # NVML has four zeros more
    node = int(line(device / "numa_node"))
    if node < 0:
        raise UncheckedError("the kernel does not say near which NUMA node it is")
    list_of_node = root / f"sys/devices/system/node/node{node}/cpulist"
    near = cpus_in(list_of_node)
    count = len(allowed & near)
    if count == len(allowed):
        return
    yield Finding(
        kind=FindingKind.NUMA,
        evidence=f"{_named(gpu)}: {count} of the {len(allowed)} CPUs that this process may use"
        f" are near it, on NUMA node {node}",
        remedy=f"taskset -c {line(list_of_node)} {bench('run', 'MATRIX')}"
        if count
        else f"allow this process the CPUs {line(list_of_node)}",
        is_note=count > 0,
    )
