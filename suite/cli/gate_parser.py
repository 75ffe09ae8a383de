"""The flags of `bench.py gate`: what is compared, and how what is open is decided."""

import argparse

from suite.cli.run_parser import duration_seconds
from suite.cli.verb_parser import Verbs, add_verb
from suite.store.flags import path


def add_gate(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    """Add the verb with its action `selftest`; `action` is None for the gate itself."""
    parser = add_verb(
        verbs,
        "gate",
        "judge each cell of a run beside a stored baseline",
        ("gate", "--baseline", "baselines/t4.json"),
        ("gate", "--baseline", "baselines/t4.json", "--confirm", "--strict"),
        ("gate", "--baseline", "t4.json", "--explain", "inference-fp32-bs1-1gpu"),
        ("gate", "selftest", "reports/run-a"),
    )
    add = parser.add_argument_group("what is compared").add_argument
    add(
        "--baseline",
        type=path,
        metavar="FILE",
        help="a baseline that was saved, or a run directory, which is one of a single session",
    )
    add(
        "--run",
        type=path,
        dest="run_directory",
        metavar="RUN",
        help="run directory (default: the newest under reports)",
    )
    add("--rules", type=path, metavar="FILE", help="rules in YAML (default: those of docs/gate.md)")
    add = parser.add_argument_group("deciding what the baseline leaves open").add_argument
    add(
        "--confirm",
        action="store_true",
        help="measure open cells again, today's code and the baseline's in turn, and judge by that",
    )
    add(
        "--base",
        action="append",
        default=[],
        metavar="SIDE",
        help="the baseline's side of that, as for ab: ref=REVISION, python=PATH or env:NAME=VALUE,"
        " or none if it cannot be built (default: the commit that the baseline recorded)",
    )
    add(
        "--ab",
        type=path,
        metavar="DIR",
        help="judge by the pairs in the directory of an A/B of these two, measured before",
    )
    add("--resume", type=path, metavar="DIR", help="with --confirm, go on with its A/B")
    add(
        "--max-time",
        type=duration_seconds,
        metavar="TIME",
        help="with --confirm, start no pair of launches after this time (30m, 1h30m)",
    )
    add(
        "--wait", action="store_true", help="with --confirm, wait while another run uses the device"
    )
    add = parser.add_argument_group("what comes of it").add_argument
    add(
        "--explain",
        metavar="CELL",
        help="print the launches, the interval and the arithmetic behind the verdicts on a cell",
    )
    add(
        "--strict",
        action="store_true",
        help="exit with 5 where a cell is inconclusive and none has regressed",
    )
    add(
        "--out",
        type=path,
        metavar="DIR",
        help="folder to write into (default: the directory of the run)",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action")
    selftest = add_verb(
        actions,
        "selftest",
        "tell from recorded launches what loss the gate finds here",
        ("gate", "selftest", "reports/run-a"),
    )
    selftest.add_argument(
        "runs",
        nargs="*",
        type=path,
        metavar="RUN",
        help="run directories, or those of an A/B (default: the newest run under reports)",
    )
    selftest.add_argument("--json", action="store_true", help="the same as JSON")
