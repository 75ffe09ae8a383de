"""The architecture: imports point down only, and heavy packages stay in their layer."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("core", "files", "kernels", "measure", "runner", "render", "cli")
# Beside them stands a program of its own, which nothing imports and which knows little.
INSTALLER = "install"
BELOW_INSTALLER = {"core", "files", INSTALLER}
# What every program has around its work lies beside the layers as well.
BELOW_PROGRAMS = {"core"}
# Entry points start a layer above their folder.
ENTRY_POINTS = {"suite/kernels/__main__.py"}
# A framework and the one layer that may import it.
ONLY_IN = {
    "tensorflow": "kernels",
    "keras": "kernels",
    "horovod": "kernels",
    "nvidia": "kernels",
    "pynvml": "measure",
    "yaml": "files",
    "csv": "files",
    "jinja2": "render",
    "matplotlib": "render",
    "tabulate": "render",
    "rich": "cli",
}
MODULES = sorted(path for path in (ROOT / "suite").rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


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
def test_frameworks_stay_in_their_layer(path: Path) -> None:
    """TensorFlow is imported by kernels only, NVML by measure only, and so on."""
    layer = path.relative_to(ROOT / "suite").parts[0]
    tops = {name.split(".")[0] for name in imports_of(path)}

    assert {name for name in tops & set(ONLY_IN) if ONLY_IN[name] != layer} == set()


def test_only_programs_for_users_print() -> None:
    """The command line and the installer print; every other layer returns text or raises."""
    printing = {
        name_of(path)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }

    assert {name.split("/")[1] for name in printing} <= {"cli", INSTALLER}
