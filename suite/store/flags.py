"""Command lines: mistakes as one line with a hint, and the types of flags that take paths."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from suite.model.errors import InputError
from suite.model.text import shown
from suite.store.nearest import nearest

# Linux's limits in bytes; some file systems have lower ones.
_LONGEST_NAME = 255
_LONGEST_PATH = 4095
# Characters shown of an unknown word: enough to recognise it.
_SHOWN = 60


class _Once(argparse.Action):
    """A flag with a single value; a second, different one is refused (argparse takes the last)."""

    first: object = None

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Store the value."""
        if option_string is not None and self.first is not None and values != self.first:
            both = (_worded(str(getattr(each, "value", each))) for each in (self.first, values))
            text = f"given twice, as {' and as '.join(both)}"
            raise argparse.ArgumentError(self, f"{text}; give one of them")
        self.first = values
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """argparse that raises mistakes as InputError: one line, with a hint.

    A flag takes one value; repeating the same value is allowed.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name in (None, "store"):
            self.register("action", name, _Once)

    def error(self, message: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{self.prog}: {message}; see --help")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse everything; an unknown flag is reported before anything else.

        Otherwise a misspelt flag would be reported as a missing one.

        Raises:
            InputError: a word that is unknown, misplaced, missing or has a bad value.
        """
        words = list(sys.argv[1:] if args is None else args)
        self._refuse_unknown_flags(words)
        given, left_over = super().parse_known_args(words, namespace)
        if left_over:
            self.error(f"unexpected {_worded(left_over[0])}")
        return given, left_over

    def _refuse_unknown_flags(self, words: Sequence[str]) -> None:
        known = self._option_string_actions
        # Words after a verb belong to that verb's own parser.
        own = words if self._subparsers is None else takewhile(lambda w: w.startswith("-"), words)
        for word in takewhile(lambda w: w != "--", own):
            flag = word.partition("=")[0]
            # argparse takes a word with a space for a value, whatever it begins with.
            if flag.startswith("--") and " " not in word and flag not in known:
                flags = [name for name in known if name.startswith("--")]
                self.error(f"unknown flag {_worded(flag)}; {nearest(flag, flags)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse's, with the nearest choice."""
        if action.choices is not None and value not in action.choices:
            choices = [str(choice) for choice in action.choices]
            hint = nearest(str(value), choices)
            raise argparse.ArgumentError(action, f"invalid choice: {_worded(str(value))}; {hint}")


def _worded(word: str) -> str:
    return f"'{shown(word, _SHOWN)}'"


def chosen(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    """The type of a flag that takes some of these names, separated by commas."""

    def names(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
        for name in found:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{_worded(name)}: {nearest(name, known)}")
        return found

    return names


def path(text: str) -> Path:
    """A flag's path, with a leading `~` or `~user` as that user's home directory."""
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("is empty" if not text else "holds a null character")
    try:
        found = Path(text).expanduser()
    except RuntimeError:
        name = _worded(text.partition("/")[0])
        raise argparse.ArgumentTypeError(
            f"{name}: no such home directory; write the path out, or ./~ for a file of that name"
        ) from None
    for part in found.parts:
        _check_length("name", part, _LONGEST_NAME)
    _check_length("path", str(found), _LONGEST_PATH)
    return found


def path_text(text: str) -> str:
    """The same, as a text."""
    return str(path(text))


def _check_length(what: str, text: str, longest: int) -> None:
    size = len(os.fsencode(text))
    if size > longest:
        raise argparse.ArgumentTypeError(
            f"{_worded(text)}: a {what} of {size} bytes; Linux allows {longest}"
        )
