"""`bench.py selfcheck`: the suite's promises about itself, measured on this machine."""

import argparse
from dataclasses import replace

from suite.cli.terminal import text_width
from suite.formats.checks import checks_text, left_out_text, verdict
from suite.machine.devices import detect_machine
from suite.model.check import LeftOut
from suite.model.device import device_label
from suite.model.errors import ExitCode
from suite.model.text import shown
from suite.run.selfcheck import QUICK, Extent, run_checks


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure and print; a target that is not met is said, not an error. Quick ones have none."""
    machine = detect_machine()
    extent = QUICK if arguments.quick else Extent()
    print(f"on {shown(device_label(machine))}; ours and its yardstick take turns", flush=True)
    print("per image, ours (v1.5) does 4.09 billion multiply-adds and Keras's (v1) 3.86 billion")
    if arguments.quick:
        print(
            "quick: tiny images and few turns, which the targets are not for; no number is judged"
        )
    checks = []
    for made in run_checks(extent, on_gpu=bool(machine.gpus)):
        if isinstance(made, LeftOut):
            print(left_out_text(made), flush=True)
            continue
        check = replace(made, target=None) if arguments.quick else made
        print(f"  {check.name}: {verdict(check)}", flush=True)
        checks.append(check)
    print(f"\n{checks_text(checks, text_width())}")
    return ExitCode.GOOD
