"""The shipped matrices: each published group is reproduced cell by cell."""

from dataclasses import replace
from pathlib import Path

import pytest

from suite.model.cell import Mode
from suite.model.reference import Key, key_of, reference_key
from suite.store.matrices import read_matrix
from suite.store.references import read_reference

ROOT = Path(__file__).parents[2]


def cells_of(name: str) -> set[Key]:
    matrix = read_matrix(ROOT / "matrices" / f"{name}.yaml")
    return {key_of(cell) for cell in matrix.cells}


@pytest.mark.parametrize(
    ("system", "mode", "published"),
    [
        ("t4", "inference", 27),
        ("dgx1", "inference", 27),
        ("dgx2", "inference", 27),
        ("dgxa100", "inference", 36),
        ("dgx1", "training", 4),
        ("dgx2", "training", 4),
        ("dgxa100", "training", 4),
    ],
)
def test_a_matrix_is_exactly_its_published_tables(system: str, mode: str, published: int) -> None:
    """Expanding the matrix gives every published cell of the system and mode, and no other."""
    table = read_reference(ROOT / "reference" / f"{system}.csv")
    keys = {row.key for row in table.rows if row.mode is Mode(mode)}

    assert len(keys) == published
    assert cells_of(f"{system}_{mode}") == keys


@pytest.mark.parametrize(
    ("system", "mode"),
    [
        ("t4", "inference"),
        ("dgx1", "inference"),
        ("dgx1", "training"),
        ("dgx2", "inference"),
        ("dgx2", "training"),
        ("dgxa100", "inference"),
        ("dgxa100", "training"),
    ],
)
def test_a_published_matrix_names_its_device_reference_and_protocol(system: str, mode: str) -> None:
    """It runs as the script behind the tables ran, and says which tables those are."""
    matrix = read_matrix(ROOT / "matrices" / f"{system}_{mode}.yaml")
    steps = (matrix.protocol.warmup_steps, matrix.protocol.measured_steps)

    assert matrix.device == system
    assert matrix.reference is not None
    assert Path(matrix.reference).resolve() == ROOT / "reference" / f"{system}.csv"
    assert steps == ((50, 350) if mode == "inference" else (200, 300))
    assert matrix.protocol.max_seconds is None


@pytest.mark.parametrize(
    ("mode", "systems", "cells"),
    [
        ("inference", {"t4", "dgx1", "dgx2", "dgxa100"}, 117),
        ("training", {"dgx1", "dgx2", "dgxa100"}, 12),
    ],
)
def test_one_matrix_states_the_page(mode: str, systems: set[str], cells: int) -> None:
    """Each system's cells are those of its own matrix, with its GPU named and no other change."""
    whole = read_matrix(ROOT / "matrices" / f"published_{mode}.yaml")

    assert len(whole.cells) == cells
    assert {reference_key(cell) for cell in whole.cells} == systems
    for system in systems:
        single = read_matrix(ROOT / "matrices" / f"{system}_{mode}.yaml")
        own = [replace(cell, gpu=None) for cell in whole.cells if cell.gpu == system]
        assert set(own) == set(single.cells)
        assert whole.protocol == single.protocol


def test_the_grid_for_any_gpu_holds_every_published_inference_cell() -> None:
    """Whatever table somebody compares with, the run has its cells."""
    published = {
        row.key
        for system in ("t4", "dgx1", "dgx2", "dgxa100")
        for row in read_reference(ROOT / "reference" / f"{system}.csv").rows
        if row.mode is Mode.INFERENCE
    }

    assert published <= cells_of("any_gpu")
