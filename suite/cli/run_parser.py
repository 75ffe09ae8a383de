"""The flags of `bench.py run` for resuming, stopping, and what it does with the device."""

import argparse
import re
import reprlib
from collections.abc import Callable

from suite.model.bounds import Bounds
from suite.model.cell import SECONDS
from suite.model.flag_values import whole
from suite.store.flags import path

# Of every verb that measures a matrix.
REQUIRE_DEVICE = (
    "refuse to run on any device but the matrix's, and on the CPU if the machine has a GPU that"
    " cannot be used"
)
_CLOCKS_MHZ = Bounds(1, 100_000)


def duration_seconds(text: str) -> float:
    """A flag's value: `30m`, `90s`, `2h` or `1h30m`, in seconds."""
    found = re.fullmatch(r"(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m)?(?:([0-9]{1,9})s)?", text)
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if total not in SECONDS:
        raise argparse.ArgumentTypeError(
            f"{reprlib.repr(text)} is not a duration such as 30m, 90s or 1h30m, up to"
            f" {SECONDS.highest // 3600}h"
        )
    return float(total)


def add_lock_clocks(add: Callable[..., argparse.Action]) -> None:
    """Add `--lock-clocks`: None, True for the default clock of each GPU, or a clock in MHz."""
    add(
        "--lock-clocks",
        nargs="?",
        const=True,
        type=whole(_CLOCKS_MHZ),
        metavar="MHZ",
        help="hold the graphics clocks of the GPUs used at this speed (default: each GPU's default"
        " clock) until the end, however it comes; needs root",
    )


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Add them; `resume` is None, True for the newest run, or the directory given."""
    add = parser.add_argument_group("going on with an earlier run").add_argument
    add(
        "--resume",
        nargs="?",
        const=True,
        type=path,
        metavar="RUN",
        help="run only what is missing in this run directory (default: the newest run of this"
        " matrix in --out)",
    )
    add(
        "--retry-failed",
        action="store_true",
        help="with --resume, also run what failed or was skipped",
    )
    add(
        "--allow-changes",
        action="store_true",
        help="with --resume, go on with another matrix, software or device, and mark later numbers",
    )
    add = parser.add_argument_group("what starts, and how").add_argument
    add(
        "--max-time",
        type=duration_seconds,
        metavar="TIME",
        help="start no launch after this time (30m, 1h30m); --resume runs the rest",
    )
    add(
        "--no-prune",
        dest="prune",
        action="store_false",
        help="also run cells of which a smaller batch ran out of memory",
    )
    add(
        "--no-fork-server",
        action="store_true",
        help="start each launch as a program that imports TensorFlow itself, instead of forking it"
        " from a process that has imported it",
    )
    add = parser.add_argument_group("the device").add_argument
    add(
        "--require-device",
        action="store_true",
        help=REQUIRE_DEVICE,
    )
    add("--wait", action="store_true", help="wait while another run uses the device")
    add(
        "--exclusive",
        action="store_true",
        help="refuse to start while a foreign process is on the GPU, or if that is unknown; one"
        " that joins later makes the launches beside it invalid",
    )
    add_lock_clocks(add)
