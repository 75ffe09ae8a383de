"""`--only`, `--set` and `--cell`: select some of the cells of a matrix.

An expression is parsed with Python's grammar by `ast` and translated node by node: nothing is
evaluated, and anything but comparisons of an axis with values is refused.
"""

import ast
import operator
import reprlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from itertools import islice

from suite.model.bounds import Bounds
from suite.model.cell import AXES, Cell
from suite.model.errors import InputError
from suite.model.matrix import VARIED, Matrix
from suite.model.systems import gpu_type
from suite.model.text import bench, command
from suite.store.nearest import nearest

Predicate = Callable[[Cell], bool]
Value = bool | int | str

_EXAMPLE = "such as: precision == amp and batch_size >= 8"
# No matrix needs longer expressions, and far longer ones could exhaust the parser's stack.
_LONGEST = 500
# Any axis may be compared with a number that it cannot have, such as 0.
_NUMBERS = Bounds(0, 10**9)
# Values of an axis that an error lists.
_MOST_TOLD = 20
# A cell that names no type of GPU.
_ANY = "any"
_BOOLEANS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
_ORDERINGS: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}


def narrowed(
    matrix: Matrix, only: str | None, settings: Sequence[str], ids: Sequence[str] = ()
) -> Matrix:
    """The matrix with the cells that match `--only` and every `--set`, and are a `--cell` if any.

    A note on the selection goes with it.

    Raises:
        InputError: an expression or setting that cannot be parsed, or that matches no cell; or no
            cell of the matrix has that id.
    """
    if only is None and not settings and not ids:
        return matrix
    settings = [" ".join(setting.split()) for setting in settings]
    flags = [command(["--set", setting]) for setting in settings]
    flags += [command(["--cell", cell_id]) for cell_id in ids]
    predicates = [*_settings(settings, matrix), *_named(ids, matrix)]
    if only is not None:
        only = " ".join(only.split())
        predicates.append(parse_selection(only))
        flags.insert(0, command(["--only", only]))
    cells = tuple(cell for cell in matrix.cells if all(keeps(cell) for keeps in predicates))
    if not cells:
        raise InputError(
            f"{' '.join(flags)}: matches none of the {len(matrix.cells)} cells; list them with:"
            f" {bench('plan', 'MATRIX')}"
        )
    note = f"{' '.join(flags)} ({len(cells)} of {len(matrix.cells)} cells)"
    return replace(matrix, cells=cells, selection=note)


