"""`--a` and `--b` of `bench.py ab`: what is different on a side."""

import re
import reprlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from suite.cli.selection import axis_value, check_axis
from suite.machine.environment import looks_secret
from suite.model.errors import InputError
from suite.run.sides import Side

UNCHANGED = "unchanged"
_EXAMPLES = (
    f"give {UNCHANGED}, python=PATH, ref=REVISION, env:NAME=VALUE, or a condition such as"
    " xla_mode=auto_clustering"
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def parse_side(name: str, texts: Sequence[str]) -> Side:
    """The side that these texts describe; `name` is its flag: `a` or `b`.

    Raises:
        InputError: one of them is nothing that may differ, or says again what another says.
    """
    side = Side(name=name, differs=tuple(texts))
    seen: set[str] = set()
    for text in texts:
        what, equals, value = text.partition("=")
        flag = f"--{name} {reprlib.repr(text)}"
        if text != UNCHANGED and not (equals and value):
            raise InputError(f"{flag}: says nothing that may differ; {_EXAMPLES}")
        if what in seen:
            raise InputError(f"{flag}: {what} is given twice")
        seen.add(what)
        side = _with(side, what, value, flag)
    if UNCHANGED in seen and len(seen) > 1:
        raise InputError(f"--{name} {UNCHANGED}: and something else as well; leave out one of them")
    return side


def _with(side: Side, what: str, value: str, flag: str) -> Side:
    if what == UNCHANGED:
        return side
    if what == "python":
        return replace(side, python=_program(value, flag))
    if what == "ref":
        if value.startswith("-"):
            raise InputError(f"{flag}: a revision does not begin with a dash")
        return replace(side, ref=value)
    if what.startswith("env:"):
        variable = what.removeprefix("env:")
        if not _NAME.fullmatch(variable) or "\0" in value:
            raise InputError(f"{flag}: no name of a variable; such as: env:OMP_NUM_THREADS=1")
        if looks_secret(variable, value):
            raise InputError(
                f"--{side.name} env:{variable}: looks like a secret, which every record would show;"
                " export it for both sides instead"
            )
        return replace(side, environment={**side.environment, variable: value})
    check_axis(what, flag)
    return replace(side, settings={**side.settings, what: axis_value(what, value, flag)})


def _program(text: str, flag: str) -> str:
    """The interpreter, or the one in an environment whose folder is given; absolute.

    Links are kept: an environment is known by the link to its interpreter.
    """
    path = Path(text).expanduser()
    found = shutil.which(path / "bin" / "python" if path.is_dir() else path)
    if found is None:
        raise InputError(f"{flag}: no such program; give a Python, such as {sys.executable}")
    return str(Path(found).absolute())
