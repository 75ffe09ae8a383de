"""The flags of `bench.py ab`: its sides, its rounds, and what ends it."""

import argparse

from suite.cli.run_parser import REQUIRE_DEVICE, add_lock_clocks, duration_seconds
from suite.model.bounds import Bounds
from suite.model.flag_values import whole
from suite.store.flags import path

_ROUNDS = Bounds(3, 1000)
_SIDE = (
    "what is different on side {}: unchanged, python=PATH (another Python and its TensorFlow),"
    " ref=REVISION (another commit of the suite), env:NAME=VALUE, or a condition of cells such as"
    " xla_mode=auto_clustering; may be given several times"
)


def add_ab_flags(parser: argparse.ArgumentParser) -> None:
    """Add them; `a` and `b` are lists of what is different on a side."""
    add = parser.add_argument_group("the two sides").add_argument
    for name in "ab":
        add(
            f"--{name}",
            action="append",
            required=True,
            metavar="SIDE",
            help=_SIDE.format(name),
        )
    add = parser.add_argument_group("how long it goes on").add_argument
    add(
        "--rounds",
        type=whole(_ROUNDS),
        metavar="N",
        help="judge once, after N rounds (default: after 5, 10, 15 and 20, and a cell is not"
        " measured any more once it is decided)",
    )
    add(
        "--max-time",
        type=duration_seconds,
        metavar="TIME",
        help="start no pair of launches after this time (30m, 1h30m); --resume goes on",
    )
    add(
        "--resume",
        type=path,
        metavar="DIR",
        help="go on with the A/B in this directory, with the same sides",
    )
    add(
        "--strict",
        action="store_true",
        help="exit with 5 where a cell is inconclusive and none has regressed",
    )
    add = parser.add_argument_group("the device").add_argument
    add("--require-device", action="store_true", help=REQUIRE_DEVICE)
    add("--wait", action="store_true", help="wait while another run uses the device")
    add_lock_clocks(add)
