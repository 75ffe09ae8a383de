"""`gate --explain`: the launches, the interval and the arithmetic behind a verdict, in words."""

import math
from collections.abc import Iterator, Sequence

from suite.formats.gate import (
    canary_words,
    days_words,
    factors,
    factors_of_pairs,
    notes_on,
    tau_words,
    unit_of,
    unlike_words,
    value,
)
from suite.formats.numbers import percent, ratio
from suite.formats.tables import TEXT_WIDTH, paragraph
from suite.model.ab import PairVerdict
from suite.model.gate import StoredEstimate
from suite.model.gate_report import GateCell, GateReport
from suite.model.text import shown


def explained_cell(report: GateReport, cell_id: str, width: int = TEXT_WIDTH) -> str:
    """How each metric of a cell came to its verdict."""
    parts = []
    for cell in report.cells:
        if cell.cell_id == cell_id:
            parts += [
                *(paragraph(shown(line), width, "", "  ") for line in _lines(report, cell)),
                "",
            ]
    return "\n".join(parts).rstrip()


def _lines(report: GateReport, cell: GateCell) -> Iterator[str]:
    decides = "" if cell.is_gated else " (which decides nothing)"
    yield f"{cell.cell_id}, {cell.metric.words}{decides}: {cell.verdict.value}"
    yield f"today, {unit_of(cell.metric)} of each launch: {_values(cell, cell.launches.today)}"
    for place, session in enumerate(cell.launches.sessions, start=1):
        yield f"day {place} of the baseline: {_values(cell, session)}"
    estimate = cell.stored.estimate
    if estimate is not None:
        yield from _arithmetic(report, cell, estimate)
    elif report.forbidding:
        yield f"nothing is computed: {unlike_words(report)}"
    if cell.confirmed is not None:
        yield from _pairs(cell.confirmed)
    for note in notes_on(cell):
        yield f"so: {note}"
    for caution in cell.cautions:
        yield f"caution: {caution.text}"


def _values(cell: GateCell, logarithms: Sequence[float]) -> str:
    return " ".join(value(cell, math.exp(each)) for each in logarithms) or "none"


def _arithmetic(report: GateReport, cell: GateCell, estimate: StoredEstimate) -> Iterator[str]:
    stored = cell.stored
    time, least, most = factors(estimate)
    yield (
        f"time today for one of the baseline: {time}, from the means of logarithms of the launches,"
        " each day counting once"
    )
    basis = "its own launches" if estimate.is_noisier else "its own launches and the other cells"
    yield (
        f"launches of a day differ by {percent(estimate.launch_sd)} (standard deviation by"
        f" {basis}), days by {tau_words(estimate.tau)}"
    )
    yield (
        f"together, {stored.today} launches today and {stored.in_baseline} on"
        f" {days_words(stored.sessions)} before, that makes a standard error of"
        f" {percent(estimate.standard_error)}, with {estimate.freedom:.1f} degrees of freedom"
    )
    gated = len(report.rules.gated)
    metrics = f" in {gated} metrics" if gated > 1 else ""
    yield (
        f"if nothing had changed, as much or more would be seen with a probability of"
        f" {estimate.p_slower:.2g}; of all {report.family} cells{metrics} together one may be"
        " called by chance in 0.5 % of runs, which Holm's method shares out"
    )
    yield (
        f"the true factor is at least {least} (all cells together), and at most {most} (this cell,"
        f" 95 %); the minimum effect is {ratio(1 + stored.minimum_loss)}"
    )
    yield f"a loss of {percent(estimate.smallest_loss)} would be found in nine of ten cases"
    if report.canary is not None:
        yield f"canary {report.canary.cell_id}: {canary_words(report)}"


def _pairs(confirmed: PairVerdict) -> Iterator[str]:
    estimate = confirmed.estimate
    if estimate is None:
        yield f"measured again in {confirmed.pairs} pairs: too few, or they do not vary"
        return
    time, least, most = factors_of_pairs(estimate)
    yield (
        f"measured again in {confirmed.pairs} pairs: {time}, at least {least}, at most {most},"
        f" standard error {percent(estimate.standard_error)}; the minimum effect is"
        f" {ratio(1 + confirmed.minimum_loss)}: {confirmed.verdict.value}"
    )
