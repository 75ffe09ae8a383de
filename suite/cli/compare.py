"""`bench.py compare`: a run set beside a published table."""

import argparse
from collections.abc import Sequence

from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.core.comparison import (
    ComparedCell,
    below,
    compare,
    comparison_frame,
    weak_scaling_of,
)
from suite.core.errors import ExitCode, InputError
from suite.core.reference import Metric
from suite.core.run import cell_results
from suite.core.text import shown
from suite.files.references import BANDS_PATH, read_bands, read_system
from suite.files.runs import read_run, write_plot
from suite.files.text import write_text
from suite.render.comparison import (
    COMPARISON_PLOT,
    comparison_markdown,
    comparison_text,
    remarks_on,
)
from suite.render.numbers import ratio
from suite.render.scaling_plots import comparison_plot


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the comparison; write comparison.md and comparison.csv into the run directory."""
    if arguments.min_batch is not None and arguments.fail_below is None:
        raise InputError("--min-batch limits what --fail-below counts; give --fail-below too")
    reference = read_system(arguments.reference)
    directory = arguments.directory or newest_run(REPORTS)
    measured = read_run(directory)
    cells = compare(cell_results(measured.launches), reference.table, read_bands(BANDS_PATH))
    header = measured.header
    title = f"{header.matrix} on {header.device} beside {reference.table.name}"
    remarks = remarks_on(header, reference.table)
    print(comparison_text(cells, reference, title, remarks))
    write_text(directory / "comparison.md", comparison_markdown(cells, reference, title, remarks))
    write_text(directory / "comparison.csv", comparison_frame(cells).to_csv(index=False))
    plot = comparison_plot(weak_scaling_of(cells), reference, header)
    if plot is not None:
        write_plot(directory, COMPARISON_PLOT, plot)
    plots = f", plots/{COMPARISON_PLOT}" if plot else ""
    print(f"\nwritten to {shown(str(directory))}: comparison.md, comparison.csv{plots}")
    if arguments.fail_below is None:
        return ExitCode.GOOD
    return _judge(cells, arguments.fail_below, arguments.min_batch or 1)


def _judge(cells: Sequence[ComparedCell], limit: float, min_batch: int) -> ExitCode:
    """Exit 1 when a throughput ratio is under the limit, else 3 when a cell has no number."""
    slow, missing = below(cells, limit, min_batch)
    for cell in slow:
        print(f"below {limit:g}x: {_id(cell)}: {ratio(cell.ratio(Metric.THROUGHPUT))}")
    for cell in missing:
        print(f"without a number: {_id(cell)}")
    if slow:
        return ExitCode.REGRESSION
    return ExitCode.CELL_FAILED if missing else ExitCode.GOOD


def _id(cell: ComparedCell) -> str:
    return cell.result.cell.id if cell.result else ""
