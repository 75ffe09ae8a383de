"""The cautions that follow from a launch's own samples and telemetry."""

from collections.abc import Sequence

from suite.analysis.steadiness import unsteadiness
from suite.model.launch import Caution, CautionKind
from suite.model.telemetry import Telemetry, others_cpu_share

# A GPU throttled for one of these runs below its sustainable speed. The other reasons are normal
# operation: a T4 is at its power cap whenever it is busy, and a user may have set the clocks.
SLOWDOWNS = ("hardware slowdown", "heat (driver)", "heat (hardware)", "power brake")

# Foreign processes that keep more than this share of a CPU busy slow a launch by about as much.
LARGEST_OTHERS_SHARE = 0.1

# Steps take longer by about the share of time that a hypervisor gives to other machines. Launches
# of a cell commonly differ by 2 %, which is twice the uncertainty that the coarse clock of one CPU
# (hundredths of a second) leaves in the shortest launch for which the share is known.
LARGEST_STOLEN_SHARE = 0.02


def measured_cautions(
    step_seconds: Sequence[float], telemetry: Telemetry | None
) -> tuple[Caution, ...]:
    """Cautions for unsteady steps, throttling, foreign processes on the GPU and stolen time."""
    cautions = []
    found = unsteadiness(step_seconds)
    if found is not None:
        cautions.append(CautionKind.UNSTEADY.caution(found.reason, found.remedy))
    if telemetry is not None:
        cautions += machine_cautions(telemetry)
    return tuple(cautions)


def machine_cautions(telemetry: Telemetry) -> list[Caution]:
    """Cautions for throttling, foreign processes on the GPU and stolen time."""
    cautions = []
    told = telemetry.throttle_readings or telemetry.readings
    slowed = [
        f"{reason} in {share:.0%} of {told} readings"
        for reason, share in (telemetry.throttling or {}).items()
        if reason in SLOWDOWNS
    ]
    if slowed:
        seen = f"the GPU was throttled: {', '.join(slowed)}"
        cautions.append(CautionKind.THROTTLED.caution(seen))
    if telemetry.foreign_processes:
        others = ", ".join(telemetry.foreign_processes)
        cautions.append(
            CautionKind.FOREIGN_PROCESS.caution(f"foreign processes on the GPU: {others}")
        )
    stolen = telemetry.stolen_share
    if stolen is not None and stolen > LARGEST_STOLEN_SHARE:
        seen = f"the hypervisor gave {stolen:.0%} of the CPUs' time to other machines"
        cautions.append(CautionKind.STOLEN.caution(seen))
    return cautions


def contention(launch_telemetry: Sequence[Telemetry], where: str = "the CPU") -> Caution | None:
    """A caution if foreign processes were busy beside the processes of a launch on one host."""
    share = others_cpu_share(launch_telemetry)
    if share is None or share <= LARGEST_OTHERS_SHARE:
        return None
    return CautionKind.CONTENDED.caution(f"foreign processes kept {share:.0%} of {where} busy")
