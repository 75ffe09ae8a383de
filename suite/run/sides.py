"""The two sides of an A/B: what differs between them, and how their launches start."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from suite.model.cell import Cell
from suite.model.errors import InputError
from suite.model.matrix import Matrix
from suite.model.text import shown
from suite.run.child import PROJECT, Start, start_process, with_suite

# What a side's own Python tells of itself, as JSON on the last line it prints.
_FINGERPRINT = """
import json
from suite import kernels
from suite.machine.devices import detect_machine
from suite.machine.environment import fingerprint
print(json.dumps(fingerprint(detect_machine(), kernels.packages())))
"""
# A Python on a slow disk imports for a while.
_FINGERPRINT_SECONDS = 120.0
_GIT, _GIT_SECONDS = "git", 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side: `a` or `b`, and what is different on it.

    `python` is the interpreter of its launches and `tree` the checkout of the suite that they
    import; `ref` is the git revision of which `tree` is to be a checkout, None for this one.
    `environment` are variables on top of the runner's own, `settings` conditions that its cells
    have in place of the matrix's. `differs` says all that in the words of the user.
    """

    name: str
    differs: tuple[str, ...]
    python: str = sys.executable
    ref: str | None = None
    tree: Path = PROJECT
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What differs, in the user's words."""
        return ", ".join(self.differs)

    @property
    def start(self) -> Start:
        """Starts a launch of this side as a program of its own, never as a fork."""
        return partial(start_process, python=self.python, tree=self.tree)

    def cells_of(self, matrix: Matrix) -> tuple[Cell, ...]:
        """The cells of the matrix under the conditions of this side.

        Raises:
            InputError: one could never run, or two of them become the same.
        """
        cells = tuple(replace(cell, **self.settings) for cell in matrix.cells)  # type: ignore[arg-type]
        for cell in cells:
            if cell.contradiction:
                raise InputError(f"--{self.name} {self.title}: {cell.id}: {cell.contradiction}")
        if len(set(cells)) < len(cells):
            raise InputError(
                f"--{self.name} {self.title}: makes cells of the matrix the same, which vary in it;"
                " narrow the matrix with --set"
            )
        return cells


def side_fingerprint(side: Side) -> dict[str, object]:
    """The software of a side, as its own Python finds it.

    Raises:
        InputError: it cannot be started, or cannot import this suite or that revision of it.
    """
    try:
        done = subprocess.run(
            [side.python, "-c", _FINGERPRINT],
            env=with_suite({**os.environ, **side.environment}, side.tree),
            cwd=side.tree,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_FINGERPRINT_SECONDS,
            check=False,
        )
    except OSError as error:
        raise InputError(
            f"--{side.name} {side.title}: {side.python} cannot be started ({error.strerror})"
        ) from None
    except subprocess.TimeoutExpired:
        raise InputError(
            f"--{side.name} {side.title}: its Python did not answer in {_FINGERPRINT_SECONDS:g} s"
        ) from None
    lines = done.stdout.strip().splitlines()
    try:
        found = json.loads(lines[-1])
    except (IndexError, ValueError):
        said = (done.stderr.strip().splitlines() or ["nothing was printed"])[-1]
        raise InputError(
            f"--{side.name} {side.title}: cannot import the suite: {shown(said)}; install its"
            " dependencies there, or choose a later revision"
        ) from None
    return dict(found)


@contextmanager
def checked_out(side: Side, folder: Path) -> Iterator[Side]:
    """The side with its revision in a git worktree of its own, which is removed afterwards.

    Raises:
        InputError: this suite is no checkout of git, or has no such revision.
    """
    if side.ref is None:
        yield side
        return
    commit = _git(side, "rev-parse", "--verify", "--quiet", f"{side.ref}^{{commit}}")
    _git(side, "worktree", "prune")
    _git(side, "worktree", "add", "--detach", "--force", str(folder), commit)
    try:
        yield replace(side, tree=folder.resolve())
    finally:
        _git(side, "worktree", "remove", "--force", str(folder))


def _git(side: Side, *words: str) -> str:
    try:
        done = subprocess.run(
            [_GIT, "-C", str(PROJECT), *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=False,
        )
    except OSError:
        raise InputError(f"--{side.name} {side.title}: needs git, which is not installed") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"there is no revision {side.ref}"])[-1]
        raise InputError(f"--{side.name} {side.title}: {shown(said)}")
    return done.stdout.strip()
