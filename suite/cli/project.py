"""`bench.py project`: the hours of a recipe at the rate of a throughput run."""

import argparse

from suite.analysis.projection import fits, project
from suite.analysis.results import cell_results
from suite.cli.newest_run import newest_run
from suite.cli.parser import REPORTS
from suite.cli.terminal import text_width
from suite.cli.whole_parts import read_whole_parts
from suite.formats.projection import projection_text
from suite.model.cell import Mode
from suite.model.errors import ExitCode, InputError, NotComparableError
from suite.model.projection import Assumptions, Projection
from suite.model.run import CellResult
from suite.model.text import shown
from suite.model.training_record import ChosenTraining
from suite.store.recipes import read_recipe, recipe_path
from suite.store.references import published_times

# A state of 205 MB, the network and its momenta in float32, written and hashed.
_CHECKPOINT_SECONDS = 2.0


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print it; exit 4 if no cell of the run fits, and 3 if one is without a good launch."""
    chosen = read_recipe(recipe_path(arguments.recipe), arguments.precision, arguments.settings)
    batch = chosen.training.cell.global_batch_size
    if arguments.images < batch:
        raise InputError(f"--images {arguments.images}: cannot fill a batch of {batch}; give more")
    directory = arguments.run or newest_run(REPORTS)
    measured = read_whole_parts(directory)
    results = cell_results(measured.launches, measured.header.protocol.launches)
    fitting = [result for result in results if fits(result.cell, chosen.training)]
    if not fitting:
        raise NotComparableError(f"{directory}: {_no_cell(chosen, results)}")
    assumptions = Assumptions(
        images=arguments.images,
        validation_images=arguments.validation_images,
        checkpoint_seconds=_CHECKPOINT_SECONDS,
    )
    published = published_times()
    projected = [
        (result, project(chosen, result, measured.launches, assumptions, published))
        for result in fitting
    ]
    cells = tuple(cell for _, cell in projected if cell is not None)
    if cells:
        projection = Projection(
            training=chosen.training,
            device=measured.header.device,
            assumptions=assumptions,
            cells=cells,
        )
        print(projection_text(projection, text_width()))
    failed = [result for result, cell in projected if cell is None]
    for result in failed:
        print(f"no number: {shown(result.cell.id)}: {shown(result.reason)}")
    return ExitCode.CELL_FAILED if failed or measured.damaged else ExitCode.GOOD


def _no_cell(chosen: ChosenTraining, results: tuple[CellResult, ...]) -> str:
    """Why nothing fits, with the training cells that the run has."""
    cell = chosen.training.cell
    wanted = f"{cell.precision.value}, gpus {cell.gpus}, batch size {cell.batch_size}"
    own = [
        f"{each.precision.value}, gpus {each.gpus}, batch size {each.batch_size}"
        for each in (result.cell for result in results)
        if each.mode is Mode.TRAINING
    ]
    has = f"it has {'; '.join(dict.fromkeys(own))}" if own else "it has no training cell"
    return (
        f"no cell has what {shown(chosen.training.name)} needs: training in {wanted},"
        f" image size {cell.image_size}, kernel {cell.kernel.value}; {has}; choose by --precision"
        " and --set, or measure it"
    )