def parse_selection(expression: str) -> Predicate:
    """A predicate on cells from an expression over axes.

    Comparisons (== != < <= > >=, in, not in) of an axis with values, joined by and, or, not and
    parentheses: `precision == amp and 8 <= batch_size < 64`, `xla and mode in [training]`.

    Raises:
        InputError: any other expression; the message has the part that is wrong.
    """
    if len(expression) > _LONGEST:
        raise InputError(f"--only: longer than {_LONGEST} characters; shorten it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as SyntaxWarning, which would only confuse
            tree = ast.parse(expression, mode="eval")
        return _predicate(tree.body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        hint = " (equality is ==)" if "=" in expression and "==" not in expression else ""
        raise InputError(f"--only '{expression}': cannot be read{hint}; {_EXAMPLE}") from None


def _settings(settings: Sequence[str], matrix: Matrix) -> list[Predicate]:
    """One predicate for each `axis=value` or `axis=value,value`."""
    kept: dict[str, set[Value | Enum | None]] = {}
    for setting in settings:
        axis, equals, text = (part.strip() for part in setting.partition("="))
        flag = f"--set {reprlib.repr(setting)}"
        if not equals or not text:
            raise InputError(f"{flag}: is not axis=value; such as: --set precision=amp")
        check_axis(axis, flag)
        if axis in kept:
            raise InputError(f"{flag}: {axis} is set twice; give {axis}=value,value for several")
        present = dict.fromkeys(getattr(cell, axis) for cell in matrix.cells)
        values = [axis_value(axis, part.strip(), flag) for part in text.split(",")]
        absent = [value for value in values if value not in present]
        if absent:
            first = [_written(value) for value in islice(present, _MOST_TOLD)]
            has = ", ".join(first) + (", ..." if len(present) > _MOST_TOLD else "")
            raise InputError(
                f"{flag}: the matrix has no {axis} {_written(absent[0])}, only {has}; choose one of"
                " these, or add it to the matrix"
            )
        kept[axis] = set(values)
    return [
        lambda cell, axis=axis, values=values: getattr(cell, axis) in values  # type: ignore[misc]
        for axis, values in kept.items()
    ]


def _named(ids: Sequence[str], matrix: Matrix) -> list[Predicate]:
    """A predicate for the cells with these ids; none if none is given."""
    known = [cell.id for cell in matrix.cells]
    for cell_id in ids:
        if cell_id not in known:
            raise InputError(
                f"--cell {reprlib.repr(cell_id)}: the matrix has no such cell;"
                f" {nearest(cell_id, known)}"
            )
    wanted = frozenset(ids)
    return [lambda cell: cell.id in wanted] if wanted else []


def _predicate(node: ast.expr) -> Predicate:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            every = [_predicate(part) for part in parts]
            return lambda cell: all(part(cell) for part in every)
        case ast.BoolOp(values=parts):
            some = [_predicate(part) for part in parts]
            return lambda cell: any(part(cell) for part in some)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _predicate(operand)
            return lambda cell: not inner(cell)
        case ast.Compare(left=left, ops=operators, comparators=rights):
            sides = [left, *rights]
            links = [
                _comparison(sides[index], link, sides[index + 1])
                for index, link in enumerate(operators)
            ]
            return lambda cell: all(link(cell) for link in links)
        case ast.Name(id=axis):
            check_axis(axis, "--only")
            if axis == "xla":
                return lambda cell: cell.xla
    raise InputError(f"--only: '{_said(node)}' is not a comparison of an axis; {_EXAMPLE}")


def _comparison(left: ast.expr, link: ast.cmpop, right: ast.expr) -> Predicate:
    """`axis == value`, `value <= axis` (turned round), `axis in [value, value]`."""
    said = _said(ast.Compare(left, [link], [right]))
    if not _is_axis(left) and _is_axis(right) and type(link) in _MIRRORED:
        left, link, right = right, _MIRRORED[type(link)](), left
    if not isinstance(left, ast.Name):
        raise InputError(f"--only: '{said}' names no axis; known: {', '.join(VARIED)}")
    axis = left.id
    check_axis(axis, "--only")
    if isinstance(link, ast.In | ast.NotIn):
        if not isinstance(right, ast.List | ast.Tuple | ast.Set):
            raise InputError(f"--only: '{said}' needs a list, such as: {axis} in [a, b]")
        values = [_value(axis, element) for element in right.elts]
        wanted = isinstance(link, ast.In)
        return lambda cell: (getattr(cell, axis) in values) is wanted
    value = _value(axis, right)
    if isinstance(link, ast.Eq | ast.NotEq):
        equal = isinstance(link, ast.Eq)
        return lambda cell: (getattr(cell, axis) == value) is equal
    order = _ORDERINGS.get(type(link))
    if order is None or not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"--only: '{said}': {axis} has no order; use == or in")
    return lambda cell: order(getattr(cell, axis), value)


def _said(node: ast.expr) -> str:
    return " ".join(ast.unparse(node).split())


def _is_axis(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in VARIED


def _value(axis: str, node: ast.expr) -> Value | Enum | None:
    match node:
        case ast.Name(id=text):
            return axis_value(axis, text, "--only")
        case ast.Constant(value=bool() | int() | str() as constant):
            return axis_value(axis, str(constant), "--only")
    raise InputError(f"--only: '{_said(node)}' is not a value of {axis}; {_EXAMPLE}")


def axis_value(axis: str, text: str, flag: str) -> Value | Enum | None:
    """The value of an axis that a text names."""
    kind = AXES[axis].kind
    if kind is bool:
        if text.lower() not in _BOOLEANS:
            raise InputError(f"{flag}: {axis} is on or off, not {reprlib.repr(text)}")
        return _BOOLEANS[text.lower()]
    if kind is int:
        try:
            return _NUMBERS.whole(text)
        except ValueError as error:
            raise InputError(f"{flag}: {axis}: {error}") from None
    if kind == str | None:
        return None if text == _ANY else gpu_type(text)
    names = [str(member.value) for member in kind]
    if text not in names:
        raise InputError(f"{flag}: unknown {axis} {reprlib.repr(text)}; {nearest(text, names)}")
    found: Enum = kind(text)
    return found


def check_axis(axis: str, flag: str) -> None:
    """Refuse what is no axis that a matrix may vary; `flag` is named in the error."""
    if axis not in VARIED:
        raise InputError(f"{flag}: unknown axis {reprlib.repr(axis)}; {nearest(axis, VARIED)}")


def _written(value: Value | Enum | None) -> str:
    if value is None:
        return _ANY
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value.value if isinstance(value, Enum) else value)
