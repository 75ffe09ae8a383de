"""Large matrices: the work for a cell does not grow with the number of cells.

Counted in function calls, which a busy machine does not change.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import pytest

from suite.cli import main

HEAD = "purpose: a test\nprotocol: {warmup_steps: 1, measured_steps: 3}\n"
# Matrices of n cells, each with another part of the work in the front.
SHAPES = {
    "axes": "kernel: simulated\n"
    "axes: {{mode: [inference], precision: [fp32], xla: [off], batch_size: {batches}}}\n",
    "modes of XLA": "kernel: simulated\n"
    "axes: {{mode: [inference], precision: [fp32], xla: [off], batch_size: {batches},"
    " xla_mode: [jit_compile, auto_clustering]}}\n",
    "exclusions": "kernel: simulated\n"
    "axes: {{mode: [inference], precision: [fp32, amp], xla: [off], batch_size: {batches}}}\n"
    "exclude:\n{exclusions}",
    "inclusions": "kernel: simulated\n"
    "axes: {{mode: [inference], precision: [fp32], xla: [off], batch_size: [65536]}}\n"
    "include:\n{inclusions}",
    "skipped": "axes: {{mode: [training], precision: [fp32], xla: [off], gpus: [9999],"
    " batch_size: {batches}}}\n",
}


def write(folder: Path, shape: str, cells: int) -> Path:
    batches = list(range(1, cells + 1))
    inclusions = "".join(f"  - {{batch_size: {batch}}}\n" for batch in batches)
    exclusions = "".join(f"  - {{batch_size: {batch}, precision: amp}}\n" for batch in batches)
    path = folder / f"of_{cells}.yaml"
    path.write_text(
        HEAD + SHAPES[shape].format(batches=batches, inclusions=inclusions, exclusions=exclusions)
    )
    return path


def calls(arguments: Sequence[object]) -> int:
    """Function calls, built-in ones and resumed generators included, that bench.py makes."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        main([str(argument) for argument in arguments])
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_planning_costs_the_same_for_each_cell(tmp_path: Path, shape: str) -> None:
    """Four times the cells take at most about four times the calls, whatever the matrix's form."""
    calls(["plan", write(tmp_path, shape, 2)])  # imports what there is to import
    small = calls(["plan", write(tmp_path, shape, 300)])
    large = calls(["plan", write(tmp_path, shape, 1200)])

    assert large <= 4.2 * small


def test_bookkeeping_costs_the_same_for_each_launch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first record to the report: cells that are skipped, so that nothing else is run."""
    monkeypatch.setenv("CI", "true")

    def made(cells: int) -> int:
        # A folder for each run: the next one would read its records to forecast by them.
        out = tmp_path / f"out_{cells}"
        return calls(["run", write(tmp_path, "skipped", cells), "--out", out])

    made(2)
    small, large = made(75), made(300)

    assert len(list(tmp_path.glob("out_300/*/cells/*.json"))) == 300
    assert large <= 4.2 * small
