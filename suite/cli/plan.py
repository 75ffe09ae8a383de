"""`bench.py plan`: what a matrix would run here and what not, and the time and memory it takes."""

import argparse
from dataclasses import replace

from suite.cli.data_options import data_options
from suite.cli.estimates import estimate_launches
from suite.cli.parser import REPORTS
from suite.cli.selection import narrowed
from suite.core.cell import quick_protocol
from suite.core.device import device_label, device_mismatch
from suite.core.errors import ExitCode
from suite.core.memory import capacity_bytes
from suite.files.matrices import read_matrix
from suite.measure.devices import detect_machine
from suite.render.plan import PlanLine, plan_text
from suite.runner.command import command_line
from suite.runner.session import order_of, plan_launches


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the plan; measures and writes nothing."""
    matrix = narrowed(read_matrix(arguments.matrix), arguments.only, arguments.settings)
    if arguments.quick:
        matrix = replace(matrix, protocol=quick_protocol(matrix.protocol))
    options = data_options(arguments, matrix)
    machine = detect_machine()
    planned = plan_launches(matrix, machine)
    estimates = estimate_launches(planned, matrix, machine, REPORTS)
    lines = [
        PlanLine(
            cell=launch.cell,
            launch=launch.launch,
            command=command_line(order_of(launch, matrix, options)),
            skip_reason=launch.skip_reason,
            estimate=expected.time,
            memory=expected.memory,
        )
        for launch, expected in zip(planned, estimates, strict=True)
    ]
    mismatch = device_mismatch(matrix.device, machine)
    label, capacity = device_label(machine), capacity_bytes(machine)
    print(plan_text(matrix, label, mismatch, lines, capacity))
    return ExitCode.GOOD
