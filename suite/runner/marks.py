"""What the runner adds to the record of a launch: its device's label, and what it saw beside it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from suite.core.cell import KernelName
from suite.core.device import GpuProcess, Machine, device_label, device_mismatch
from suite.core.launch import Caution, CautionKind, Launch, Status
from suite.core.matrix import Matrix

# The processes on each GPU, in CUDA's order.
Neighbours = Sequence[Sequence[GpuProcess]]

# Fewer tell neither a usual step nor how far steps are apart.
FEWEST_SAMPLES = 3


def doubted(launch: Launch, changes: Sequence[str], seen: Iterable[Neighbours]) -> Launch:
    """The launch with cautions on a resumption under changes, and on strangers on its GPUs.

    `seen` holds the processes on each GPU right before and right after the launch.
    """
    cautions = list(launch.cautions)
    if changes:
        text = f"measured after a resumption under changes: {'; '.join(changes)}; start a new run"
        cautions.append(Caution(CautionKind.CHANGED, text))
    used = [gpu for moment in seen for gpu in moment[: launch.cell.gpus]]
    strangers = dict.fromkeys(process.phrase for gpu in used for process in gpu)
    if strangers:
        text = f"also on the GPU: {', '.join(strangers)}; end it and measure again"
        cautions.append(Caution(CautionKind.FOREIGN_PROCESS, text))
    return replace(launch, cautions=tuple(cautions))


def only_alone(launch: Launch) -> Launch:
    """The launch, invalid where it has a number that somebody on its GPU may have changed."""
    others = [c.text for c in launch.cautions if c.kind is CautionKind.FOREIGN_PROCESS]
    if launch.status is not Status.OK or not others:
        return launch
    return replace(launch, status=Status.INVALID, reason=f"--exclusive: {others[0]}")


def labelled(launch: Launch, machine: Machine, matrix: Matrix) -> Launch:
    """The launch with the device that ran it and the cautions that follow from how it was run.

    A launch that ran on another device than the label names is invalid, and so is one of which the
    time cap left too few samples, unless it is marked quick anyway.
    """
    label = device_label(machine)
    cautions = list(launch.cautions)
    if launch.protocol.quick:
        steps = len(launch.step_seconds)
        text = f"quick protocol with {steps} measured steps; run without --quick for a number"
        cautions.append(Caution(CautionKind.QUICK, text))
    if launch.cell.kernel is KernelName.SIMULATED:
        text = "a simulated kernel slept instead of computing; run a matrix of the real one"
        cautions.append(Caution(CautionKind.SIMULATED, text))
    elif device_mismatch(matrix.device, machine):
        text = f"measured on {label}, not on the matrix's {matrix.device}; use --require-device"
        cautions.append(Caution(CautionKind.OTHER_DEVICE, text))
    launch = replace(launch, device=label, cautions=tuple(cautions))
    reason = _mislabelled(launch, machine) or _too_few_samples(launch)
    return replace(launch, status=Status.INVALID, reason=reason) if reason else launch


def _too_few_samples(launch: Launch) -> str | None:
    """Why the samples that a time cap left are no measurement, or None."""
    capped = [c.text for c in launch.cautions if c.kind is CautionKind.TRUNCATED]
    few = launch.status is Status.OK and len(launch.step_seconds) < FEWEST_SAMPLES
    return f"too few samples: {capped[0]}" if capped and few and not launch.protocol.quick else None


def _mislabelled(launch: Launch, machine: Machine) -> str | None:
    """Why the label names another device than the one that TensorFlow ran on, or None."""
    ran_on = launch.conditions.get("device_type")
    if machine.gpus and ran_on == "CPU":
        return (
            f"TensorFlow ran on the CPU although {machine.gpus[0].name} is there: install the gpu"
            " extra, or set CUDA_VISIBLE_DEVICES= (empty) to measure the CPU"
        )
    if not machine.gpus and ran_on == "GPU":
        return (
            f"TensorFlow ran on a GPU that NVML does not show ({machine.nvml}), so the number has"
            " no name: make the driver's NVML library visible here"
        )
    return None
