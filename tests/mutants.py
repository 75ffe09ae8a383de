"""How much the tests of a layer notice: small faults are put into it, one at a time.

    python tests/mutants.py analysis --count 100 --seed 1

draws that many faults ("mutants") by chance from all that can be made in `suite/analysis`, and runs
the fast tests in `tests/analysis` against each, in a copy of the checkout and a process of its own.
The same seed draws the same faults from the same code. What no test caught is printed: file, line,
before and after.
`suite/model` holds types that others give a meaning: `model --tests model analysis store`.
"""

import argparse
import ast
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

ROOT = Path(__file__).parents[1]
# What most tests import of others, once for all forks.
WARM = ("jinja2", "matplotlib.figure", "numpy", "openpyxl", "pandas", "pydantic", "scipy.stats")
# A test that takes so many times as long as its whole file without a fault never ends.
PATIENCE = 10

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A module with one fault: `start` to `end` are the bytes that `after` replaces."""

    path: Path
    line: int
    start: int
    end: int
    before: str
    after: str


def changed(node: ast.AST, **fields: object) -> ast.AST:
    """The node with other fields."""
    other = copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


def faults(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What may stand in the place of a node, or of a part of it."""
    match node:
        case ast.Compare(ops=ops):
            for index, operator in enumerate(ops):
                swapped = [*ops[:index], SWAPS[type(operator)](), *ops[index + 1 :]]
                yield node, changed(node, ops=swapped)
        case ast.BoolOp(op=operator) | ast.BinOp(op=operator) if type(operator) in SWAPS:
            yield node, changed(node, op=SWAPS[type(operator)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node, node.operand
        case ast.Constant(value=bool()):
            yield node, ast.Constant(not node.value)
        case ast.Constant(value=int() | float() as number):
            yield node, ast.Constant(number + 1 if number + 1 != number else number * 2)
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield test, ast.Constant(value=False)
            if not isinstance(node, ast.While):
                yield test, ast.Constant(value=True)
        case ast.comprehension(ifs=conditions):
            for condition in conditions:
                yield condition, ast.Constant(value=True)
        case ast.Expr(value=ast.Call()):
            yield node, ast.Pass()


def declarations(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that linters look at, not tests: types, decorators, and the strict of a zip.

    What is imported for types alone is none of a program's, whose layers have tests of their own.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from ast.walk(node)
        parts = [getattr(node, name, None) for name in ("annotation", "returns")]
        parts += getattr(node, "decorator_list", [])
        if isinstance(node, ast.keyword) and node.arg == "strict":
            parts.append(node.value)
        for part in parts:
            yield from ast.walk(part or ast.Pass())


def mutants(path: Path) -> Iterator[Mutant]:
    """Every fault that can be made in a module."""
    text = path.read_bytes()
    tree = ast.parse(text)
    beginnings = [0]
    for line in text.splitlines(keepends=True):
        beginnings.append(beginnings[-1] + len(line))
    declared = set(declarations(tree))
    for node in ast.walk(tree):
        for old, new in faults(node) if node not in declared else ():
            start = beginnings[old.lineno - 1] + old.col_offset  # type: ignore[attr-defined]
            end = beginnings[old.end_lineno - 1] + old.end_col_offset  # type: ignore[attr-defined]
            after = ast.unparse(new) if isinstance(new, ast.Pass) else f"({ast.unparse(new)})"
            yield Mutant(path, old.lineno, start, end, ast.unparse(old), after)  # type: ignore[attr-defined]


def seconds_by_file(folders: Sequence[Path], checkout: Path) -> dict[Path, float]:
    """How long each file of fast tests takes without a fault; ends the program if a test fails."""
    results = checkout.parent / "results.xml"
    # Only this family of such files says in which file a test stands.
    if not do_pass(folders, checkout, f"--junit-xml={results}", "-o", "junit_family=xunit1"):
        sys.exit("the tests fail without any fault, or none of them is fast")
    seconds: defaultdict[Path, float] = defaultdict(float)
    for test in parse(results).iter("testcase"):  # noqa: S314 - just written by pytest
        seconds[checkout / test.attrib["file"]] += float(test.attrib["time"])
    return seconds


def is_caught(mutant: Mutant, checkout: Path, seconds: Mapping[Path, float]) -> bool:
    """Whether a test fails or does not end: those of the module itself are run first.

    Then come the others, those of its folder first, and the quick files before the slow ones.
    """
    stem, folder = mutant.path.stem, mutant.path.parent.name
    files = sorted(seconds, key=lambda file: (file.parent.name != folder, seconds[file]))
    own = [file for file in files if file.stem.startswith((f"test_{stem}", f"test_{folder}_"))]
    others = [file for file in files if file not in own]
    longest = PATIENCE * (1 + max(seconds.values()))
    options = f"--timeout={longest}", "--timeout-method=thread", "-p", "no:cacheprovider"
    return any(tests and not do_pass(tests, checkout, *options) for tests in (own, others))


def do_pass(tests: Sequence[Path], checkout: Path, *options: str) -> bool:
    """Whether the fast ones of these tests pass in the copy, in the order given."""
    wanted = ["-x", "-q", "-m", "not slow and not browser", *options, *map(str, tests)]
    process = multiprocessing.get_context("fork").Process(target=run, args=(wanted, checkout))
    process.start()
    process.join()
    return process.exitcode == 0


def run(options: list[str], checkout: Path) -> None:
    """Run tests in this process, which a fork of the program is, and end it with their result."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.dup2(nothing, sys.stderr.fileno())
    os.chdir(checkout)
    sys.path[0] = str(checkout)
    sys.exit(pytest.main(options))


def main() -> int:
    """Print what was not caught, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layer", help="a folder of suite/")
    parser.add_argument("--tests", nargs="+", help="folders of tests/; by default the layer's own")
    parser.add_argument("--count", type=int, default=100, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="*", metavar="GLOB", help="modules, such as 'run*'")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "checkout"
        ignored = shutil.ignore_patterns(".*", "__pycache__", "reports")
        shutil.copytree(ROOT, checkout, ignore=ignored, symlinks=True)
        for name in WARM:
            import_module(name)
        folders = [checkout / "tests" / name for name in asked.tests or [asked.layer]]
        seconds = seconds_by_file(folders, checkout)
        # A module is changed more than once a second, which its compiled form would hide.
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        paths = sorted((checkout / "suite" / asked.layer).rglob(f"{asked.only}.py"))
        every = [mutant for path in paths for mutant in mutants(path)]
        chance = random.Random(asked.seed)  # noqa: S311 - the same faults in every run
        drawn = chance.sample(every, min(asked.count, len(every)))
        missed = 0
        for number, mutant in enumerate(drawn, 1):
            sound = mutant.path.read_bytes()
            faulty = sound[: mutant.start] + mutant.after.encode() + sound[mutant.end :]
            mutant.path.write_bytes(faulty)
            Path(cache_from_source(mutant.path)).unlink(missing_ok=True)
            if not is_caught(mutant, checkout, seconds):
                missed += 1
                place = f"{mutant.path.relative_to(checkout)}:{mutant.line}"
                print(f"{number}. {place}\n    {mutant.before}\n    {mutant.after}", flush=True)
            mutant.path.write_bytes(sound)
    print(f"{asked.layer}: {len(drawn) - missed} of {len(drawn)} caught ({len(every)} possible)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
