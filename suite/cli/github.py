"""What a job on GitHub Actions gets besides the output: a summary, and a mark for each failure."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from suite.formats.annotations import shortfall
from suite.formats.junit import Case, Outcome
from suite.model.run import CellResult
from suite.model.text import shown

# GitHub shows no larger summary.
_MOST_BYTES = 2**20


def tell_github(
    document: Callable[[], str], results: Iterable[CellResult] = (), cases: Iterable[Case] = ()
) -> None:
    """Add a Markdown document to the summary of the job's step, and mark each failed cell.

    Of test cases, those that failed are marked as errors, and those that are errors or were skipped
    as warnings: there a cell has no verdict, for a reason. Elsewhere nothing is done, and no
    document made. What GitHub needs is in its variables; a summary that cannot be written is a
    warning.
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
                _mark("error", result.cell.id, shortfall(result))
        for case in cases:
            if case.outcome is not Outcome.PASSED:
                level = "error" if case.outcome is Outcome.FAILED else "warning"
                _mark(level, case.name, case.message)


def _mark(level: str, title: str, text: str) -> None:
    title = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    print(f"::{level} title={title}::{_escaped(text)}")


def _escaped(text: str) -> str:
    """Text on one line of a workflow command, which reads `%` as the start of a character."""
    return shown(text).replace("%", "%25")
