"""`bench.py doctor`: what on this machine makes numbers noisy or wrong, and what mends it."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace

from suite import kernels
from suite.cli.terminal import text_width
from suite.formats.findings import findings_text, run_note
from suite.machine.devices import detect_machine
from suite.machine.doctor import examine
from suite.model.cell import Cell, KernelName
from suite.model.device import Gpu, Machine
from suite.model.errors import ExitCode
from suite.model.finding import Diagnosis, merged
from suite.store.text import json_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the diagnosis, as text or as JSON; exit 3 if it has findings."""
    diagnosis = _diagnosis(detect_machine(), {KernelName.RESNET50})
    if arguments.json:
        print(json_text(_fields(diagnosis), indent=2))
    else:
        print(findings_text(diagnosis, text_width()))
    return ExitCode.CELL_FAILED if diagnosis.findings else ExitCode.GOOD


def diagnosis_for(cells: Sequence[Cell], used: Sequence[Gpu], machine: Machine) -> Diagnosis | None:
    """What makes numbers of these cells noisy or wrong, on the GPUs of the machine that they use.

    None where every cell is of the simulated kernel, whose numbers mean nothing.
    """
    measured = {cell.kernel for cell in cells} - {KernelName.SIMULATED}
    if not measured:
        return None
    return _diagnosis(replace(machine, gpus=tuple(used)), measured)


def say_findings(diagnosis: Diagnosis | None) -> None:
    """Print them in one line before a run, if there are any."""
    note = run_note(diagnosis) if diagnosis else None
    if note:
        print(f"note: {note}", flush=True)


def recorded_findings(diagnosis: Diagnosis | None) -> dict[str, object]:
    """What the environment of a run records of it; nothing where nothing was examined."""
    if diagnosis is None:
        return {}
    found = [
        {"kind": each.kind.value, "evidence": each.evidence, "remedy": each.remedy}
        for each in diagnosis.findings
    ]
    return {"findings": found}


def _fields(diagnosis: Diagnosis) -> dict[str, object]:
    return {
        "findings": [asdict(each) for each in diagnosis.findings],
        "notes": [asdict(each) for each in diagnosis.notes],
        "unchecked": [asdict(each) for each in diagnosis.unchecked],
        "clean": diagnosis.clean,
    }


def _diagnosis(machine: Machine, measured: set[KernelName]) -> Diagnosis:
    return merged(
        *(kernels.framework(kernel).diagnosis(machine) for kernel in sorted(measured)),
        examine(machine),
    )
