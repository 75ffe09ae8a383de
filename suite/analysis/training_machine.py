"""What the machine did during the parts of a training, and the energy that it took."""

from collections.abc import Sequence

from suite.analysis.processes import all_reduce_seconds, all_reduce_share, process_telemetry
from suite.analysis.projection import joules_per_image
from suite.model.launch import CautionKind, Launch, Status
from suite.model.training_course import MachineOfPart, TrainingEnergy

# Others are of a measurement, such as that its steps are too few.
_OF_THE_MACHINE = {
    CautionKind.THROTTLED,
    CautionKind.FOREIGN_PROCESS,
    CautionKind.CONTENDED,
    CautionKind.STOLEN,
    CautionKind.MIXED_DEVICES,
}


def machine_of_parts(launches: Sequence[Launch]) -> tuple[MachineOfPart, ...]:
    """One of each part that left a record, in order."""
    return tuple(
        MachineOfPart(
            part=launch.launch,
            processes=tuple(process_telemetry(launch)),
            cautions=tuple(each for each in launch.cautions if each.kind in _OF_THE_MACHINE),
            all_reduce_seconds=all_reduce_seconds(launch),
            all_reduce_share=all_reduce_share(launch),
        )
        for launch in launches
    )


def training_energy(parts: int, launches: Sequence[Launch]) -> TrainingEnergy:
    """The joules of the parts whose counters were read, and why those of others are not known."""
    by_part = {launch.launch: launch for launch in launches}
    joules, sources = [], []
    missing: dict[int, str] = {}
    for part in range(parts):
        launch = by_part.get(part)
        spent = _joules(launch) if launch is not None else None
        if launch is not None and spent is not None:
            joules.append(spent)
            sources += [joules_per_image([launch])[1] or ""]
        else:
            missing[part] = _why_not(launch)
    return TrainingEnergy(
        joules=sum(joules) if joules else None,
        sources=tuple(dict.fromkeys(sources)),
        parts=parts,
        known_parts=len(joules),
        missing=missing,
    )


def _joules(launch: Launch) -> float | None:
    """From after the first step to the end; see `joules_per_image` for what a rank counts."""
    per_image, _ = joules_per_image([launch])
    steps = [each.telemetry.steps for each in (launch.ranks or (launch,)) if each.telemetry]
    return per_image * steps[0] * launch.cell.global_batch_size if per_image else None


def _why_not(launch: Launch | None) -> str:
    if launch is None:
        return "it left no record"
    told = [each.telemetry for each in (launch.ranks or (launch,))]
    if None in told:
        ended = "" if launch.status is Status.OK else f" ({launch.status.words})"
        return f"it left no readings{ended}"
    notes = dict.fromkeys(each.note for each in told if each and not each.energy_joules)
    return "; ".join(notes) or "no energy counter was read"
