"""A matrix: axes expanded into cells, less the excluded, plus the included."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from suite.model.bounds import Bounds
from suite.model.cell import AXES, BATCH_SIZES, Cell, KernelName, Protocol
from suite.model.distributed import Distributed
from suite.model.reading import Reading
from suite.model.trained_network import TrainedNetwork

# The axes of a matrix in the order of its cells: the batch size changes fastest, as down the rows
# of a published table.
_VARIED = [axis for axis in AXES.values() if axis.varied]
VARIED = tuple(axis.name for axis in sorted(_VARIED, key=lambda axis: axis.column))
# An axis in place of batch_size: images per step over all GPUs, divided among them.
GLOBAL_BATCH_SIZE = "global_batch_size"

# Days of measuring, at seconds per launch; planning them takes seconds and some 100 MB.
MOST_CELLS = 20_000
MOST_LAUNCHES = 100_000
# CPU threads of one launch: more than the largest machines run at once.
THREADS = Bounds(1, 4096)

Conditions = Mapping[str, object]


class MatrixError(ValueError):
    """A matrix whose parts contradict each other; `place` is the path of keys to the error."""

    def __init__(self, place: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A declared set of cells and how to measure them.

    `device` is a published system's key, `cpu`, a GPU's product name, or None for any device.
    `reference` is the path of the published table to set beside the results, or None.
    `selection` says how the cells were selected; None if they are all that are declared.
    `distributed` is how cells of several GPUs are launched; `threads_per_rank` caps the CPU threads
    of TensorFlow in every launch, those of one rank included, so that ranks on a CPU compare.
    `reading` sets the pipelines of all cells that read records. `weights` is the network of all
    cells, None for new ones.
    """

    name: str
    purpose: str
    device: str | None
    reference: str | None
    protocol: Protocol
    cells: tuple[Cell, ...]
    selection: str | None = None
    distributed: Distributed = field(default_factory=Distributed)
    threads_per_rank: int | None = None
    reading: Reading = field(default_factory=Reading)
    weights: TrainedNetwork | None = None


def expand(
    kernel: KernelName,
    axes: Mapping[str, Sequence[object]],
    exclude: Sequence[Conditions],
    include: Sequence[Conditions],
) -> tuple[Cell, ...]:
    """The product of the axes, less every cell that an exclusion matches, plus the inclusions.

    An exclusion names some conditions and matches every cell that has them all. An inclusion
    names a whole cell; an axis with a single value supplies a condition that it omits.
    Both state the batch size per GPU, even if the axis is the global batch size.

    Raises:
        MatrixError: there is not exactly one axis of batch sizes, a global one cannot be divided
            evenly, there are too many cells, an exclusion matches nothing, an inclusion is
            incomplete, two cells are the same, a cell contradicts itself, or no cell is left.
    """
    _reject_batch_size_axes(axes)
    sizes = axes.get(GLOBAL_BATCH_SIZE) or axes["batch_size"]
    values_of = {name: axes[name] for name in VARIED if name in axes} | {"batch_size": sizes}
    _reject_too_many(prod(len(values) for values in values_of.values()), len(include))
    cells = [
        _shared_out(_cell(kernel, dict(zip(values_of, values, strict=True))), axes)
        for values in product(*values_of.values())
    ]
    if len(axes.get("xla_mode", ())) > 1:
        # Without XLA its modes give the same cell twice, which is not the author's mistake.
        plain = dict.fromkeys(cell for cell in cells if not cell.xla)
        cells = [cell for cell in cells if cell.xla or plain.pop(cell, cell) is None]
    _reject_duplicates(cells, set(), ("axes",))
    cells = _not_excluded(cells, exclude)
    seen = set(cells)
    for index, inclusion in enumerate(include):
        cells.append(_included(kernel, axes, inclusion, index))
        _reject_duplicates(cells[-1:], seen, ("include", index))
    for cell in cells:
        if cell.contradiction:
            raise MatrixError(("axes",), f"gives cell {cell.id}: {cell.contradiction}")
    if not cells:
        raise MatrixError(("exclude",), "leaves no cell to measure; remove an exclusion")
    return tuple(cells)


