"""A matrix: axes expanded into cells, less the excluded, plus the included."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import product

from suite.core.cell import Cell, KernelName, Protocol

# The conditions that a matrix may vary, in the order in which cells are laid out: the batch size
# changes fastest, as down the rows of a published table.
AXES = (
    "mode",
    "gpus",
    "data",
    "image_size",
    "graph",
    "precision",
    "xla",
    "xla_mode",
    "batch_size",
)

Conditions = Mapping[str, object]


class MatrixError(ValueError):
    """A matrix whose parts contradict each other; `place` is the path of keys to the culprit."""

    def __init__(self, place: tuple[str | int, ...], problem: str) -> None:
        super().__init__(problem)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A declared set of cells and how to measure them.

    `device` is a published system's key, `cpu`, a GPU's product name, or None for any device.
    `reference` is the path of the published table to set beside the results, or None.
    `selection` says how the cells were narrowed down; None where they are all that are declared.
    """

    name: str
    purpose: str
    device: str | None
    reference: str | None
    protocol: Protocol
    cells: tuple[Cell, ...]
    selection: str | None = None


def expand(
    kernel: KernelName,
    axes: Mapping[str, Sequence[object]],
    exclude: Sequence[Conditions],
    include: Sequence[Conditions],
) -> tuple[Cell, ...]:
    """The product of the axes, less every cell that an exclusion matches, plus the inclusions.

    An exclusion names some conditions and matches every cell that has them all. An inclusion
    names a whole cell; an axis with a single value supplies a condition that it leaves out.

    Raises:
        MatrixError: an exclusion matches nothing, an inclusion is incomplete, two cells are the
            same, a cell contradicts itself, or no cell is left.
    """
    names = [name for name in AXES if name in axes]
    cells = [
        _cell(kernel, dict(zip(names, values, strict=True)))
        for values in product(*(axes[name] for name in names))
    ]
    if len(axes.get("xla_mode", ())) > 1:
        # Without XLA its modes are one and the same cell, which is no slip of the author's.
        plain = dict.fromkeys(cell for cell in cells if not cell.xla)
        cells = [cell for cell in cells if cell.xla or plain.pop(cell, cell) is None]
    _reject_duplicates(cells, set(), ("axes",))
    for index, exclusion in enumerate(exclude):
        kept = [cell for cell in cells if not _matches(cell, exclusion)]
        if len(kept) == len(cells):
            raise MatrixError(("exclude", index), "matches no cell; correct or remove it")
        cells = kept
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


def _matches(cell: Cell, conditions: Conditions) -> bool:
    return all(getattr(cell, name) == value for name, value in conditions.items())


def _included(
    kernel: KernelName,
    axes: Mapping[str, Sequence[object]],
    inclusion: Conditions,
    index: int,
) -> Cell:
    supplied = {name: values[0] for name, values in axes.items() if len(values) == 1}
    conditions = {**supplied, **inclusion}
    missing = [
        field.name
        for field in fields(Cell)
        if field.name in AXES and field.default is MISSING and field.name not in conditions
    ]
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
