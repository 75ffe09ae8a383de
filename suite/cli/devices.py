"""`bench.py devices`: the detected hardware, and the published system that it corresponds to."""

import argparse
from dataclasses import asdict

from suite.formats.devices import devices_text
from suite.machine.devices import detect_machine
from suite.model.device import published_system
from suite.model.errors import ExitCode
from suite.store.text import json_text


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the machine, as text or as JSON."""
    machine = detect_machine()
    if arguments.json:
        system = published_system(machine)
        print(json_text({**asdict(machine), "published_system": system and system.key}, indent=2))
    else:
        print(devices_text(machine))
    return ExitCode.GOOD
