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
    """Measure and print; a missed target is reported, not an error. With --quick there are none."""
    machine = detect_machine()
    extent = QUICK if arguments.quick else Extent()
    print(f"on {shown(device_label(machine))}; the suite and its yardstick take turns", flush=True)
    print("multiply-adds per image: 4.09 billion in the suite's v1.5, 3.86 billion in Keras's v1")
    if arguments.quick:
        print("quick: tiny images and few turns, to which no target applies; no number is judged")
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
