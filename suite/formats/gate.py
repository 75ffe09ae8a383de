"""A gate for the terminal, as gate.md, and as gate.json."""

import json
from collections.abc import Iterator, Sequence
from functools import cache

from pydantic import TypeAdapter

from suite.formats.annotations import legend, letters, shortfall
from suite.formats.differences import change_words, differences_table
from suite.formats.documents import fill_template
from suite.formats.markdown import code_block
from suite.formats.numbers import MISSING, milliseconds, percent, rate, ratio
from suite.formats.tables import (
    TEXT_WIDTH,
    Dialect,
    Table,
    folded_command,
    paragraph,
    write_table,
)
from suite.model.ab import PairEstimate, VerdictKind
from suite.model.comparability import Difference, DifferenceKind
from suite.model.gate import Doubt, Metric, StoredEstimate, Tau
from suite.model.gate_report import BaseKind, GateCell, GateReport, LostCell
from suite.model.text import bench, shown
from suite.store.text import json_text

_AGAIN = ("cell", "metric", "time", "at least", "at most", "pairs", "verdict")
_COLUMNS = (
    "time is how long a step takes today for one of the baseline: above 1, today is slower."
    " Launches count, not steps, and each day of the baseline counts once. At least and at most"
    " enclose it, for all cells together below and for each by itself above."
)
_PAIRS = (
    "Measured again: today's code and that of the baseline in turn, in launches that ran one after"
    " the other. These verdicts count in place of those by the stored baseline."
)
_MEANINGS = {
    VerdictKind.REGRESSED: (
        "regressed: slower by more than the minimum effect, and neither chance nor the day explains"
        " it"
    ),
    VerdictKind.IMPROVED: "improved: faster by more than that, and not by chance either",
    VerdictKind.PASS: "pass: the loss is below the minimum effect, with 95 % confidence",
    VerdictKind.INCONCLUSIVE: (
        "inconclusive: neither a loss nor its absence is shown, which says nothing in its favour"
    ),
    VerdictKind.NOT_COMPARABLE: (
        "not comparable: measured under other conditions, so nothing is said of the code"
    ),
}


def gate_text(report: GateReport, width: int = TEXT_WIDTH) -> str:
    """What is compared, what differs, the tables of verdicts and what they mean."""
    parts = [shown(_title(report)), *(paragraph(shown(line), width) for line in _sides(report)), ""]
    for table in (*_differences(report), *_tables(report)):
        parts += [table.title, write_table(table, Dialect.TERMINAL, width), ""]
    parts += [paragraph(line, width) for line in _explanations(report)]
    if notes := list(_notes(report)):
        parts += ["", *(paragraph(shown(line), width, hanging="  ") for line in notes)]
    if strength := _strength(report):
        parts += ["", paragraph(strength, width)]
    if report.confirm_command:
        command = folded_command(bench(*report.confirm_command), width, "  ")
        parts += ["", paragraph(f"{_way_on(report)}:", width), command]
    return "\n".join([*parts, "", counts(report)])


def gate_markdown(report: GateReport) -> str:
    """The same as a Markdown document."""
    return fill_template(
        "gate.md.j2",
        title=_title(report),
        sum=counts(report),
        sides=list(_sides(report)),
        tables=[
            (table.title, write_table(table, Dialect.MARKDOWN))
            for table in (*_tables(report), *_differences(report))
        ],
        explanations=list(_explanations(report)),
        notes=list(_notes(report)),
        strength=_strength(report),
        way_on=_way_on(report),
        command=code_block(bench(*report.confirm_command)) if report.confirm_command else "",
    )


def gate_json(report: GateReport) -> str:
    """Every number of a gate, unrounded."""
    return json_text(_adapter().dump_python(report, mode="json"), indent=1) + "\n"


def gate_schema() -> str:
    """The JSON Schema of gate.json, with the units and meanings of its fields."""
    schema = _adapter().json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@cache
def _adapter() -> TypeAdapter[GateReport]:
    return TypeAdapter(GateReport)


def counts(report: GateReport) -> str:
    """How many gated verdicts there are of each kind, and how many cells were lost.

    Such as `27 cells: 26 pass, 1 regressed; 1 failed or missing`.
    """
    found = [f"{count} {kind.value}" for kind in VerdictKind if (count := report.count(kind))]
    ids = dict.fromkeys(cell.cell_id for cell in report.gated)
    cells = "1 cell" if len(ids) == 1 else f"{len(ids)} cells"
    metrics = dict.fromkeys(cell.metric for cell in report.gated)
    of = f" in {len(metrics)} metrics" if len(metrics) > 1 else ""
    lost = f"; {len(report.lost)} failed or missing" if report.lost else ""
    return f"{cells}{of}: {', '.join(found)}{lost}"


