"""YAML with the line of every value, so that an error can name the place.

YAML 1.1 reads `0100` as 64, `1:30` as 90 and `yes` as true; YAML 1.2, which editors follow, reads
them as 100 and as text. Such ambiguous words are refused.
"""

import math
import re
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from suite.model.errors import InputError
from suite.store.text import read_text

Place = tuple[str | int, ...]

# A matrix has at most 20,000 cells, which written out one by one take about a MiB.
_LONGEST = 2**20
# A character takes up to four bytes; a device such as /dev/zero never ends.
_MOST_BYTES = 8 * _LONGEST
# A matrix has four levels. Each costs the parser some of Python's stack.
_DEEPEST = 30
_LONGEST_KEY = 100
# No number needs more, and `int` refuses some thousands of digits with an error of its own.
_LONGEST_NUMBER = 40

_TAG = "tag:yaml.org,2002:"
_DECIMAL = r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)"
_EXPONENT = r"(?:[eE][-+]?[0-9]+)?"
# Types of plain scalars other than text, and their first characters.
_KINDS = {
    "null": (r"~|null|Null|NULL|", ("~", "n", "N", "")),
    "bool": (r"true|True|TRUE|false|False|FALSE", tuple("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", tuple("-+0123456789")),
    "float": (rf"{_DECIMAL}{_EXPONENT}", tuple("-+.0123456789")),
}
_TEXT = f"{_TAG}str"
_NUMBERS = {f"{_TAG}int", f"{_TAG}float"}
_YAML_1_2_NUMBER = re.compile(rf"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[0-9]+|0*{_DECIMAL}{_EXPONENT}")
# A decimal number with leading zeros.
_PADDED = re.compile(rf"([-+]?)0*(?=[0-9])({_DECIMAL}{_EXPONENT})")
# Text, as in YAML 1.2; the model interprets them.
_SWITCHES = ("on", "off")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """PyYAML's loader with fewer types of plain scalars and a limit on nesting."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's way
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {_DEEPEST} deep", problem_mark=mark
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _kind, (_form, _firsts) in _KINDS.items():
    _Loader.add_implicit_resolver(f"{_TAG}{_kind}", re.compile(rf"(?:{_form})\Z"), list(_firsts))


@dataclass(frozen=True, slots=True)
class LocatedYaml:
    """A parsed document and the 1-based line of each place (path of keys and indices) in it.

    `example` is the path of a good document of its kind.
    """

    path: Path
    data: object
    lines: dict[Place, int]
    example: str

    def error(self, place: Place, problem: str) -> InputError:
        """An error with file, line (of the place or its nearest parent) and place."""
        known = place
        while known not in self.lines:
            known = known[:-1]
        return _error(self.path, self.lines[known], place, problem)


def dotted(place: Place) -> str:
    """A place as people write it: `axes.batch_size[2]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(path: Path, what: str, example: str) -> LocatedYaml:
    """Parse one YAML document of mappings with words for keys, lists and scalars.

    `what` says what it is (matrix), for errors, and `example` is the path of a good one.

    Raises:
        InputError: unreadable, not YAML, empty, too long or too deep, a key given twice, an alias
            or a tag, or a word that versions of YAML read differently.
    """
    text = read_text(path, f"a {what}, such as {example}", _MOST_BYTES)
    if len(text) > _LONGEST:
        raise InputError(
            f"{path}: has {len(text)} characters, and a {what} at most {_LONGEST}; split it"
        )
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise InputError(f"{path}: is empty; see {example} for an example")
        lines: dict[Place, int] = {}
        _locate(path, node, (), lines, set())
        return LocatedYaml(path, loader.construct_document(node), lines, example)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(
            f"{path}:{line}: cannot be read as YAML: {error.problem or error.context}"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"character {chr(error.character)!r} is not allowed"
        raise InputError(f"{path}:{line}: cannot be read as YAML: {problem}") from None


def read_scalar(text: str) -> object:
    """A number, true, false, null or a text, as a value in such a document is read.

    Raises:
        ValueError: it is a list, a mapping or no YAML, or versions of YAML read it differently.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        single = node if isinstance(node, yaml.ScalarNode) else None
        problem = _problem(single) if single else "is not a single value"
    except yaml.YAMLError:
        problem = "is not a single value"
    if problem:
        raise ValueError(problem)
    value: object = loader.construct_document(node)
    return value


def _error(path: Path, line: int, place: Place, problem: str) -> InputError:
    where = f"{path}:{line}: {dotted(place)}" if place else f"{path}:{line}"
    return InputError(f"{where}: {problem}")


def _locate(
    path: Path, node: yaml.Node, place: Place, lines: dict[Place, int], seen: set[int]
) -> None:
    """Store the line of a node and of all within it; unsupported YAML is an error."""
    line = node.start_mark.line + 1
    problem = _problem(node)
    if place in lines:
        problem = "given twice; remove one"
    if id(node) in seen:
        problem = "anchors and aliases are not read; write the value out"
    if problem:
        raise _error(path, line, place, problem)
    seen.add(id(node))
    lines[place] = line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            key_line = key.start_mark.line + 1
            problem = _problem_of_key(key)
            if problem:
                raise _error(path, key_line, place, problem)
            inner = (*place, key.value)
            _locate(path, value, inner, lines, seen)
            lines[inner] = key_line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _locate(path, value, (*place, index), lines, seen)


_OWN = _Loader("")
_YAML_1_1 = yaml.SafeLoader("")


def _problem(node: yaml.Node) -> str | None:
    """Why a node is refused, with the remedy; None if it is not."""
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    if node.tag != _tag(_OWN, node, is_plain=is_plain):
        return "tags are not read; write the value alone"
    if not isinstance(node, yaml.ScalarNode):
        return None
    if _SURROGATE.search(node.value):
        return f"{reprlib.repr(node.value)} has half a character (a lone surrogate); remove it"
    return _problem_of_word(node) if is_plain and node.value not in _SWITCHES else None


def _problem_of_word(node: yaml.ScalarNode) -> str | None:
    """Why a word without quotes is refused: too many digits, or more than one meaning."""
    word = reprlib.repr(node.value)
    in_1_1 = _tag(_YAML_1_1, node, is_plain=True)
    is_number = {node.tag, in_1_1} & _NUMBERS or _YAML_1_2_NUMBER.fullmatch(node.value)
    if is_number and len(node.value) > _LONGEST_NUMBER:
        return f"{word} is longer than any number here, {_LONGEST_NUMBER} characters; shorten it"
    if node.tag == _TEXT and (in_1_1 != _TEXT or is_number):
        meant = _meant(node.value, in_1_1)
        number = f"write {meant}, or" if meant else "write"
        return f"{word} is ambiguous; {number} {word} for text"
    return None


def _tag(loader: yaml.SafeLoader, node: yaml.Node, *, is_plain: bool) -> str:
    """The type that a loader gives to a node without a tag."""
    kind: str = loader.resolve(type(node), node.value, (is_plain, not is_plain))  # type: ignore[no-untyped-call]
    return kind


def _meant(word: str, tag: str) -> str | None:
    """The plain spelling of a word to which YAML 1.1 gives this tag; None if unclear."""
    if tag == f"{_TAG}bool":
        return "true" if word.lower() in {"yes", "on"} else "false"
    if decimal := _PADDED.fullmatch(word.replace("_", "")):
        return decimal[1] + decimal[2]
    if word.startswith("0o"):
        return str(int(word, 8))
    number = yaml.safe_load(word) if tag in _NUMBERS else math.inf
    return str(number) if math.isfinite(number) else None


def _problem_of_key(key: yaml.Node) -> str | None:
    if not isinstance(key, yaml.ScalarNode):
        return "a key is a word, not a list or a mapping; write it as `key: value`"
    word = reprlib.repr(key.value)
    if key.tag != _TEXT or _problem(key):
        return f"a key is a word, not {word}; correct it"
    if not key.value.isprintable() or not 0 < len(key.value) <= _LONGEST_KEY:
        return f"{word} is not a key; correct it"
    return None
