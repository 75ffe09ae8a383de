"""suite.formats.hints: hints as they are read on a terminal and in report.md."""

from dataclasses import replace

from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.hints import hint_lines, named_cells
from suite.formats.results import report_markdown, run_text
from suite.model.cell import Precision
from suite.model.report import Hint, HintKind

CELLS = tuple(make_cell(batch_size=2**size).id for size in range(12))
HINT = Hint(
    kind=HintKind.XLA_SLOWER, cells=CELLS, evidence="0.80x in 12 of 12 cells", remedy="use fp32"
)


def test_a_hint_is_one_paragraph_on_a_terminal() -> None:
    """Heading, evidence and what to try, within the width of the terminal."""
    (line,) = hint_lines([HINT], 60)

    assert line.splitlines() == [
        "hint: XLA does not pay: 0.80x in 12 of 12 cells; try: use",
        "fp32",
    ]


def test_many_cells_of_a_hint_are_counted() -> None:
    """report.json has all of them."""
    assert named_cells(HINT).endswith("inference-fp32-bs512-1gpu and 2 more")
    assert named_cells(replace(HINT, cells=CELLS[:10])).endswith("bs512-1gpu")


def test_a_run_ends_with_its_hints() -> None:
    """On the terminal after its tables, in report.md as a section of its own."""
    steps = tuple(0.1 + 0.001 * (step * 7 % 11) for step in range(22))
    slow = make_cell(precision=Precision.AMP)
    run = make_run(
        make_launch(step_seconds=steps),
        make_launch(cell=slow, step_seconds=tuple(step * 4 for step in steps)),
    )
    report = assemble([run])
    evidence = (
        "0.25x the images/s of FP32 in 1 of 1 cells, least in inference-amp-bs8-1gpu (19.05 against"
        " 76.19 img/s)"
    )

    assert " ".join(run_text(report.runs[0]).split()).endswith(
        f"hint: AMP is slower than FP32: {evidence}; try: use a larger batch: a small one gives"
        " tensor cores little to gain; or use fp32"
    )
    assert (
        "\n## Hints\n\nLikely causes of what this run shows, by the evidence in its records.\n\n"
        f"### AMP is slower than FP32\n\n- Evidence: {evidence}\n"
        "- Try: use a larger batch: a small one gives tensor cores little to gain; or use fp32\n"
        "- Cells: inference-amp-bs8-1gpu\n\n## "
    ) in report_markdown(report)
