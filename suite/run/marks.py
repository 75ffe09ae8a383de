"""What the runner adds to the record of a launch: its device's label, and what it saw beside it."""

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
from suite.model.launch import Caution, CautionKind, Launch, Status

# The processes on each GPU, in CUDA's order; None for a GPU whose processes cannot be read.
ForeignProcesses = Sequence[Sequence[GpuProcess] | None]

# Fewer tell neither a usual step nor how far steps are apart.
FEWEST_SAMPLES = 3


def doubted(launch: Launch, changes: Sequence[str], seen: Iterable[ForeignProcesses]) -> Launch:
    """The launch with cautions on a resumption under changes, and on others on its GPUs.

    `seen` holds the processes on each GPU right before and right after the launch.
    """
    cautions = list(launch.cautions)
    if changes:
        text = f"measured after a resumption under changes: {'; '.join(changes)}; start a new run"
        cautions.append(Caution(CautionKind.CHANGED, text))
    used = [gpu for moment in seen for gpu in moment[: launch.cell.gpus]]
    others = dict.fromkeys(process.phrase for gpu in used for process in gpu or ())
    if others:
        text = f"also on the GPU: {', '.join(others)}; end it and measure again"
        cautions.append(Caution(CautionKind.FOREIGN_PROCESS, text))
    return replace(launch, cautions=tuple(cautions))


def only_alone(launch: Launch, seen: Iterable[ForeignProcesses]) -> Launch:
    """The launch, invalid where it has a number that somebody on its GPU may have changed.

    `seen` is as for `doubted`; whoever cannot be seen may be there.
    """
    doubts = [c.text for c in launch.cautions if c.kind is CautionKind.FOREIGN_PROCESS]
    if any(gpu is None for moment in seen for gpu in moment[: launch.cell.gpus]):
        doubts.append("the processes on the GPU could not be read")
    if launch.status is not Status.OK or not doubts:
        return launch
    return replace(launch, status=Status.INVALID, reason=f"--exclusive: {doubts[0]}")


def labelled(launch: Launch, machine: Machine, expected: str | None) -> Launch:
    """The launch with the device that ran it and the cautions that follow from how it was run.

    `expected` is the device that its matrix is for, None for any, as for a cell run by hand. A
    launch that ran on another device than this machine's first is invalid, and so is one of which
    the time cap left too few samples, unless it is marked quick anyway.
    """
    mistake = wrong_device(launch.conditions, machine.gpus[0] if machine.gpus else None, machine)
    label = _device_that_ran(launch, machine) if mistake else device_label(machine)
    cautions = list(launch.cautions)
    if launch.protocol.quick:
        steps = len(launch.step_seconds)
        text = f"quick protocol with {steps} measured steps; run without --quick for a number"
        cautions.append(Caution(CautionKind.QUICK, text))
    if launch.cell.kernel is KernelName.SIMULATED:
        text = "a simulated kernel slept instead of computing; run a matrix of the real one"
        cautions.append(Caution(CautionKind.SIMULATED, text))
    elif device_mismatch(expected, machine):
        text = f"measured on {label}, not on the matrix's {expected}; use --require-device"
        cautions.append(Caution(CautionKind.OTHER_DEVICE, text))
    launch = replace(launch, device=label, cautions=tuple(cautions))
    reason = mistake or _too_few_samples(launch)
    return replace(launch, status=Status.INVALID, reason=reason) if reason else launch


def _device_that_ran(launch: Launch, machine: Machine) -> str:
    """The label of a launch that did not run on the machine's first device."""
    on_cpu = launch.conditions.get("device_type") == "CPU"
    return cpu_label(machine.cpu) if on_cpu else "unknown GPU"


def _too_few_samples(launch: Launch) -> str | None:
    """Why the samples that a time cap left are no measurement, or None."""
    capped = [c.text for c in launch.cautions if c.kind is CautionKind.TRUNCATED]
    few = launch.status is Status.OK and len(launch.step_seconds) < FEWEST_SAMPLES
    return f"too few samples: {capped[0]}" if capped and few and not launch.protocol.quick else None
