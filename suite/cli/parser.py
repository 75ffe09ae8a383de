"""Every verb and flag of `bench.py`; each verb is a module in this folder."""

import argparse
from pathlib import Path

from suite import __version__
from suite.cli.ab_parser import add_ab_flags
from suite.cli.baseline_parser import add_baseline
from suite.cli.data_parser import add_data, add_data_directories
from suite.cli.gate_parser import add_gate
from suite.cli.models_parser import add_evaluate, add_export, add_predict
from suite.cli.reference_parser import add_reference
from suite.cli.run_parser import add_run_flags
from suite.cli.training_parser import add_project, add_train
from suite.cli.verb_parser import Help, Verbs, add_verb
from suite.model.bounds import Bounds
from suite.model.cell import BATCH_SIZES, IMAGE_SIZES, PUBLISHED_IMAGE_SIZE
from suite.model.flag_values import decimal, whole
from suite.model.text import bench, command, program
from suite.store.flags import Parser, chosen, path, path_text

_DESCRIPTION = """\
Measure TensorFlow ResNet50 v1.5 on this machine and set the numbers beside
NVIDIA's published tables. Start with: {}"""

_EXIT_CODES = """\
exit codes:
  0    good
  1    regression (a ratio without cautions is below --fail-below, or ab or gate
       shows that a cell became slower)
  2    bad usage or input
  3    some cell failed or is missing, or doctor found something
  4    not comparable, or not resumable under these conditions
  5    inconclusive (a number with cautions decides for --fail-below, or a cell
       of ab --strict or gate --strict is undecided)
  70   a fault of the suite itself; a file has the traceback
  130  interrupted"""

# Measured / published throughput.
_RATIOS = Bounds(0.001, 1000)

# What a report is written as; `suite.cli.reporting` has the files of each.
REPORT_FORMATS = ("html", "md", "json", "csv", "junit", "plots")

# Where runs are written and searched, relative to the current folder.
REPORTS = Path("reports")


