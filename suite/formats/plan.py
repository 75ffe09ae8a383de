"""A plan as text: every launch, its command, and the time and memory it is expected to take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suite.analysis.estimate import Estimate
from suite.analysis.memory import MemoryEstimate
from suite.formats.numbers import duration
from suite.formats.tables import TEXT_WIDTH, folded_command, paragraph
from suite.model.cell import Cell, Protocol
from suite.model.matrix import Matrix
from suite.model.text import shown

# More names than that say no more to a reader; every launch's own line has its number.
_NAMED_CELLS = 8
# Of what belongs to the launch above it.
_INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One planned launch, ready to be written."""

    cell: Cell
    launch: int
    command: str
    skip_reason: str | None
    estimate: Estimate | None
    memory: MemoryEstimate | None


def plan_text(
    matrix: Matrix,
    device: str,
    note: str | None,
    lines: Sequence[PlanLine],
    too_large: Sequence[str],
    width: int = TEXT_WIDTH,
) -> str:
    """The plan: a head, each launch and its command, the total, and what memory is too small for.

    `note` is what there is to say of the device, and `too_large` has a line (see `no_fit_text`) for
    each type of GPU whose memory will not be enough.
    """
    protocol = matrix.protocol
    head = [
        f"{shown(matrix.name)}: {shown(matrix.purpose)}",
        f"on {shown(device)}" + (f" (note: {shown(note)})" if note else ""),
        protocol_text(protocol),
        *([f"selected by {shown(matrix.selection)}"] if matrix.selection else []),
    ]
    parts = [*(paragraph(text, width, hanging=_INDENT) for text in head), ""]
    for line in lines:
        repeat = f" (launch {line.launch + 1})" if protocol.launches > 1 else ""
        fate = f"{line.cell.id}{repeat}  {_fate(line)}"
        parts.append(paragraph(fate, width, hanging=_INDENT))
        parts.append(folded_command(line.command, width, _INDENT))
    ends = (paragraph(text, width, hanging=_INDENT) for text in (_total(lines), *too_large))
    return "\n".join([*parts, "", *ends])


def no_fit_text(
    needs: Iterable[tuple[Cell, MemoryEstimate | None]], capacity_bytes: int | None
) -> str | None:
    """One line on the cells that are not expected to fit the device's memory, or None."""
    found = {cell: need for cell, need in needs if need and not need.fits(capacity_bytes)}
    if not found:
        return None
    names = [
        f"{cell.id} ({'ran out in' if need.ran_out else f'{_gib(need.peak_bytes)},'} {need.source})"
        for cell, need in found.items()
    ]
    more = len(names) - _NAMED_CELLS
    listed = ", ".join(names[:_NAMED_CELLS]) + (f" and {more} more" if more > 0 else "")
    has = f" (the device has {_gib(capacity_bytes)})" if capacity_bytes else ""
    return f"estimated not to fit in memory{has}: {listed}"


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
        return f"skipped: {shown(line.skip_reason)}"
    time, memory = line.estimate, line.memory
    parts = ["time unknown"] if time is None else [f"about {duration(time.seconds)}"]
    if time is not None and (memory is None or memory.ran_out or memory.source != time.source):
        parts[0] += f" (from {time.source})"
    if memory is not None:
        need = "too much memory" if memory.ran_out else f"estimated {_gib(memory.peak_bytes)}"
        parts.append(f"{need} (from {memory.source})")
    return ", ".join(parts)


def _gib(count: float) -> str:
    return f"{count / 2**30:.1f} GiB"


def _total(lines: Sequence[PlanLine]) -> str:
    runs = [line for line in lines if line.skip_reason is None]
    known = [line.estimate.seconds for line in runs if line.estimate is not None]
    skipped = len(lines) - len(runs)
    time = f"about {duration(sum(known))}" if known else "time unknown"
    unknown = (
        f" and {len(runs) - len(known)} of unknown time" if known and len(known) < len(runs) else ""
    )
    return f"{len(runs)} launches to run, {skipped} skipped: {time}{unknown}"
