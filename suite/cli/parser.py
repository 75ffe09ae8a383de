"""Every verb and flag of `bench.py`; the verbs themselves are the modules beside this one."""

import argparse
from pathlib import Path
from typing import NoReturn

from suite import __version__
from suite.cli.reference_parser import add_reference
from suite.core.errors import InputError

_DESCRIPTION = """\
Measure TensorFlow ResNet50 v1.5 on this machine and set the numbers beside NVIDIA's published
tables. Start with: python bench.py run matrices/quick.yaml"""

_EXIT_CODES = """\
exit codes:
  0    good
  1    regression
  2    bad usage or input
  3    some cell failed or is missing
  4    not comparable
  5    inconclusive (only with --strict)
  130  interrupted"""

# Where runs go and are looked for, relative to the folder of the call.
REPORTS = Path("reports")


class Parser(argparse.ArgumentParser):
    """argparse with the suite's own way to report bad usage: one line, raised, not printed."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{self.prog}: {message}; see --help")


def positive_number(text: str) -> float:
    """A flag's value: a finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def positive_count(text: str) -> int:
    """A flag's value: a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; the chosen verb is in `verb`."""
    parser: argparse.ArgumentParser = Parser(
        prog="bench.py",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    _add_run(verbs)
    _add_compare(verbs)
    _add_plan(verbs)
    _add_devices(verbs)
    add_reference(verbs)
    _add_verb(verbs, "schema", "print the JSON Schema of matrix files, for editors")
    return parser


def _add_verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=text, description=text, allow_abbrev=False)


def _add_matrix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("matrix", type=Path, help="matrix file, such as matrices/quick.yaml")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="few steps and a time cap per cell, and every number marked quick",
    )


def _add_run(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(verbs, "run", "measure every cell of a matrix on this machine")
    _add_matrix(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=REPORTS,
        metavar="DIR",
        help="folder in which the run's directory is made (default: %(default)s)",
    )
    parser.add_argument(
        "--require-device",
        action="store_true",
        help="refuse to run on another device than the matrix is for",
    )
    parser.add_argument(
        "--no-fork-server",
        action="store_true",
        help="start each launch as a program that imports TensorFlow itself, instead of forking it"
        " from a process that has done so",
    )


def _add_compare(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(verbs, "compare", "set a run beside a published table")
    parser.add_argument(
        "--reference",
        type=Path,
        required=True,
        metavar="CSV",
        help="published table, such as reference/t4.csv",
    )
    parser.add_argument(
        "--run",
        type=Path,
        dest="directory",
        metavar="DIR",
        help=f"run directory (default: the newest under {REPORTS})",
    )
    parser.add_argument(
        "--fail-below",
        type=positive_number,
        metavar="RATIO",
        help="exit 1 when a throughput is less than RATIO times the published one",
    )
    parser.add_argument(
        "--min-batch",
        type=positive_count,
        metavar="N",
        help="with --fail-below, count batch sizes from N on only",
    )


def _add_plan(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "list every cell of a matrix: its command, what would be skipped, and the time"
    _add_matrix(_add_verb(verbs, "plan", text))


def _add_devices(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(
        verbs, "devices", "say what hardware was detected, and what it corresponds to"
    )
    parser.add_argument("--json", action="store_true", help="the same as JSON")
