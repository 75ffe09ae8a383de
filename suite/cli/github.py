"""What a job on GitHub Actions gets besides the output: a summary, and a mark for each failure."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from suite.formats.annotations import shortfall
from suite.model.run import CellResult
from suite.model.text import shown

# GitHub shows no larger summary.
_MOST_BYTES = 2**20


def tell_github(document: Callable[[], str], results: Iterable[CellResult] = ()) -> None:
    """Add a Markdown document to the summary of the job's step, and mark each failed cell.

    Elsewhere nothing is done, and no document made. What GitHub needs is in its variables; a
    summary that cannot be written is a warning.
    """
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        markdown = document()
        if len(markdown.encode(errors="replace")) > _MOST_BYTES:
            markdown = "The report is larger than a summary may be; see the run directory.\n"
        try:
            with Path(summary).open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(markdown)
        except OSError as error:
            print(f"warning: {shown(summary)}: {error.strerror}", file=sys.stderr)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for result in results:
            if result.status.is_failure:
                title = _escaped(result.cell.id).replace(":", "%3A").replace(",", "%2C")
                print(f"::error title={title}::{_escaped(shortfall(result))}")


def _escaped(text: str) -> str:
    """Text on one line of a workflow command, which reads `%` as the start of a character."""
    return shown(text).replace("%", "%25")
