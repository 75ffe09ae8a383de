"""`bench.py plan`: what a matrix would run here and what it would skip, with time and memory."""

import argparse
import os

from suite.cli.chosen_matrix import chosen_matrix
from suite.cli.data_options import data_options
from suite.cli.estimates import estimate_launches, no_fit_lines
from suite.cli.parser import REPORTS
from suite.cli.terminal import text_width
from suite.formats.plan import PlanLine, plan_text
from suite.machine.devices import detect_machine
from suite.model.device import device_note, run_label
from suite.model.distributed import RankLauncher
from suite.model.errors import ExitCode
from suite.model.matrix import Matrix
from suite.model.text import command
from suite.run.flags import command_line, to_arguments
from suite.run.plan import VISIBLE_DEVICES, PlannedLaunch, encode_plan, plan_launches
from suite.run.ranks.command import NoLauncher, choose_launcher, ranks_command_line


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the plan, as text or as JSON; measures and writes nothing."""
    matrix = chosen_matrix(arguments)
    options = data_options(arguments, matrix)
    machine = detect_machine()
    launcher = choose_launcher(matrix.distributed, os.environ)
    plan = plan_launches(matrix, machine, options, launcher)
    if arguments.json:
        print(encode_plan(plan))
        return ExitCode.GOOD
    estimates = estimate_launches(plan.launches, matrix, machine, REPORTS)
    lines = [
        PlanLine(
            cell=launch.cell,
            launch=launch.launch,
            command=_command(launch, matrix, launcher),
            skip_reason=launch.skip_reason,
            estimate=expected.time,
            memory=expected.memory,
        )
        for launch, expected in zip(plan.launches, estimates, strict=True)
    ]
    too_large = no_fit_lines(plan.launches, estimates, machine)
    label, note = run_label(matrix.cells, machine), device_note(matrix, machine)
    print(plan_text(matrix, label, note, lines, too_large, text_width()))
    return ExitCode.GOOD


def _command(planned: PlannedLaunch, matrix: Matrix, launcher: RankLauncher | NoLauncher) -> str:
    """The command for this launch alone; for several ranks, the one that the runner would use."""
    order, distributed = planned.order, matrix.distributed
    visible = planned.environment.get(VISIBLE_DEVICES)
    setting = "" if visible is None else command(["env", f"{VISIBLE_DEVICES}={visible}"]) + " "
    if order.cell.gpus == 1 or isinstance(launcher, NoLauncher):
        return setting + command_line(order)
    arguments = to_arguments(order)
    return setting + ranks_command_line(launcher, distributed, order.cell.gpus, arguments)
