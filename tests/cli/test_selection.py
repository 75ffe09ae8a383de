"""suite.cli.selection: a matrix narrowed by expressions, none of which is ever evaluated."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from commands import bench

from suite.cli.selection import narrowed, parse_selection
from suite.model.cell import Cell, Mode, Precision, Protocol
from suite.model.errors import InputError
from suite.model.matrix import Matrix

ROOT = Path(__file__).parents[2]
CELLS = tuple(
    Cell(mode=mode, precision=precision, xla=xla, batch_size=batch_size)
    for mode in Mode
    for precision in (Precision.FP32, Precision.AMP)
    for xla in (False, True)
    for batch_size in (1, 8, 64)
)
FEW = "batch_size > 999"
MATRIX = Matrix(
    name="mine",
    purpose="",
    device=None,
    reference=None,
    protocol=Protocol(warmup_steps=1, measured_steps=2),
    cells=CELLS,
)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("precision == amp", lambda cell: cell.precision is Precision.AMP),
        ("precision != 'amp'", lambda cell: cell.precision is not Precision.AMP),
        ("amp == precision", lambda cell: cell.precision is Precision.AMP),
        ("xla", lambda cell: cell.xla),
        ("not xla", lambda cell: not cell.xla),
        ("xla == on", lambda cell: cell.xla),
        ("xla == False", lambda cell: not cell.xla),
        ("batch_size >= 8", lambda cell: cell.batch_size >= 8),
        ("8 < batch_size", lambda cell: cell.batch_size > 8),
        ("1 < batch_size <= 8", lambda cell: 1 < cell.batch_size <= 8),
        ("batch_size in [1, 64]", lambda cell: cell.batch_size in {1, 64}),
        ("precision not in (fp32, tf32)", lambda cell: cell.precision is Precision.AMP),
        (
            "mode == training and (xla or batch_size < 8)",
            lambda cell: cell.mode is Mode.TRAINING and (cell.xla or cell.batch_size < 8),
        ),
        (
            "xla and batch_size == 1 or not (xla or precision == amp)",
            lambda cell: (
                (cell.xla and cell.batch_size == 1)
                or not (cell.xla or cell.precision is Precision.AMP)
            ),
        ),
    ],
)
def test_an_expression_keeps_the_cells_it_says(expression: str, wanted) -> None:  # type: ignore[no-untyped-def]
    """Comparisons, chains, membership and their connection mean what they mean in Python."""
    keeps = parse_selection(expression)

    assert [cell for cell in CELLS if keeps(cell)] == [cell for cell in CELLS if wanted(cell)]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("precison == amp", "unknown axis 'precison'; did you mean 'precision'?"),
        ("precision == apm", "unknown precision 'apm'; did you mean 'amp'?"),
        ("precision = amp", "cannot be read (equality is ==)"),
        ("batch_size == 8.5", "'8.5' is not a value of batch_size"),
        ("batch_size == many", "batch_size: 'many' is not a whole number from 0"),
        ("xla == 3", "xla is on or off, not '3'"),
        ("mode < training", "mode has no order; use == or in"),
        ("batch_size in 8", "needs a list"),
        ("batch_size is 8", "has no order"),
        ("batch_size", "is not a comparison of an axis"),
        ("1 == 1", "names no axis"),
        ("", "cannot be read"),
        ("(" * 400, "cannot be read"),
        ("not " * 124 + "xla", ""),
        ("xla or " * 100 + "xla", "longer than 500 characters"),
    ],
)
def test_a_slip_is_one_line_that_names_it(expression: str, words: str) -> None:
    """Unknown names name the nearest; whatever cannot be meant is refused."""
    if not words:
        assert parse_selection(expression) is not None
        return
    with pytest.raises(InputError) as caught:
        parse_selection(expression)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('touch owned') or xla",
        "xla.__class__ == on",
        "(lambda: xla)()",
        "[xla for xla in (1,)]",
        "batch_size == 10 ** 10 ** 10",
        "xla if xla else xla",
        "(xla := True)",
        "f'{xla}' == on",
        "batch_size in [*range(9)]",
    ],
)
def test_nothing_is_evaluated(expression: str) -> None:
    """Calls, attributes, arithmetic and whatever else Python has are refused by their form."""
    with pytest.raises(InputError, match="--only"):
        parse_selection(expression)


def test_a_type_of_gpu_is_selected_by_any_of_its_names() -> None:
    """A key or a product name; `any` are the cells that name none, and an error lists them."""
    named = tuple(replace(cell, gpu=gpu) for cell in CELLS for gpu in ("t4", "h200"))
    mine = replace(MATRIX, cells=(*CELLS, *named))

    def gpus(only: str | None, *settings: str) -> set[str | None]:
        return {cell.gpu for cell in narrowed(mine, only, settings).cells}

    assert gpus("gpu == t4") == gpus("gpu in ['Tesla T4', dgx1]") == gpus(None, "gpu=t4") == {"t4"}
    assert gpus(None, "gpu=any,NVIDIA H200") == {None, "h200"}
    assert gpus("gpu != any") == {"t4", "h200"}
    with pytest.raises(InputError, match="has no gpu dgx1, only any, t4, h200; choose one"):
        gpus(None, "gpu=dgx1")


def test_settings_narrow_an_axis_each() -> None:
    """Several settings hold together, and each may give several values."""
    kept = narrowed(MATRIX, None, ["xla=on", "batch_size=1, 64", "mode=inference"])

    assert {cell.batch_size for cell in kept.cells} == {1, 64}
    assert all(cell.xla and cell.mode is Mode.INFERENCE for cell in kept.cells)
    assert kept.selection == (
        "--set xla=on --set 'batch_size=1, 64' --set mode=inference (4 of 24 cells)"
    )


@pytest.mark.parametrize(
    ("only", "settings", "words"),
    [
        (None, ["batch_size=512"], "the matrix has no batch_size 512, only 1, 8, 64"),
        (None, ["precision=tf32"], "the matrix has no precision tf32, only fp32, amp"),
        (None, ["xla=on", "xla=off"], "xla is set twice"),
        (None, ["precision"], "is not axis=value"),
        (None, [f"batch_size={'9' * 5000}"], "is not a whole number from 0 to 1000000000"),
        (None, ["batch_size=\u0663"], "is not a whole number from 0 to 1000000000"),
        (f"batch_size == {'9' * 400}", [], "is not a whole number from 0 to 1000000000"),
        (None, ["batchsize=8"], "did you mean 'batch_size'?"),
        ("batch_size > 64", [], "matches none of the 24 cells"),
        ("batch_size == 1", ["batch_size=8"], "matches none of the 24 cells"),
    ],
)
def test_what_matches_nothing_is_an_error(
    only: str | None, settings: list[str], words: str
) -> None:
    """A selection that measures nothing is a mistake, told before anything runs."""
    with pytest.raises(InputError) as caught:
        narrowed(MATRIX, only, settings)

    assert words in str(caught.value)


def test_cells_are_named_by_their_ids() -> None:
    """In the order of the matrix, and together with the other flags."""
    wanted = [MATRIX.cells[5].id, MATRIX.cells[2].id]
    kept = narrowed(MATRIX, None, [], wanted)

    assert [cell.id for cell in kept.cells] == [MATRIX.cells[2].id, MATRIX.cells[5].id]
    assert kept.selection == f"--cell {wanted[0]} --cell {wanted[1]} (2 of 24 cells)"
    with pytest.raises(InputError, match="matches none of the 24 cells"):
        narrowed(MATRIX, "batch_size == 0", [], wanted)
    with pytest.raises(InputError, match="no such cell; did you mean 'inference-"):
        narrowed(MATRIX, None, [], ["inference-amp-bs8-gpu"])
    with pytest.raises(InputError, match="no such cell; known: .*and 4 more"):
        narrowed(MATRIX, None, [], ["\x1b[2J"])


def test_without_a_selection_the_matrix_is_untouched() -> None:
    """No flag, no note."""
    assert narrowed(MATRIX, None, []) is MATRIX


def test_a_selected_run_says_so(tmp_path: Path) -> None:
    """run.json, report.md, the printed table and the plan tell a part from the whole matrix."""
    flags = ["matrices/demo.yaml", "--only", "mode==inference and not xla", "--set", "batch_size=1"]
    commands = (["run", *flags, "--out", tmp_path], ["plan", *flags])
    run, plan = (bench(*words, cwd=ROOT).stdout for words in commands)
    header = json.loads(next(tmp_path.glob("*/run.json")).read_text())
    report = next(tmp_path.glob("*/report.md")).read_text()
    said = "--only 'mode==inference and not xla' --set batch_size=1 (2 of 7 cells)"

    assert header["selection"] == said
    assert len(header["cells"]) == 2
    assert all(said in text for text in (run, plan, report))


def test_a_bad_expression_writes_nothing(tmp_path: Path) -> None:
    """Exit code 2, one line, no run directory."""
    done = bench("run", "matrices/demo.yaml", "--out", tmp_path, "--only", FEW, cwd=ROOT)

    assert done.returncode == 2
    assert done.stderr.startswith("error: --only 'batch_size > 999': matches none of the 7 cells")
    assert not list(tmp_path.iterdir())
