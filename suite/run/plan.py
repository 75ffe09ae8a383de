"""Every launch that a matrix calls for, in order, with all that its worker is told; as JSON too."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from suite import kernels
from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, Data
from suite.model.device import (
    Machine,
    for_cells,
    skip_reason,
    too_many_ranks,
    visible_devices,
)
from suite.model.distributed import Compression, RankLauncher
from suite.model.matrix import Matrix
from suite.model.reading import applicable_reading
from suite.run.order import LaunchOrder, quoted, unquoted
from suite.run.ranks.command import NoLauncher
from suite.store.records import SCHEMA_VERSION, decode
from suite.store.text import json_text

VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLaunch:
    """A launch: what its worker is told, or why it is skipped.

    `environment` are the variables that it needs on top of the runner's own. `skip_reason` is None
    for a launch that can run; one that is skipped still has its order.
    """

    order: LaunchOrder
    environment: Mapping[str, str]
    skip_reason: str | None = None

    @property
    def cell(self) -> Cell:
        """The cell that is launched."""
        return self.order.cell

    @property
    def launch(self) -> int:
        """The number of this launch of the cell, from 0."""
        return self.order.launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every launch of a matrix on a machine, in the order in which they run."""

    launches: tuple[PlannedLaunch, ...]

    @property
    def contradiction(self) -> str | None:
        """Why no worker could execute one of the orders; None for a sound plan."""
        for index, launch in enumerate(self.launches):
            if launch.order.contradiction:
                return f"launches[{index}].order: {launch.order.contradiction}"
        return None


def plan_launches(
    matrix: Matrix,
    machine: Machine,
    options: KernelOptions,
    launcher: RankLauncher | NoLauncher = RankLauncher.MPIRUN,
) -> Plan:
    """Every launch in the order it runs: all cells once, then all again.

    So every cell has a number after the first round, and slow changes of the machine spread over
    the cells instead of over one cell's launches. Within a round the matrix's own order holds:
    batch size fastest, so that one table after the other is complete.
    """
    first = [_first_launch(cell, matrix, machine, options, launcher) for cell in matrix.cells]
    return Plan(
        launches=tuple(
            replace(item, order=replace(item.order, launch=number))
            for number in range(matrix.protocol.launches)
            for item in first
        )
    )


def encode_plan(plan: Plan) -> str:
    """A plan as JSON in ASCII, a launch a line, from which `decode_plan` makes an equal plan."""
    launches = [
        json_text(asdict(replace(each, order=quoted(each.order)))) for each in plan.launches
    ]
    lines = ",\n".join(launches)
    return f'{{"schema_version": {SCHEMA_VERSION}, "launches": [\n{lines}\n]}}'


def decode_plan(text: str, source: str) -> Plan:
    """The plan that `encode_plan` wrote; `source` names where the text came from, for the error.

    Raises:
        InputError: another version, or an unknown, missing or impossible field.
    """
    launches = decode(Plan, text, source).launches
    return Plan(launches=tuple(replace(each, order=unquoted(each.order)) for each in launches))


def _first_launch(
    cell: Cell,
    matrix: Matrix,
    machine: Machine,
    options: KernelOptions,
    launcher: RankLauncher | NoLauncher,
) -> PlannedLaunch:
    visible = visible_devices(cell, machine)
    reason = _skip_reason(cell, matrix, machine, launcher)
    on_gpu = bool(for_cells([cell], machine).gpus)
    return PlannedLaunch(
        order=_order(cell, matrix, options),
        environment={
            **kernels.framework(cell.kernel).environment(cell, on_gpu=on_gpu),
            **({VISIBLE_DEVICES: visible} if visible and reason is None else {}),
        },
        skip_reason=reason,
    )


def _order(cell: Cell, matrix: Matrix, options: KernelOptions) -> LaunchOrder:
    """What the worker of a cell is told; a directory only where its cell reads it."""
    return LaunchOrder(
        cell=cell,
        protocol=matrix.protocol,
        options=replace(
            options,
            data_dir=options.data_dir if cell.reads_records else None,
            data_idx_dir=options.data_idx_dir if cell.data is Data.DALI else None,
            weights=matrix.weights.path if matrix.weights else None,
            threads=matrix.threads_per_rank,
            reading=applicable_reading(matrix.reading, cell),
            compression=matrix.distributed.compression if cell.gpus > 1 else Compression.NONE,
        ),
    )


def _skip_reason(
    cell: Cell, matrix: Matrix, machine: Machine, launcher: RankLauncher | NoLauncher
) -> str | None:
    """Why a cell cannot run here: the device, too few of it, no launcher, or a component."""
    reason = skip_reason(cell, machine)
    elsewhere = matrix.distributed.is_remote or launcher is RankLauncher.SRUN
    if (
        reason is None
        and cell.gpus > 1
        and elsewhere
        and visible_devices(cell, machine) is not None
    ):
        reason = (
            f"needs GPUs of type {cell.gpu} alone, and this machine's other types can be hidden"
            f" from its own ranks only; set {VISIBLE_DEVICES} on every host"
        )
    # Slurm knows how many ranks its allocation takes.
    if reason is None and launcher is not RankLauncher.SRUN:
        # A matrix for a GPU system must not fill the memory of whatever CPU it is tried on.
        cpu_ranks = matrix.device in {None, "cpu"}
        reason = too_many_ranks(cell, machine, matrix.distributed, cpu_ranks=cpu_ranks)
    if reason is None and cell.gpus > 1 and isinstance(launcher, NoLauncher):
        reason = launcher.reason
    return reason or kernels.framework(cell.kernel).missing(cell)
