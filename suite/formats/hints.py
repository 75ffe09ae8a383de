"""The hints of a run: a paragraph each on a terminal, and named cells for report.md."""

from collections.abc import Sequence

from suite.formats.tables import paragraph
from suite.model.report import Hint
from suite.model.text import shown

# Of the cells of a hint; more are counted.
_CELLS_SHOWN = 10


def hint_lines(hints: Sequence[Hint], width: int) -> list[str]:
    """For a terminal: what each says, by which evidence, and what to try."""
    return [
        paragraph(
            f"hint: {hint.kind.heading}: {shown(hint.evidence)}; try: {shown(hint.remedy)}", width
        )
        for hint in hints
    ]


def named_cells(hint: Hint) -> str:
    """The cells that a hint is about: the first ones by name, the others counted."""
    more = len(hint.cells) - _CELLS_SHOWN
    return ", ".join(hint.cells[:_CELLS_SHOWN]) + (f" and {more} more" if more > 0 else "")
