"""A verdict in words: every cell that it turns on, and one line that sums up."""

from collections.abc import Iterator

from suite.analysis.verdict import JudgedCell, Standing, Verdict
from suite.formats.annotations import named_damaged, named_not_run, shortfall, shortfalls, words
from suite.formats.numbers import ratio
from suite.model.errors import ExitCode
from suite.model.text import shown

_WORDS = {
    ExitCode.GOOD: "good",
    ExitCode.REGRESSION: "regression",
    ExitCode.CELL_FAILED: "incomplete",
    ExitCode.INCONCLUSIVE: "inconclusive",
}


def verdict_text(verdict: Verdict) -> str:
    """The cells that are below the limit, in doubt, failed, missing or skipped, and the sum."""
    reached, below, undecided = map(
        verdict.count, (Standing.REACHED, Standing.BELOW, Standing.UNDECIDED)
    )
    counts = (
        f"{reached} of {len(verdict.judged)} judged cells at {verdict.limit:g}x or more,"
        f" {below} below, {undecided} in doubt; {verdict.lacking} failed or missing"
        + (f", {len(verdict.damaged)} damaged" if verdict.damaged else "")
    )
    return "\n".join([*map(shown, _lines(verdict)), f"{_WORDS[verdict.exit_code]}: {counts}"])


def _lines(verdict: Verdict) -> Iterator[str]:
    limit = f"{verdict.limit:g}x"
    for cell in verdict.judged:
        if cell.standing is Standing.BELOW:
            yield f"below {limit}: {_number(cell)}"
    for cell in verdict.judged:
        if cell.standing is Standing.UNDECIDED:
            side = "reaches" if cell.ratio >= verdict.limit else "is below"
            yield f"undecided: {_number(cell)} {side} {limit}, but is in doubt: {_doubts(cell)}"
    for cell in verdict.judged:
        if cell.standing is Standing.REACHED and cell.result.cautions:
            yield f"reached in spite of a doubt: {_number(cell)}: {_doubts(cell)}"
    for result in verdict.failed:
        yield f"failed: {result.cell.id}: {shortfall(result)}"
    for result in verdict.unfinished:
        yield f"missing: {result.cell.id}: {shortfall(result)}"
    for line in named_not_run(verdict.not_run, verdict.damaged):
        yield f"missing: {line}"
    yield from named_damaged(verdict.damaged)
    for line in shortfalls(verdict.skipped, ()):
        yield f"no failure: {line}"


def _number(cell: JudgedCell) -> str:
    return f"{cell.result.cell.id}: {ratio(cell.ratio)}"


def _doubts(cell: JudgedCell) -> str:
    return words(cell.result.cautions)
