"""The declaration of an axis, from which its key in a matrix, its flag and its id part are made."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from enum import Enum
from typing import Any, get_type_hints

from suite.model.bounds import Bounds
from suite.model.flag_values import whole


def no_contradiction(_: Any) -> None:
    """For an axis that goes with every value of the others."""


def text_of(value: object) -> str:
    """A value of an axis as files and flags spell it."""
    return str(value.value if isinstance(value, Enum) else value)


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag with a value.

    `read` makes the value of a text, unless it is one of the `choices`, and `write` is the way
    back. A flag that has its default is left out of a command, unless `always`. One that is
    `joined` to its value by `=` is so on the published page.
    """

    name: str
    default: Any = None
    help: str | None = None
    read: Callable[[str], object] | None = None
    write: Callable[[Any], str] = text_of
    choices: Mapping[str, object] | None = None
    metavar: str | None = None
    always: bool = False
    joined: bool = False

    def arguments(self) -> dict[str, dict[str, Any]]:
        """What argparse is told, by the flag's name."""
        shown = {"default": None if self.default is None else self.write(self.default)}
        settings = {
            "help": self.help % shown if self.help else None,
            "type": self.read,
            "choices": list(self.choices) if self.choices else None,
            "metavar": self.metavar,
        }
        return {self.name: settings}

    def words(self, value: object) -> list[str]:
        """What a command says of a value."""
        if value == self.default and not self.always:
            return []
        text = self.write(value)
        return [f"--{self.name}={text}"] if self.joined else [f"--{self.name}", text]

    def value(self, given: Mapping[str, Any]) -> object:
        """The value that a command gives; `given` is what argparse made of it."""
        if self.name not in given:
            return self.default
        return self.choices[given[self.name]] if self.choices else given[self.name]


@dataclass(frozen=True, slots=True)
class Switch:
    """A flag without a value, which stands for one of what it sets."""

    name: str
    present: object
    help: str


@dataclass(frozen=True, slots=True)
class Switches:
    """Flags without a value, of which one at most is given; without them the default holds."""

    default: Any
    switches: tuple[Switch, ...]

    def arguments(self) -> dict[str, dict[str, Any]]:
        """What argparse is told of each flag."""
        return {
            switch.name: {"action": "store_true", "help": switch.help} for switch in self.switches
        }

    def words(self, value: object) -> list[str]:
        """What a command says of a value."""
        return [f"--{switch.name}" for switch in self.switches if switch.present == value]

    def value(self, given: Mapping[str, Any]) -> object:
        """The value that a command gives."""
        found = [switch.present for switch in self.switches if switch.name in given]
        return found[0] if found else self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One condition of a cell.

    `about` describes it to writers of matrices. `flag` gives it by hand; what it leaves open, the
    axis says: the default, and how to read a text, from `bounds` or the members of an enumeration.
    `part` is what a cell's id says of it, its separator included, as a format of the value; an id
    leaves out the value `unsaid`. `contradiction` says of a cell why no machine could ever run it,
    as far as this axis is the cause. Of the cells of a matrix, those that differ only in a `column`
    of a published table follow one another. A condition that is not `varied` has one value for a
    whole matrix, and is no key of its axes.

    `name`, `kind` and `default` (`...` without one) are those of the field: see `axes_of`.
    """

    about: str
    flag: Flag | Switches
    part: str
    unsaid: object = ...
    bounds: Bounds | None = None
    contradiction: Callable[[Any], str | None] = no_contradiction
    column: bool = False
    varied: bool = True
    name: str = ""
    kind: Any = None
    default: object = ...

    def part_of(self, value: object) -> str:
        """What an id says of a value, with the separator before it."""
        return "" if value == self.unsaid else self.part.format(text_of(value))


def declared(**facts: Any) -> dict[str, Axis]:
    """The metadata of a field that is an axis."""
    return {"axis": Axis(**facts)}


def axes_of(cell: type) -> dict[str, Axis]:
    """The axes that the fields of a dataclass declare, by name."""
    kinds = get_type_hints(cell)  # without the range of a number
    axes = {}
    for field in fields(cell):
        axis: Axis = field.metadata["axis"]
        kind, default = kinds[field.name], ... if field.default is MISSING else field.default
        flag = _whole_flag(axis, kind, default)
        axes[field.name] = replace(axis, name=field.name, kind=kind, default=default, flag=flag)
    return axes


def _whole_flag(axis: Axis, kind: Any, default: object) -> Flag | Switches:
    """The flag of an axis with what it leaves open."""
    flag = axis.flag if default is ... else replace(axis.flag, default=default)
    if isinstance(flag, Switches) or flag.read:
        return flag
    if axis.bounds:
        return replace(flag, read=whole(axis.bounds))
    return replace(flag, choices={flag.write(member): member for member in kind})