def _way_on(report: GateReport) -> str:
    """What decides the cells that are open; a command follows."""
    if report.confirmed_by is not None:
        return "To decide what is still open, an A/B of its own goes on until it is shown"
    confirm = "--confirm"
    if report.base.kind is BaseKind.NAMED:
        confirm += "".join(f" --base {side}" for side in report.base.differs)
    else_by_hand = "or measure both in turn by hand and give the directory with --ab"
    return shown(f"To decide what is open, give the same command with {confirm}, {else_by_hand}")


def _title(report: GateReport) -> str:
    return f"{report.matrix} on {report.device}: today beside the baseline"


def _sides(report: GateReport) -> Iterator[str]:
    baseline, base = report.baseline, report.base
    yield f"today: {report.run}"
    first, last = (moment[:10] for moment in (baseline.first_started_at, baseline.last_started_at))
    when = first if first == last else f"{first} to {last}"
    sessions = "1 session" if baseline.sessions == 1 else f"{baseline.sessions} sessions"
    sessions += f" on {days_words(baseline.days)}" if baseline.sessions > 1 else ""
    commit = f", commit {baseline.commit[:12]}" if baseline.commit else ""
    yield f"baseline: {baseline.name}: {sessions}, {when}{commit}"
    if base.kind is BaseKind.ABSENT:
        yield f"an A/B has no other side: {base.why}"
    else:
        yield f"the other side of an A/B: {', '.join(base.differs)} ({base.why})"
    if report.confirmed_by is not None:
        yield f"measured again: {report.confirmed_by}"


def _differences(report: GateReport) -> Iterator[Table]:
    if report.differences:
        yield differences_table(report.differences, ("baseline", "today"))


def _tables(report: GateReport) -> Iterator[Table]:
    for metric in Metric:
        cells = [cell for cell in report.cells if cell.metric is metric and _is_shown(cell)]
        if cells:
            yield _stored_table(metric, cells)
    again = [cell for cell in report.cells if cell.confirmed is not None and _is_shown(cell)]
    for is_gated, title in (
        (True, "Measured again"),
        (False, "Measured again, which decides nothing"),
    ):
        rows = [_pairs_row(cell) for cell in again if cell.is_gated is is_gated]
        if rows:
            yield Table(title, _AGAIN, rows, left=2)


def _is_shown(cell: GateCell) -> bool:
    """What decides, and of the rest what is no pass."""
    return cell.is_gated or cell.verdict in {VerdictKind.REGRESSED, VerdictKind.IMPROVED}


def _stored_table(metric: Metric, cells: Sequence[GateCell]) -> Table:
    unit = unit_of(metric)
    headers = (
        "cell", f"baseline {unit}", f"today {unit}", "time", "at least", "at most", "launches",
        "verdict", "",
    )  # fmt: skip
    title = metric.words[0].upper() + metric.words[1:]
    is_gated = cells[0].is_gated
    return Table(
        title if is_gated else f"{title}, which decides nothing",
        headers,
        [_stored_row(cell) for cell in cells],
    )


def _stored_row(cell: GateCell) -> tuple[str, ...]:
    stored = cell.stored
    return (
        cell.cell_id,
        value(cell, cell.baseline_seconds),
        value(cell, cell.today_seconds),
        *factors(stored.estimate),
        f"{stored.in_baseline} + {stored.today}",
        stored.verdict.value if cell.confirmed is not None else cell.verdict.value,
        letters(cell.cautions),
    )


def _pairs_row(cell: GateCell) -> tuple[str, ...]:
    confirmed = cell.confirmed
    if confirmed is None:
        return ()
    bounds = factors_of_pairs(confirmed.estimate)
    return (
        cell.cell_id,
        cell.metric.words,
        *bounds,
        str(confirmed.pairs),
        confirmed.verdict.value,
    )


def value(cell: GateCell, seconds: float | None) -> str:
    """A number of a cell in the unit of its metric, from seconds per step."""
    if cell.metric is Metric.THROUGHPUT:
        return rate(None if seconds is None else cell.images / seconds)
    return milliseconds(seconds)


def unit_of(metric: Metric) -> str:
    """The unit of its numbers."""
    return "img/s" if metric is Metric.THROUGHPUT else "ms"


def factors(estimate: StoredEstimate | None) -> tuple[str, str, str]:
    """How long today takes for one of the baseline, at least and at most."""
    if estimate is None:
        return MISSING, MISSING, MISSING
    return (
        ratio(1 + estimate.loss),
        ratio(1 + estimate.least_loss),
        ratio(1 + estimate.most_loss),
    )


def factors_of_pairs(estimate: PairEstimate | None) -> tuple[str, str, str]:
    """The same by pairs."""
    if estimate is None:
        return MISSING, MISSING, MISSING
    least = None if estimate.least_loss is None else 1 + estimate.least_loss
    return ratio(1 + estimate.loss), ratio(least), ratio(1 + estimate.most_loss)


def _explanations(report: GateReport) -> Iterator[str]:
    if any(cell.stored.estimate for cell in report.cells):
        yield _COLUMNS
    if any(cell.confirmed for cell in report.cells):
        yield _PAIRS
    yield from (meaning for kind, meaning in _MEANINGS.items() if report.count(kind))
    yield from legend(caution for cell in report.cells for caution in cell.cautions)


