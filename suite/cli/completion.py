"""What a shell completes: verbs and flags, and after them what their placeholders name."""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import argcomplete
from argcomplete.completers import DirectoriesCompleter, FilesCompleter, SuppressCompleter

from suite.cli.parser import REPORTS, make_parser
from suite.model.systems import SYSTEMS

Completer = Callable[..., Iterable[str]]


def complete() -> NoReturn:
    """Answer the shell that asks, and end the program.

    The line is unfinished, so it is read by argparse's own parser, which takes what it can.
    """
    parser = make_parser(argparse.ArgumentParser)
    for action in _actions(parser):
        completer = _COMPLETERS.get(str(action.metavar))
        if completer is not None:
            action.completer = completer  # type: ignore[attr-defined]
    argcomplete.autocomplete(
        parser, always_complete_options="long", default_completer=SuppressCompleter()
    )
    raise AssertionError("argcomplete ends the program")


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every flag and positional of a parser and of its verbs."""
    for action in parser._actions:  # noqa: SLF001 - argparse tells them nowhere else
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for verb in action.choices.values():
                yield from _actions(verb)


def _matrices(prefix: str, **_: object) -> list[str]:
    """The suite's own by name, and files."""
    from suite.store.matrices import matrix_names

    return [*matrix_names(), *_files("yaml", "yml")(prefix)]


def _recipes(prefix: str, **_: object) -> list[str]:
    """The suite's own by name, and files."""
    from suite.store.recipes import recipe_names

    return [*recipe_names(), *_files("yaml", "yml")(prefix)]


def _references(prefix: str, **_: object) -> list[str]:
    """Published tables by name, and files."""
    return [*(system.key for system in SYSTEMS), *_files("csv")(prefix)]


def _runs(prefix: str, **_: object) -> list[str]:
    """Directories of runs, else the way to them."""
    return _begun_runs(prefix) or list(DirectoriesCompleter()(prefix))


def _references_and_runs(prefix: str, **_: object) -> list[str]:
    """Directories of runs, where one is begun; else published tables by name, and files."""
    return (_begun_runs(prefix) if prefix else []) or _references(prefix)


def _begun_runs(prefix: str) -> list[str]:
    """Directories of runs under reports/ and under the folder begun."""
    from suite.store.runs import run_directories

    folders = dict.fromkeys((REPORTS, Path(os.path.dirname(prefix))))  # noqa: PTH120 - keeps "a/"
    found = [str(run) for folder in folders for run in run_directories(folder)]
    return [run for run in found if run.startswith(prefix)]


def _trainings(prefix: str, **_: object) -> list[str]:
    """Training directories under reports/ and under the folder begun, and files of networks."""
    from suite.store.training_runs import training_directories

    folders = dict.fromkeys((REPORTS, Path(os.path.dirname(prefix))))  # noqa: PTH120 - keeps "a/"
    found = [str(each) for folder in folders for each in training_directories(folder)]
    begun = [each for each in found if each.startswith(prefix)]
    return begun or list(_files("ckpt", "keras")(prefix))


def _files(*endings: str) -> Completer:
    return FilesCompleter(endings)  # type: ignore[no-any-return, no-untyped-call, unused-ignore]


# By the placeholder of a flag or positional, which says the same to a reader of --help.
_COMPLETERS: Mapping[str, Completer] = MappingProxyType(
    {
        "MATRIX": _matrices,
        "RECIPE": _recipes,
        "CSV": _references,
        "REFERENCE": _references_and_runs,
        "RUN": _runs,
        "TRAINING": _trainings,
        "IMAGE": _files("jpg", "jpeg", "png"),
        "DIR": DirectoriesCompleter(),
        "IDXDIR": DirectoriesCompleter(),
        "FILE": FilesCompleter(),
    }
)
