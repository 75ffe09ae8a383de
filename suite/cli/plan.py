"""`bench.py plan`: what a matrix would run here and what it would skip, with time and memory."""

import argparse
import os

from suite.analysis.memory import capacity_bytes
from suite.cli.chosen_matrix import chosen_matrix
from suite.cli.data_options import data_options
from suite.cli.estimates import estimate_launches
from suite.cli.parser import REPORTS
from suite.formats.plan import PlanLine, plan_text
from suite.machine.devices import detect_machine
from suite.model.device import device_label, device_note
from suite.model.distributed import RankLauncher
from suite.model.errors import ExitCode
from suite.model.matrix import Matrix
from suite.run.flags import command_line, to_arguments
from suite.run.order import LaunchOrder
from suite.run.ranks.command import NoLauncher, choose_launcher, ranks_command_line
from suite.run.session import order_of, plan_launches


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the plan; measures and writes nothing."""
    matrix = chosen_matrix(arguments)
    options = data_options(arguments, matrix)
    machine = detect_machine()
    launcher = choose_launcher(matrix.distributed, os.environ)
    planned = plan_launches(matrix, machine, launcher)
    estimates = estimate_launches(planned, matrix, machine, REPORTS)
    lines = [
        PlanLine(
            cell=launch.cell,
            launch=launch.launch,
            command=_command(order_of(launch, matrix, options), matrix, launcher),
            skip_reason=launch.skip_reason,
            estimate=expected.time,
            memory=expected.memory,
        )
        for launch, expected in zip(planned, estimates, strict=True)
    ]
    label, capacity = device_label(machine), capacity_bytes(machine)
    print(plan_text(matrix, label, device_note(matrix, machine), lines, capacity))
    return ExitCode.GOOD


def _command(order: LaunchOrder, matrix: Matrix, launcher: RankLauncher | NoLauncher) -> str:
    """The command for this launch alone; for several ranks, the one that the runner would use."""
    if order.cell.gpus == 1 or isinstance(launcher, NoLauncher):
        return command_line(order)
    return ranks_command_line(launcher, matrix.distributed, order.cell.gpus, to_arguments(order))
