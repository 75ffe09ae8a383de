"""`bench.py devices`: what hardware was detected, and which published system it corresponds to."""

import argparse
from dataclasses import asdict

from suite.core.device import published_system
from suite.core.errors import ExitCode
from suite.files.text import json_text
from suite.measure.devices import detect_machine
from suite.render.devices import devices_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the machine, as text or as JSON."""
    machine = detect_machine()
    if arguments.json:
        system = published_system(machine)
        print(json_text({**asdict(machine), "published_system": system and system.key}, indent=2))
    else:
        print(devices_text(machine))
    return ExitCode.GOOD