def _cell(kernel: KernelName, conditions: Conditions) -> Cell:
    return Cell(kernel=kernel, **conditions)  # type: ignore[arg-type]


def _reject_batch_size_axes(axes: Mapping[str, Sequence[object]]) -> None:
    if "batch_size" in axes and GLOBAL_BATCH_SIZE in axes:
        problem = "conflicts with batch_size; keep one of the two"
        raise MatrixError(("axes", GLOBAL_BATCH_SIZE), problem)
    if "batch_size" not in axes and GLOBAL_BATCH_SIZE not in axes:
        problem = f"missing; add it, or {GLOBAL_BATCH_SIZE} to divide it among the GPUs"
        raise MatrixError(("axes", "batch_size"), problem)


def _shared_out(cell: Cell, axes: Mapping[str, Sequence[object]]) -> Cell:
    """The cell with its batch size per GPU, if the axis gives the global one."""
    if GLOBAL_BATCH_SIZE not in axes:
        return cell
    images, gpus = cell.batch_size, cell.gpus
    if images % gpus:
        place = ("axes", GLOBAL_BATCH_SIZE, axes[GLOBAL_BATCH_SIZE].index(images))
        problem = f"{images} cannot be divided evenly among {gpus} GPUs"
        raise MatrixError(place, f"{problem}; give a multiple of {gpus}")
    if images // gpus not in BATCH_SIZES:
        place = ("axes", GLOBAL_BATCH_SIZE, axes[GLOBAL_BATCH_SIZE].index(images))
        problem = f"{images} among {gpus} GPUs is more than {BATCH_SIZES.highest} for each"
        raise MatrixError(place, f"{problem}; lower it")
    return replace(cell, batch_size=images // gpus)


def _reject_too_many(product: int, included: int) -> None:
    """Refuse a matrix with too many cells before they are made."""
    if product > MOST_CELLS:
        problem = f"give {product} cells, more than the {MOST_CELLS} that a matrix may have"
        raise MatrixError(("axes",), f"{problem}; shorten an axis, or split the matrix")
    if product + included > MOST_CELLS:
        problem = f"adds {included} cells to the {product} of the axes"
        raise MatrixError(("include",), f"{problem}, more than {MOST_CELLS}; split the matrix")


def _not_excluded(cells: Sequence[Cell], exclude: Sequence[Conditions]) -> list[Cell]:
    """The cells that no exclusion matches; each exclusion must match one that no earlier one does.

    Exclusions that name the same conditions are looked up together, as there may be as many of
    them as there are cells.
    """
    first: dict[tuple[str, ...], dict[tuple[object, ...], int]] = {}
    for index, exclusion in enumerate(exclude):
        names = tuple(sorted(exclusion))
        values = tuple(exclusion[name] for name in names)
        first.setdefault(names, {}).setdefault(values, index)
    kept = []
    unused = set(range(len(exclude)))
    for cell in cells:
        matching = [
            by_values[values]
            for names, by_values in first.items()
            if (values := tuple(getattr(cell, name) for name in names)) in by_values
        ]
        if matching:
            unused.discard(min(matching))
        else:
            kept.append(cell)
    if unused:
        raise MatrixError(("exclude", min(unused)), "matches no cell; correct or remove it")
    return kept


def _included(
    kernel: KernelName,
    axes: Mapping[str, Sequence[object]],
    inclusion: Conditions,
    index: int,
) -> Cell:
    supplied = {name: values[0] for name, values in axes.items() if len(values) == 1}
    supplied.pop(GLOBAL_BATCH_SIZE, None)
    conditions = {**supplied, **inclusion}
    missing = [axis.name for axis in _VARIED if axis.default is ... and axis.name not in conditions]
    if missing:
        raise MatrixError(
            ("include", index),
            f"does not say {' or '.join(missing)}; an included cell states every condition whose"
            " axis has several values",
        )
    return _cell(kernel, conditions)


def _reject_duplicates(
    cells: Iterable[Cell], seen: set[Cell], place: tuple[str | int, ...]
) -> None:
    for cell in cells:
        if cell in seen:
            raise MatrixError(place, f"gives cell {cell.id} twice; remove one")
        seen.add(cell)
