"""What the runner adds to the record of a launch: the label of its device, and cautions."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from suite.model.cell import KernelName
from suite.model.device import (
    GpuProcess,
    Machine,
    cpu_label,
    device_label,
    device_mismatch,
    wrong_device,
)
from suite.model.launch import CautionKind, Launch, Status

# The processes on each GPU, in CUDA's order; None for a GPU whose processes cannot be read.
ForeignProcesses = Sequence[Sequence[GpuProcess] | None]

# Fewer show neither a typical step nor how much steps vary.
FEWEST_SAMPLES = 3


def with_cautions(
    launch: Launch, changes: Sequence[str], seen: Iterable[ForeignProcesses]
) -> Launch:
    """The launch with cautions for a resumption under changes and foreign processes on its GPUs.

    `seen` holds the processes on each GPU right before and right after the launch.
    """
    cautions = list(launch.cautions)
    if changes:
        seen_changes = f"measured after a resumption under changes: {'; '.join(changes)}"
        cautions.append(CautionKind.CHANGED.caution(seen_changes))
    used = [gpu for moment in seen for gpu in moment[: launch.cell.gpus]]
    foreign = dict.fromkeys(process.phrase for gpu in used for process in gpu or ())
    if foreign:
        cautions.append(
            CautionKind.FOREIGN_PROCESS.caution(f"also on the GPU: {', '.join(foreign)}")
        )
    return replace(launch, cautions=tuple(cautions))


def invalid_unless_alone(launch: Launch, seen: Iterable[ForeignProcesses]) -> Launch:
    """The launch, invalid if it has a number that a foreign process on its GPU may have changed.

    `seen` is as for `with_cautions`. Processes that cannot be read count as foreign.
    """
    reasons = [c.text for c in launch.cautions if c.kind is CautionKind.FOREIGN_PROCESS]
    if any(gpu is None for moment in seen for gpu in moment[: launch.cell.gpus]):
        reasons.append("the processes on the GPU could not be read")
    if launch.status is not Status.OK or not reasons:
        return launch
    return replace(launch, status=Status.INVALID, reason=f"--exclusive: {reasons[0]}")


def labelled(launch: Launch, machine: Machine, expected: str | None) -> Launch:
    """The launch with the device that ran it and the cautions that follow from how it was run.

    `expected` is the device that its matrix is for, None for any, as for a cell run by hand. A
    launch that ran on another device than this machine's first is invalid, and so is one with too
    few samples because of its time cap, unless it is marked quick anyway.
    """
    mistake = wrong_device(launch.conditions, machine.gpus[0] if machine.gpus else None, machine)
    label = _device_that_ran(launch, machine) if mistake else device_label(machine)
    cautions = list(launch.cautions)
    if launch.protocol.quick:
        steps = len(launch.step_seconds)
        cautions.append(CautionKind.QUICK.caution(f"quick protocol with {steps} measured steps"))
    if launch.cell.kernel is KernelName.SIMULATED:
        seen = "a simulated kernel slept instead of computing"
        cautions.append(CautionKind.SIMULATED.caution(seen))
    elif device_mismatch(expected, machine):
        seen = f"measured on {label}, not on the matrix's {expected}"
        cautions.append(CautionKind.OTHER_DEVICE.caution(seen))
    launch = replace(launch, device=label, cautions=tuple(cautions))
    reason = mistake or _too_few_samples(launch)
    return replace(launch, status=Status.INVALID, reason=reason) if reason else launch


def _device_that_ran(launch: Launch, machine: Machine) -> str:
    """The label of a launch that did not run on the machine's first device."""
    on_cpu = launch.conditions.device_type == "CPU"
    return cpu_label(machine.cpu) if on_cpu else "unknown GPU"


def _too_few_samples(launch: Launch) -> str | None:
    """Why the samples left by a time cap are too few, or None."""
    capped = [c.text for c in launch.cautions if c.kind is CautionKind.TRUNCATED]
    few = launch.status is Status.OK and len(launch.step_seconds) < FEWEST_SAMPLES
    return f"too few samples: {capped[0]}" if capped and few and not launch.protocol.quick else None