def _notes(report: GateReport) -> Iterator[str]:
    """What is to be said of what forbids to compare, of single cells, and of the canary."""
    for difference in report.forbidding:
        yield f"{change_words(difference)}: {difference.why}"
    if report.forbidding:
        yield _way_out(report)
    yield from (f"{lost.cell_id}: {lost_words(lost)}" for lost in report.lost)
    yield from (f"{name}: no number in the baseline, so it is not gated" for name in report.new)
    alike: dict[str, list[str]] = {}
    for cell in filter(_is_shown, report.cells):
        of = "" if cell.metric is Metric.THROUGHPUT else f" ({cell.metric.words})"
        for note in notes_on(cell):
            alike.setdefault(note, []).append(f"{cell.cell_id}{of}")
    yield from (f"{note}: {', '.join(cells)}" for note, cells in alike.items())
    if report.canary is not None:
        yield f"canary {report.canary.cell_id}: {canary_words(report)}"


def _way_out(report: GateReport) -> str:
    blocking = [each.name for each in report.forbidding if not _is_allowable(each)]
    if blocking:
        return (
            f"{', '.join(blocking)} cannot be allowed; measure under the conditions of the"
            " baseline, or begin a new one (baseline update --replace)"
        )
    allowed = ", ".join(dict.fromkeys(each.name.partition(".")[0] for each in report.forbidding))
    return (
        f"where that is what you mean to test, allow it in the rules (allow: [{allowed}]), or"
        " measure both in turn with ab"
    )


def _is_allowable(difference: Difference) -> bool:
    return difference.kind is DifferenceKind.EXPLAINED


def lost_words(lost: LostCell) -> str:
    """What a cell of the baseline lacks today."""
    if lost.damage:
        return f"damaged: {lost.damage}"
    return "not measured" if lost.result is None else shortfall(lost.result)


def unlike_words(report: GateReport) -> str:
    """Which conditions are not those of the baseline."""
    return f"not as in the baseline: {', '.join(each.name for each in report.forbidding)}"


def notes_on(cell: GateCell) -> Iterator[str]:
    """Why it is open, and what its numbers show short of a verdict."""
    estimate = cell.stored.estimate
    minimum = ratio(1 + cell.stored.minimum_loss)
    if cell.confirmed is not None:
        minimum = ratio(1 + cell.confirmed.minimum_loss)
        if cell.verdict is VerdictKind.INCONCLUSIVE:
            yield "the pairs do not decide it either; an A/B of its own may, over more rounds"
        elif cell.verdict is VerdictKind.PASS and cell.stored.doubt is Doubt.NEEDS_AB:
            yield "not slower in pairs of today, so the day was, or the machine"
        return
    if cell.doubt is not None:
        yield cell.doubt.reason
    if estimate is None:
        return
    if cell.verdict is VerdictKind.PASS and estimate.is_significant:
        word = "slower" if estimate.loss > 0 else "faster"
        why = f"by less than {minimum}"
        if -estimate.mean > cell.stored.minimum_effect:
            why = "the day may be why, so it is not called improved"
        yield f"{word} beyond chance, {ratio(1 + estimate.loss)}, but {why}"
    if estimate.is_noisier:
        yield "varies more than the other cells, so its own variance alone counts"


def canary_words(report: GateReport) -> str:
    """How the canary moved."""
    shift = report.canary.shift if report.canary else None
    if shift is None:
        return "too few launches to tell whether the machine changed"
    moved = "moved" if shift.has_moved else "did not move"
    veto = "; nothing is called regressed or improved" if shift.has_moved else ""
    return f"{moved}: time {ratio(1 + shift.loss)} of the baseline's{veto}"


def _strength(report: GateReport) -> str:
    """How far launches and days differ, and what loss is found; empty where nothing tells."""
    estimates = [c.stored.estimate for c in report.gated if c.stored.estimate is not None]
    if not estimates or report.tau is None:
        return ""
    sds = sorted(estimate.launch_sd for estimate in estimates)
    losses = sorted(estimate.smallest_loss for estimate in estimates)
    return (
        f"Launches of a day differ by {_range(sds)} (standard deviation), and days by"
        f" {tau_words(report.tau)}. So a loss of {_range(losses)} is found in nine of ten cases."
        " How often verdicts of this rule are wrong: docs/gate.md."
    )


def _range(values: Sequence[float]) -> str:
    low, high = percent(values[0]), percent(values[-1])
    return low if low == high else f"{low} to {high}"


def days_words(days: int) -> str:
    """So many days."""
    return "1 day" if days == 1 else f"{days} days"


def tau_words(tau: Tau) -> str:
    """By how much days differ, and on what that rests."""
    days = days_words(tau.sessions)
    basis = f"assumed, as {days} cannot tell" if tau.is_assumed else f"by {days}"
    return f"{percent(tau.sd)} ({basis})"
