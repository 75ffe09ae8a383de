"""The architecture: imports point down only, and heavy packages stay in their layer."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("model", "analysis", "store", "machine", "kernels", "run", "formats", "cli")
# Beside them stands a program of its own, which nothing imports and which knows little.
INSTALLER = "install"
BELOW_INSTALLER = {"model", "store", INSTALLER}
# What every program has around its work lies beside the layers as well.
BELOW_PROGRAMS = {"model"}
# Entry points start a layer above their folder.
ENTRY_POINTS = {"suite/kernels/__main__.py", "suite/__main__.py"}
# A framework and the one folder that may import it.
ONLY_IN = {
    "tensorflow": "kernels/tensorflow",
    "keras": "kernels/tensorflow",
    "horovod": "kernels/tensorflow",
    "nvidia": "kernels/tensorflow",
    "pynvml": "machine",
    "yaml": "store",
    "csv": "store",
    "jinja2": "formats",
    "matplotlib": "formats",
    "scipy": "analysis",
    "sklearn": "kernels/tensorflow",
    "tabulate": "formats",
    "rich": "cli",
    "argcomplete": "cli",
}
MODULES = sorted(path for path in (ROOT / "suite").rglob("*.py"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module, which several tests look at."""
    return tuple(ast.walk(ast.parse(path.read_text())))


@cache
def imports_of(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    """A module imports its own layer and those below it, never one above."""
    if name_of(path) in ENTRY_POINTS:
        return
    layer = path.relative_to(ROOT / "suite").parts[0]
    if path.parent.name == "suite":
        allowed = BELOW_PROGRAMS
    elif layer == INSTALLER:
        allowed = BELOW_INSTALLER
    else:
        allowed = set(LAYERS[: LAYERS.index(layer) + 1])

    assert not {
        name
        for name in imports_of(path)
        if name.startswith("suite.") and name.split(".")[1] in {*LAYERS, INSTALLER} - allowed
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_frameworks_stay_in_their_folder(path: Path) -> None:
    """TensorFlow is imported by its kernel only, NVML by machine only, and so on."""
    tops = {name.split(".")[0] for name in imports_of(path)}
    folder = name_of(path.parent)

    assert not {
        top for top in tops & set(ONLY_IN) if not f"{folder}/".startswith(f"suite/{ONLY_IN[top]}/")
    }


# What only TensorFlow has: its variables, the words of its errors. Beside its folder, records list
# the variables that were set, and the installer builds Horovod for it.
TENSORFLOWS = re.compile(
    r"\b(TF_[A-Z]\w*|XLA_FLAGS|NVIDIA_TF32_OVERRIDE|RESOURCE_EXHAUSTED|ResourceExhausted\w*"
    r"|Graph execution error|tensorflow-cpu|dali_missing|horovod_missing)"
)
MAY_NAME = ("suite/kernels/tensorflow/", "suite/install/", "suite/machine/environment.py")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_framework_is_known_by_its_interface_only(path: Path) -> None:
    """Whatever is outside suite/kernels asks `suite.kernels`, and names nothing of TensorFlow."""
    name, text = name_of(path), path.read_text()
    frameworks = ("suite.kernels.tensorflow", "suite.kernels.simulated")

    if not name.startswith("suite/kernels/"):
        assert not {each for each in imports_of(path) if each.startswith(frameworks)}
    if not name.startswith(MAY_NAME):
        assert TENSORFLOWS.findall(text) == []


NAMED = re.compile(r"\bsuite(?:\.[a-z_0-9]+)+")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_named_in_a_string_is_there(path: Path) -> None:
    """A name in a string, which no import would miss, still leads to a module."""
    for node in nodes_of(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for name in NAMED.findall(node.value):
                place = ROOT / name.replace(".", "/")
                files = (place.with_suffix(".py"), place.parent.with_suffix(".py"))
                assert place.is_dir() or any(file.is_file() for file in files), name


@pytest.mark.parametrize("path", sorted((ROOT / "suite" / "formats").rglob("*.py")), ids=name_of)
def test_formats_calculate_nothing(path: Path) -> None:
    """A format shows what analysis has put into a report, and takes types and constants alone."""
    functions = {
        f"{node.module}.{alias.name}"
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        # How a drawing is laid out takes some geometry, by `import math`.
        if node.module.startswith(("suite.analysis", "statistics", "math")) and alias.name.islower()
    }

    # How many samples an interval needs follows from nothing that was measured.
    assert functions <= {"suite.analysis.intervals.samples_needed"}


def test_only_programs_for_users_print() -> None:
    """The command line and the installer print; every other layer returns text or raises."""
    printing = {
        name_of(path)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }

    assert {name.split("/")[1] for name in printing} <= {"cli", INSTALLER}


def test_data_cannot_change() -> None:
    """Types of `model` and `analysis` are values: frozen, and without fields not declared."""
    kinds = {
        f"{name_of(path)}: {node.name}": {"frozen=True", "slots=True"}
        - set(map(ast.unparse, words))
        for path in MODULES
        if path.parent.name in {"model", "analysis"}
        for node in nodes_of(path)
        if isinstance(node, ast.ClassDef)
        for words in [
            decorator.keywords if isinstance(decorator, ast.Call) else []
            for decorator in node.decorator_list
        ]
    }

    assert len(kinds) > 50
    assert not {name for name, missing in kinds.items() if missing}


# Imported where it is used, by functions: a verb that needs none of it starts without waiting.
SLOW_TO_IMPORT = {
    "pandas",
    "scipy",
    "matplotlib",
    "openpyxl",
    "tensorboard",
    "tensorflow",
    "horovod",
    "nvidia",
}
# All of such a module is about one of them; it is itself imported by functions.
ABOUT_ONE = {"suite/model/frames.py", "suite/formats/workbook.py"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_is_slow_to_import_is_imported_where_it_is_used(path: Path) -> None:
    """`--help`, `plan` and the start of a run wait for no pandas; nor does the runner carry it."""
    if name_of(path) in ABOUT_ONE or name_of(path).startswith("suite/kernels/tensorflow/"):
        return
    at_once = set()
    (module, *_) = nodes_of(path)
    assert isinstance(module, ast.Module)
    for node in module.body:
        if isinstance(node, ast.Import):
            at_once |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            at_once.add(node.module or "")

    assert not {name.split(".")[0] for name in at_once} & SLOW_TO_IMPORT
    assert not at_once & {"suite.model.frames", "suite.formats.workbook"}
