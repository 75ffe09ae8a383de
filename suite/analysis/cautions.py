"""The doubts that a launch's own samples and telemetry raise about its number."""

from collections.abc import Sequence

from suite.analysis.steadiness import unsteadiness
from suite.model.launch import Caution, CautionKind
from suite.model.telemetry import Telemetry, others_cpu_share

# A GPU slowed for one of these ran below what it can do for long. The others are how a GPU
# normally runs: a T4 is at its power cap whenever it is busy, and clocks may be set by a person.
SLOWDOWNS = ("hardware slowdown", "heat (driver)", "heat (hardware)", "power brake")

# Other processes that keep more of a CPU busy than this slow the launch by about as much.
LARGEST_OTHERS_SHARE = 0.1

# Steps take longer by about the share of time that a hypervisor gives to other machines. 2 % is
# what launches of a cell commonly differ by, and twice what the coarse clock of one CPU (hundredths
# of a second) leaves unsure in the shortest launch that has a share.
LARGEST_STOLEN_SHARE = 0.02


def measured_cautions(
    step_seconds: Sequence[float], telemetry: Telemetry | None
) -> tuple[Caution, ...]:
    """Unsteady steps, a throttled GPU, somebody else on it, stolen time; each with its remedy."""
    cautions = []
    found = unsteadiness(step_seconds)
    if found is not None:
        text = f"{found.reason}; {found.remedy}"
        cautions.append(Caution(CautionKind.UNSTEADY, text))
    if telemetry is not None:
        cautions += _telemetry_cautions(telemetry)
    return tuple(cautions)


def _telemetry_cautions(telemetry: Telemetry) -> list[Caution]:
    cautions = []
    told = telemetry.throttle_readings or telemetry.readings
    slowed = [
        f"{reason} in {share:.0%} of {told} readings"
        for reason, share in (telemetry.throttling or {}).items()
        if reason in SLOWDOWNS
    ]
    if slowed:
        text = f"the GPU was throttled: {', '.join(slowed)}; see to its cooling and power supply"
        cautions.append(Caution(CautionKind.THROTTLED, text))
    if telemetry.foreign_processes:
        others = ", ".join(telemetry.foreign_processes)
        text = f"not alone on the GPU: {others}; end it, or choose a free GPU"
        cautions.append(Caution(CautionKind.FOREIGN_PROCESS, text))
    stolen = telemetry.stolen_share
    if stolen is not None and stolen > LARGEST_STOLEN_SHARE:
        text = (
            f"the hypervisor gave {stolen:.0%} of the CPUs' time to other machines; measure when"
            " they are quiet, or on a machine of your own"
        )
        cautions.append(Caution(CautionKind.STOLEN, text))
    return cautions


def contention(launch_telemetry: Sequence[Telemetry], where: str = "the CPU") -> Caution | None:
    """A doubt if others were busy beside these processes of one launch, which shared a host."""
    share = others_cpu_share(launch_telemetry)
    if share is None or share <= LARGEST_OTHERS_SHARE:
        return None
    text = f"other processes kept {share:.0%} of {where} busy; end them and measure again"
    return Caution(CautionKind.CONTENDED, text)
