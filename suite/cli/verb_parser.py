"""The parser of one verb, or of one action of a verb, and the form of its help."""

import argparse
from collections.abc import Sequence

from suite.model.text import bench

Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


class Help(argparse.RawDescriptionHelpFormatter):
    """Help that keeps the lines of examples, and has each verb on one line with what it does."""

    def add_argument(self, action: argparse.Action) -> None:
        """Make room for the verbs, of which argparse forgets that they are indented once more."""
        super().add_argument(action)
        if isinstance(action, Verbs):
            longest = max(map(len, action.choices))
            indent = self._current_indent + 2 * self._indent_increment
            self._action_max_length = max(self._action_max_length, longest + indent)


def add_verb(
    verbs: "Verbs[argparse.ArgumentParser]", name: str, text: str, *examples: Sequence[str]
) -> argparse.ArgumentParser:
    """Add a verb, or an action of one; each example is the words after the program's name."""
    title = "example:" if len(examples) == 1 else "examples:"
    return verbs.add_parser(
        name,
        help=text,
        description=text,
        epilog="\n".join([title, *(f"  {bench(*words)}" for words in examples)]),
        formatter_class=Help,
        allow_abbrev=False,
    )
