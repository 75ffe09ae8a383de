"""Every verb and flag of `bench.py`; each verb is a module in this folder."""

import argparse
from pathlib import Path

from suite import __version__
from suite.cli.data_parser import add_data, add_data_directories
from suite.cli.reference_parser import add_reference
from suite.cli.run_parser import add_run_flags
from suite.model.bounds import Bounds
from suite.model.cell import BATCH_SIZES, IMAGE_SIZES, PUBLISHED_IMAGE_SIZE
from suite.model.flag_values import decimal, whole
from suite.model.text import bench, command, program
from suite.store.flags import Parser, path, path_text

_DESCRIPTION = """\
Measure TensorFlow ResNet50 v1.5 on this machine and set the numbers beside NVIDIA's published
tables. Start with: {}"""

_EXIT_CODES = """\
exit codes:
  0    good
  1    regression (a ratio without cautions is below --fail-below)
  2    bad usage or input
  3    some cell failed or is missing
  4    not comparable, or not resumable under these conditions
  5    inconclusive (a number with cautions decides whether --fail-below is reached)
  70   a fault of the suite itself; a file has the traceback
  130  interrupted"""

# Measured / published throughput.
_RATIOS = Bounds(0.001, 1000)

# Where runs are written and searched, relative to the current folder.
REPORTS = Path("reports")


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; the chosen verb is in `verb`."""
    parser: argparse.ArgumentParser = Parser(
        prog=command(program()).removeprefix("python "),
        description=_DESCRIPTION.format(bench("run", "quick")),
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    _add_run(verbs)
    _add_report(verbs)
    _add_compare(verbs)
    listing = _add_verb(verbs, "list", "list the runs under a folder, the newest first")
    listing.add_argument(
        "folder",
        nargs="?",
        type=path,
        default=REPORTS,
        metavar="DIR",
        help="(default: %(default)s)",
    )
    _add_plan(verbs)
    _add_devices(verbs)
    add_reference(verbs)
    add_data(verbs)
    _add_selfcheck(verbs)
    layers = _add_verb(verbs, "layers", "list the network's layers, shapes and parameter counts")
    layers.add_argument(
        "--image_size",
        type=whole(IMAGE_SIZES),
        default=PUBLISHED_IMAGE_SIZE,
        help="(%(default)s)",
    )
    schema = _add_verb(verbs, "schema", "print the JSON Schema of matrix files or of report.json")
    schema.add_argument(
        "of",
        nargs="?",
        choices=("matrix", "report"),
        default="matrix",
        help="matrix files, or the report.json of a run (default: %(default)s)",
    )
    return parser


def _add_verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    return verbs.add_parser(name, help=text, description=text, allow_abbrev=False)


def _add_matrix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("matrix", type=path, help="matrix file, such as matrices/quick.yaml")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="few steps and a time cap per cell; every number is marked quick",
    )
    parser.add_argument(
        "--only",
        metavar="EXPR",
        help="only the cells that match comparisons of axes joined by and, or, not;"
        " such as: 'precision == amp and batch_size >= 8'",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="AXIS=VALUE",
        help="only the cells with this value, or one of several: batch_size=8,16",
    )

    parser.add_argument(
        "--hostfile",
        type=path,
        metavar="FILE",
        help="hosts for cells of several GPUs, in place of the matrix's: lines of 'node1 slots=8',"
        " this machine first",
    )


def _add_run(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(verbs, "run", "measure every cell of a matrix on this machine")
    _add_matrix(parser)
    add_data_directories(parser)
    parser.add_argument(
        "--out",
        type=path,
        default=REPORTS,
        metavar="DIR",
        help="folder in which the run's directory is made (default: %(default)s)",
    )
    parser.add_argument(
        "--require-device",
        action="store_true",
        help="refuse to run on any device but the matrix's, and on the CPU if the machine has a GPU"
        " that cannot be used",
    )
    parser.add_argument(
        "--no-fork-server",
        action="store_true",
        help="start each launch as a program that imports TensorFlow itself, instead of forking it"
        " from a process that has imported it",
    )
    add_run_flags(parser)


def _add_report(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(verbs, "report", "print and write the report of runs again")
    parser.add_argument(
        "runs",
        nargs="*",
        type=path,
        metavar="RUN",
        help=f"run directories, of any machines (default: the newest under {REPORTS})",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder to write into (default: the run's directory)",
    )


def _add_compare(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(verbs, "compare", "set a run beside a published table")
    parser.add_argument(
        "--reference",
        type=path_text,
        metavar="CSV",
        help="published table: t4, dgx1, dgx2, dgxa100, or a CSV file in their form (default: the"
        " one that the run's matrix names)",
    )
    parser.add_argument(
        "--run",
        type=path,
        dest="directory",
        metavar="DIR",
        help=f"run directory (default: the newest under {REPORTS})",
    )
    parser.add_argument(
        "--fail-below",
        type=decimal(_RATIOS),
        metavar="RATIO",
        help="judge: exit 1 when a throughput is less than RATIO times the published one, 3 when a"
        " launch failed or is missing, 5 when a number with cautions decides",
    )
    parser.add_argument(
        "--min-batch",
        type=whole(BATCH_SIZES),
        metavar="N",
        help="with --fail-below, judge only throughputs of batch sizes of N or more",
    )


def _add_plan(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "list every cell of a matrix: its command, what would be skipped, and the time"
    parser = _add_verb(verbs, "plan", text)
    _add_matrix(parser)
    add_data_directories(parser)
    parser.add_argument(
        "--json", action="store_true", help="the launches alone, with their orders, as JSON"
    )


def _add_selfcheck(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "measure the suite itself: its steps against a bare Keras loop, and its timing"
    parser = _add_verb(verbs, "selfcheck", text)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny images and few repetitions, only to see whether it works",
    )


def _add_devices(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _add_verb(
        verbs,
        "devices",
        "show the detected hardware, and the published system that it corresponds to",
    )
    parser.add_argument("--json", action="store_true", help="the same as JSON")
