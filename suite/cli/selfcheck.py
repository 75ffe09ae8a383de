"""`bench.py selfcheck`: the suite's promises about itself, measured on this machine."""

import argparse

from suite.cli.streams import text_width
from suite.core.check import LeftOut
from suite.core.device import device_label
from suite.core.errors import ExitCode, InputError
from suite.kernels.interface import InvalidLaunchError, MissingComponentError
from suite.measure.devices import detect_machine
from suite.render.checks import checks_text, verdict
from suite.runner.selfcheck import QUICK, Extent, run_checks


def run(arguments: argparse.Namespace) -> ExitCode:
    """Measure and print; a target that is not met is said, not an error."""
    machine = detect_machine()
    extent = QUICK if arguments.quick else Extent()
    print(f"on {device_label(machine)}; ours and its yardstick take turns", flush=True)
    print("per image, ours (v1.5) does 4.09 billion multiply-adds and Keras's (v1) 3.86 billion")
    if arguments.quick:
        print("quick: tiny images and few turns; the targets are meant for the full check")
    checks = []
    try:
        for check in run_checks(extent, on_gpu=bool(machine.gpus)):
            if isinstance(check, LeftOut):
                print(f"  {check.name}: left out, {check.reason}", flush=True)
                continue
            print(f"  {check.name}: {verdict(check)}", flush=True)
            checks.append(check)
    except (MissingComponentError, InvalidLaunchError) as error:
        raise InputError(str(error)) from None
    print(f"\n{checks_text(checks, text_width())}")
    return ExitCode.GOOD
