"""`--lock-clocks` of `bench.py run` and `ab`: GPUs that keep one clock until the end."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from suite.model.cell import Cell
from suite.model.device import Machine, used_gpus
from suite.model.text import shown
from suite.run.clocks import hold_clocks
from suite.run.locks import lock_names, locks_for


def devices_to_hold(
    arguments: argparse.Namespace, cells: Sequence[Cell], machine: Machine
) -> tuple[str, ...]:
    """The devices that these cells use, and those whose clocks are to be locked, whatever runs."""
    locks = locks_for(cells, machine)
    used = used_gpus(cells, machine)
    if arguments.lock_clocks is None or not used:
        return locks
    return tuple(sorted({*locks, *lock_names(replace(machine, gpus=used))}))


@contextmanager
def clocks_as_asked(
    arguments: argparse.Namespace, cells: Sequence[Cell], machine: Machine
) -> Iterator[Machine]:
    """Lock clocks if asked to, and say so; yields the machine with what they are locked at.

    Raises:
        InputError: they cannot be locked.
    """
    if arguments.lock_clocks is None:
        yield machine
        return
    used = used_gpus(cells, machine)
    if not used:
        print("note: --lock-clocks has no effect without a GPU", flush=True)
        yield machine
        return
    mhz = None if arguments.lock_clocks is True else arguments.lock_clocks
    with hold_clocks(used, mhz, _say_problem) as held:
        for gpu in held:
            print(
                f"clock locked until the end: GPU {gpu.index} ({shown(gpu.name)}) at"
                f" {gpu.locked_clock_mhz} MHz",
                flush=True,
            )
        locked = dict(zip(used, held, strict=True))
        yield replace(machine, gpus=tuple(locked.get(gpu, gpu) for gpu in machine.gpus))


def _say_problem(text: str) -> None:
    print(f"note: {shown(text)}", flush=True)