def make_parser(kind: type[argparse.ArgumentParser] = Parser) -> argparse.ArgumentParser:
    """The parser of the whole command line; the chosen verb is in `verb`."""
    parser = kind(
        prog=command(program()).removeprefix("python "),
        description=_DESCRIPTION.format(bench("run", "quick")),
        epilog=_EXIT_CODES,
        formatter_class=Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb", required=True)
    _add_run(verbs)
    _add_report(verbs)
    _add_compare(verbs)
    _add_ab(verbs)
    add_train(verbs, REPORTS)
    add_project(verbs, REPORTS)
    add_evaluate(verbs, REPORTS)
    add_predict(verbs)
    add_export(verbs)
    add_gate(verbs)
    text = "list the runs and the trainings under a folder, the newest first"
    listing = add_verb(verbs, "list", text, ("list",))
    listing.add_argument(
        "folder",
        nargs="?",
        type=path,
        default=REPORTS,
        metavar="DIR",
        help="(default: %(default)s)",
    )
    _add_history(verbs)
    add_baseline(verbs)
    _add_plan(verbs)
    _add_devices(verbs)
    _add_doctor(verbs)
    add_reference(verbs)
    add_data(verbs)
    _add_selfcheck(verbs)
    text = "list the network's layers, shapes and parameter counts"
    layers = add_verb(verbs, "layers", text, ("layers", "--image_size", "160"))
    layers.add_argument(
        "--image_size",
        type=whole(IMAGE_SIZES),
        default=PUBLISHED_IMAGE_SIZE,
        help="(%(default)s)",
    )
    text = "print the JSON Schema of a file that people or the suite write"
    schema = add_verb(verbs, "schema", text, ("schema", "report"))
    schema.add_argument(
        "of",
        nargs="?",
        choices=("matrix", "report", "ab", "gate", "rules", "baseline"),
        default="matrix",
        help="matrix files, report.json of a run, ab.json of an A/B, gate.json of a gate, the rules"
        " of a gate, or stored baselines (default: %(default)s)",
    )
    return parser


def _add_matrix(parser: argparse.ArgumentParser, *, has_ranks: bool = True) -> None:
    """A matrix and the flags that choose of it; `has_ranks` for a verb that takes several GPUs."""
    parser.add_argument(
        "matrix",
        type=path,
        metavar="MATRIX",
        help="a matrix of the suite by name, such as quick, or a file",
    )
    add = parser.add_argument_group("which cells").add_argument
    add(
        "--only",
        metavar="EXPR",
        help="only the cells that match comparisons of axes joined by and, or, not;"
        " such as: 'precision == amp and batch_size >= 8'",
    )
    add(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="AXIS=VALUE",
        help="only the cells with this value, or one of several: batch_size=8,16",
    )
    add(
        "--cell",
        action="append",
        default=[],
        dest="cell_ids",
        metavar="ID",
        help="only the cell with this id; may be given several times",
    )
    add = parser.add_argument_group("how and where they are measured").add_argument
    add(
        "--quick",
        action="store_true",
        help="few steps and a time cap per cell; every number is marked quick",
    )
    if not has_ranks:
        parser.set_defaults(hostfile=None)
        return
    add(
        "--hostfile",
        type=path,
        metavar="FILE",
        help="hosts for cells of several GPUs, in place of the matrix's: lines of 'node1 slots=8',"
        " this machine first",
    )


def _add_run(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    parser = add_verb(
        verbs,
        "run",
        "measure every cell of a matrix on this machine",
        ("run", "quick"),
        ("run", "t4_inference", "--only", "precision == amp", "--max-time", "30m"),
        ("run", "t4_inference", "--resume"),
    )
    parser.add_argument(
        "--out",
        type=path,
        default=REPORTS,
        metavar="DIR",
        help="folder in which the run's directory is made (default: %(default)s)",
    )
    _add_matrix(parser)
    add_data_directories(parser)
    add_run_flags(parser)


def _add_ab(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    parser = add_verb(
        verbs,
        "ab",
        "measure two sides in turn, and judge each cell",
        ("ab", "t4_inference", "--a", "unchanged", "--b", "python=new/bin/python"),
        ("ab", "quick", "--a", "ref=main", "--b", "unchanged"),
        ("ab", "quick", "--a", "xla=off", "--b", "xla=on", "--set", "xla=off"),
    )
    parser.add_argument(
        "--out",
        type=path,
        default=REPORTS,
        metavar="DIR",
        help="folder in which the directory of the A/B is made (default: %(default)s)",
    )
    _add_matrix(parser, has_ranks=False)
    add_data_directories(parser)
    add_ab_flags(parser)


def _add_report(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    parser = add_verb(
        verbs,
        "report",
        "print and write the report of runs, or of a training, again",
        ("report",),
        ("report", "reports/run-a", "reports/run-b", "--out", "both"),
        ("report", "--format", "html,plots", "--open"),
    )
    parser.add_argument(
        "runs",
        nargs="*",
        type=path,
        metavar="RUN",
        help=f"run directories, of any machines, or one of a training (default: the newest run"
        f" under {REPORTS})",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder to write into (default: the directory itself)",
    )
    parser.add_argument(
        "--format",
        type=chosen(REPORT_FORMATS),
        default=REPORT_FORMATS,
        dest="formats",
        metavar="NAMES",
        help=f"write these alone, of {','.join(REPORT_FORMATS)} (default: all)",
    )
    parser.add_argument(
        "--xlsx", action="store_true", help="write report.xlsx, a workbook, as well"
    )
    parser.add_argument(
        "--open", action="store_true", help="show the page in the browser of this machine"
    )


def _add_compare(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    parser = add_verb(
        verbs,
        "compare",
        "set runs beside a published table, and runs or trainings beside each other",
        ("compare", "--reference", "t4"),
        ("compare", "--run", "reports/run-a", "--run", "reports/run-b"),
        ("compare", "--reference", "t4", "--fail-below", "0.9", "--min-batch", "32"),
    )
    parser.add_argument(
        "--reference",
        type=path_text,
        metavar="REFERENCE",
        help="published table: t4, dgx1, dgx2, dgxa100, or a CSV file in their form; or another"
        " run, as its directory or as the results.csv of its report (default: the table that the"
        " run's matrix names)",
    )
    parser.add_argument(
        "--run",
        type=path,
        action="append",
        default=[],
        dest="runs",
        metavar="RUN",
        help=f"run directory (default: the newest under {REPORTS}); given several times, the others"
        " are set beside the first. Of trainings alone: compares top-1 over seeds",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder to write into (default: the directory of a run beside a table; runs or"
        " trainings beside each other are printed alone)",
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


def _add_history(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    parser = add_verb(
        verbs,
        "history",
        "show the runs under a folder, and how one cell went over them on each device",
        ("history",),
        ("history", "--cell", "inference-amp-xla-bs128-1gpu", "--out", "trend"),
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=path,
        default=REPORTS,
        metavar="DIR",
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--cell", metavar="ID", help="the cell to follow (default: the one that most runs have)"
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder to write history.md, history.csv and the plot into (default: print alone)",
    )


def _add_plan(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    text = "list every cell of a matrix: its command, what would be skipped, and the time"
    parser = add_verb(verbs, "plan", text, ("plan", "t4_inference", "--set", "batch_size=128"))
    _add_matrix(parser)
    add_data_directories(parser)
    parser.add_argument(
        "--json", action="store_true", help="the launches alone, with their orders, as JSON"
    )


def _add_selfcheck(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    text = "measure the suite itself: its steps against a bare Keras loop, and its timing"
    parser = add_verb(verbs, "selfcheck", text, ("selfcheck", "--quick"))
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny images and few repetitions, only to see whether it works",
    )


def _add_devices(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    text = "show the detected hardware, and the published system that it corresponds to"
    parser = add_verb(verbs, "devices", text, ("devices", "--json"))
    parser.add_argument("--json", action="store_true", help="the same as JSON")


def _add_doctor(verbs: "Verbs[argparse.ArgumentParser]") -> None:
    text = "find what makes numbers of this machine noisy or wrong, and what mends it"
    parser = add_verb(verbs, "doctor", text, ("doctor",))
    parser.add_argument("--json", action="store_true", help="the same as JSON")
