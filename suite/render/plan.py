"""A plan as text: every launch, its command, and the time it is expected to take."""

from collections.abc import Sequence
from dataclasses import dataclass

from suite.core.cell import Cell, Protocol
from suite.core.estimate import Estimate
from suite.core.matrix import Matrix
from suite.render.numbers import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One planned launch, ready to be written."""

    cell: Cell
    launch: int
    command: str
    skip_reason: str | None
    estimate: Estimate | None


def plan_text(matrix: Matrix, device: str, mismatch: str | None, lines: Sequence[PlanLine]) -> str:
    """The plan: a head, two lines per launch, and the total."""
    protocol = matrix.protocol
    parts = [
        f"{matrix.name}: {matrix.purpose}",
        f"on {device}" + (f" (note: {mismatch})" if mismatch else ""),
        protocol_text(protocol),
        *([f"selected by {matrix.selection}"] if matrix.selection else []),
        "",
    ]
    for line in lines:
        repeat = f" (launch {line.launch + 1})" if protocol.launches > 1 else ""
        parts += [f"{line.cell.id}{repeat}  {_fate(line)}", f"    {line.command}"]
    return "\n".join([*parts, "", _total(lines)])


def protocol_text(protocol: Protocol) -> str:
    """A protocol in a line: `50 warm-up and 350 measured steps, 1 launch per cell`."""
    launches = "1 launch" if protocol.launches == 1 else f"{protocol.launches} launches"
    cap = f", at most {duration(protocol.max_seconds)} each" if protocol.max_seconds else ""
    return (
        f"{'quick protocol: ' if protocol.quick else ''}{protocol.warmup_steps} warm-up and"
        f" {protocol.measured_steps} measured steps, {launches} per cell{cap}"
    )


def _fate(line: PlanLine) -> str:
    if line.skip_reason is not None:
        return f"skipped: {line.skip_reason}"
    if line.estimate is None:
        return "time unknown"
    return f"about {duration(line.estimate.seconds)} (from {line.estimate.source})"


def _total(lines: Sequence[PlanLine]) -> str:
    runs = [line for line in lines if line.skip_reason is None]
    known = [line.estimate.seconds for line in runs if line.estimate is not None]
    skipped = len(lines) - len(runs)
    time = f"about {duration(sum(known))}" if known else "time unknown"
    unknown = (
        f" and {len(runs) - len(known)} of unknown time" if known and len(known) < len(runs) else ""
    )
    return f"{len(runs)} launches to run, {skipped} skipped: {time}{unknown}"
