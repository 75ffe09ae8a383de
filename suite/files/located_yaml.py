"""YAML with the line of every value, so that an error can name the place."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from suite.core.errors import InputError
from suite.files.text import read_text

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LocatedYaml:
    """A parsed document and the 1-based line of each place (path of keys and indices) in it."""

    path: Path
    data: object
    lines: dict[Place, int]

    def error(self, place: Place, problem: str) -> InputError:
        """An error that names the file, the line of the place (or its nearest parent) and it."""
        known = place
        while known not in self.lines:
            known = known[:-1]
        where = f"{self.path}:{self.lines[known]}"
        return InputError(
            f"{where}: {dotted(place)}: {problem}" if place else f"{where}: {problem}"
        )


def dotted(place: Place) -> str:
    """A place as people write it: `axes.batch_size[2]`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_yaml(path: Path) -> LocatedYaml:
    """Parse one YAML document of mappings, lists and scalars.

    Raises:
        InputError: unreadable, not YAML, empty, a key given twice, or an alias.
    """
    text = read_text(path, "a matrix, such as matrices/quick.yaml")
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise InputError(f"{path}: is empty; see matrices/quick.yaml for an example")
        lines: dict[Place, int] = {}
        _locate(path, node, (), lines, set())
        return LocatedYaml(path, loader.construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(f"{path}:{line}: is not YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path}: is not YAML: {' '.join(str(error).split())}") from None


def _locate(
    path: Path, node: yaml.Node, place: Place, lines: dict[Place, int], seen: set[int]
) -> None:
    line = node.start_mark.line + 1
    if place in lines:
        raise InputError(f"{path}:{line}: {dotted(place)}: given twice; remove one")
    if id(node) in seen:
        raise InputError(
            f"{path}:{line}: {dotted(place)}: anchors and aliases are not read; write the value out"
        )
    seen.add(id(node))
    lines[place] = line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            _locate(path, value, inner, lines, seen)
            lines[inner] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _locate(path, value, (*place, index), lines, seen)
