"""Resuming a run: which launches are finished, and what has changed since it began."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from suite.analysis.comparability import software_of_run
from suite.model.cell import Cell
from suite.model.launch import Launch, Status
from suite.model.run import RunHeader

_NAMED_CELLS = 3


def finished(launches: Iterable[Launch], *, retry_failed: bool) -> set[tuple[Cell, int]]:
    """The launches, as (cell, number), that a resumed run keeps.

    Interrupted ones run again; with `retry_failed` everything that is not ok does.
    """
    return {
        (launch.cell, launch.launch)
        for launch in launches
        if launch.status is Status.OK
        or (launch.status is not Status.INTERRUPTED and not retry_failed)
    }


def changes(before: RunHeader, now: RunHeader) -> tuple[str, ...]:
    """What differs between a run and its continuation, one phrase each; empty if nothing does.

    Compares the cells and the protocol of the matrix, the folders of records if known, the device
    and the software.
    """
    return (
        *differences("", {"matrix": before.matrix}, {"matrix": now.matrix}),
        *_cell_changes(before.cells, now.cells),
        *differences("protocol ", asdict(before.protocol), asdict(now.protocol)),
        *(differences("", before.data, now.data) if before.data and now.data else ()),
        *differences("", _device(before), _device(now)),
        # Earlier versions of the suite did not record all of them.
        *differences("", software_of_run(before), software_of_run(now)),
    )


def _device(header: RunHeader) -> dict[str, object]:
    found = header.machine.get("gpus")
    gpus = [
        gpu if isinstance(gpu, Mapping) else {}
        for gpu in (found if isinstance(found, list | tuple) else [])
    ]
    return {
        "device": header.device,
        "GPUs": [gpu.get("uuid") for gpu in gpus],
        "power limits in W": [gpu.get("power_limit_watts") for gpu in gpus],
        "locked clocks in MHz": [
            gpu["locked_clock_mhz"] for gpu in gpus if gpu.get("locked_clock_mhz") is not None
        ],
    }


def _cell_changes(before: Sequence[str], now: Sequence[str]) -> list[str]:
    sides = (("without", set(now), before), ("with", set(before), now))
    found = []
    for word, others, cells in sides:
        changed = [cell for cell in cells if cell not in others]
        more = len(changed) - _NAMED_CELLS
        names = ", ".join(changed[:_NAMED_CELLS]) + (f" and {more} more" if more > 0 else "")
        found += [f"matrix now {word} {names}"] if changed else []
    return found


def differences(prefix: str, before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """`name old -> new` for each thing of `before` that is not the same now, nested ones too."""
    found = []
    for name, old in before.items():
        new = now.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            names = dict.fromkeys([*old, *new])
            found += differences("", {n: old.get(n) for n in names}, new)
        elif old != new:
            found.append(f"{prefix}{name} {old} -> {new}")
    return found
