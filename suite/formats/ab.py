"""An A/B for the terminal, as ab.md, and as ab.json."""

import json
from collections.abc import Iterator
from functools import cache

from pydantic import TypeAdapter

from suite.formats.annotations import legend, letters, shortfall
from suite.formats.differences import differences_table
from suite.formats.documents import fill_template
from suite.formats.numbers import MISSING, percent, rate, ratio
from suite.formats.tables import TEXT_WIDTH, Dialect, Table, paragraph, write_table
from suite.model.ab import PairEstimate, VerdictKind
from suite.model.ab_report import AbCell, AbReport
from suite.model.run import CellResult
from suite.model.text import shown
from suite.store.text import json_text

_HEADERS = (
    "cell", "a img/s", "b img/s", "time b/a", "at least", "at most", "pairs", "verdict", "",
)  # fmt: skip
_COLUMNS = (
    "img/s is images / elapsed time over all launches of a side. time b/a is the geometric mean,"
    " over pairs of launches that ran one after the other, of how long a mean step of b takes for"
    " one of a: above 1, b is slower. At least and at most enclose it at the confidence of the"
    " verdict, for all cells together below and for each by itself above; what was stopped as soon"
    " as it was shown tends to be overstated."
)
_MEANINGS = {
    VerdictKind.REGRESSED: (
        "regressed: b is slower by more than the minimum effect, and not by chance (0.5 % in a run"
        " without any change)"
    ),
    VerdictKind.IMPROVED: "improved: b is faster by more than that, and not by chance either",
    VerdictKind.PASS: "pass: the loss of b is below the minimum effect, with 95 % confidence",
    VerdictKind.INCONCLUSIVE: ("inconclusive: neither is shown, which says nothing in favour of b"),
}


def ab_text(report: AbReport, width: int = TEXT_WIDTH) -> str:
    """The sides, what differs, the table of verdicts and what they mean."""
    parts = [
        shown(_title(report)),
        *map(shown, _sides(report)),
        "",
    ]
    differences = _differences(report)
    if differences is not None:
        parts += [differences.title, write_table(differences, Dialect.TERMINAL, width), ""]
    parts += [write_table(_table(report), Dialect.TERMINAL, width), ""]
    parts += [paragraph(line, width) for line in (_COLUMNS, *_legend(report))]
    notes = list(_notes(report))
    if notes:
        parts += ["", *map(shown, notes)]
    return "\n".join([*parts, "", counts(report)])


def ab_markdown(report: AbReport) -> str:
    """The same as a Markdown document."""
    differences = _differences(report)
    return fill_template(
        "ab.md.j2",
        title=_title(report),
        sides=list(_sides(report)),
        differences=write_table(differences, Dialect.MARKDOWN) if differences else "",
        cells=write_table(_table(report), Dialect.MARKDOWN),
        columns=_COLUMNS,
        legend=list(_legend(report)),
        notes=list(_notes(report)),
        sum=counts(report),
    )


def ab_json(report: AbReport) -> str:
    """Every number of an A/B, unrounded."""
    return json_text(_adapter().dump_python(report, mode="json"), indent=1) + "\n"


def ab_schema() -> str:
    """The JSON Schema of ab.json, with the units and meanings of its fields."""
    schema = _adapter().json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@cache
def _adapter() -> TypeAdapter[AbReport]:
    return TypeAdapter(AbReport)


def _title(report: AbReport) -> str:
    return f"{report.matrix} on {report.device}: b beside a"


def _sides(report: AbReport) -> Iterator[str]:
    yield f"a: {report.a}"
    yield f"b: {report.b}"


def _differences(report: AbReport) -> Table | None:
    return differences_table(report.differences, ("a", "b")) if report.differences else None


def _table(report: AbReport) -> Table:
    return Table("", _HEADERS, [_row(cell) for cell in report.cells])


def _row(cell: AbCell) -> tuple[str, ...]:
    verdict, estimate = cell.verdict, cell.verdict.estimate
    cautions = [caution for side in (cell.a, cell.b) if side for caution in side.cautions]
    return (
        named_cell(cell),
        *side_rates(cell),
        *factors(estimate),
        str(verdict.pairs),
        "given up" if cell.given_up else verdict.verdict.value,
        letters(cautions),
    )


def named_cell(cell: AbCell) -> str:
    """Its id, or both where the sides are different conditions."""
    return cell.cell_id if cell.cell_id == cell.other_id else f"{cell.cell_id} / {cell.other_id}"


def side_rates(cell: AbCell) -> tuple[str, str]:
    """The throughput of a and of b."""
    return _rate(cell.a), _rate(cell.b)


def _rate(result: CellResult | None) -> str:
    return rate(result.summary.images_per_second if result and result.summary else None)


def factors(estimate: PairEstimate | None) -> tuple[str, str, str]:
    """How long b takes for one of a: the estimate, and the bounds below and above it."""
    if estimate is None:
        return MISSING, MISSING, MISSING
    least = None if estimate.least_loss is None else 1 + estimate.least_loss
    return ratio(1 + estimate.loss), ratio(least), ratio(1 + estimate.most_loss)


def _legend(report: AbReport) -> Iterator[str]:
    yield from (meaning for kind, meaning in _MEANINGS.items() if report.count(kind))
    results = [result for cell in report.cells for result in (cell.a, cell.b) if result]
    yield from legend(caution for result in results for caution in result.cautions)


def _notes(report: AbReport) -> Iterator[str]:
    """What is to be said of single cells, and of all of them together."""
    for cell in report.cells:
        yield from (f"{cell.cell_id}: {note}" for note in notes_on(cell))
    shift = report.shift
    if shift is not None and (shift.is_slower or shift.is_faster):
        word = "slower" if shift.is_slower else "faster"
        yield (
            f"whole matrix {word}: b takes {ratio(1 + shift.loss)} the time over {shift.cells}"
            " cells; advisory, it decides nothing"
        )


def notes_on(cell: AbCell) -> Iterator[str]:
    """What is to be said of a cell besides its numbers."""
    verdict, estimate = cell.verdict, cell.verdict.estimate
    if cell.given_up:
        yield f"given up: {cell.given_up}"
    for name, result in (("a", cell.a), ("b", cell.b)):
        if result and not cell.given_up and (lacking := shortfall(result)):
            yield f"{name}: {lacking}"
    if cell.groups is not None:
        groups = cell.groups
        yield (
            f"launches fall into two groups {percent(groups.apart)} apart, fast to slow:"
            f" a {groups.a_faster}:{groups.a_slower}, b {groups.b_faster}:{groups.b_slower}; if the"
            " mix changed, that may be the change"
        )
    if estimate is None:
        return
    minimum = ratio(1 + verdict.minimum_loss)
    if verdict.verdict is VerdictKind.PASS and estimate.is_significant and estimate.loss > 0:
        yield f"slower beyond chance, {ratio(1 + estimate.loss)}, but by less than {minimum}"
    if estimate.is_noisier:
        yield "varies more than the other cells, so its own variance alone counts"
    if verdict.verdict is VerdictKind.INCONCLUSIVE:
        yield from undecided(cell)


def undecided(cell: AbCell) -> Iterator[str]:
    """What would decide an inconclusive cell."""
    estimate = cell.verdict.estimate
    minimum = ratio(1 + cell.verdict.minimum_loss)
    if estimate is None:
        yield "too few pairs to tell how far launches differ, or pairs that do not differ at all"
        return
    if estimate.is_near_minimum:
        yield f"so near the minimum effect of {minimum} that more launches may never decide"
        return
    found = ratio(1 + estimate.found_loss)
    yield (
        f"about {estimate.pairs_to_pass} pairs would let it pass if nothing changed, and"
        f" {estimate.pairs_to_find} find a b that takes {found} the time"
    )


def counts(report: AbReport) -> str:
    """How many cells have each verdict: `27 cells: 26 pass, 1 regressed`."""
    found = [f"{count} {kind.value}" for kind in VerdictKind if (count := report.count(kind))]
    lost = sum(bool(cell.given_up) for cell in report.cells)
    found += [f"{lost} given up"] if lost else []
    cells = "1 cell" if len(report.cells) == 1 else f"{len(report.cells)} cells"
    return f"{cells}: {', '.join(found)}"
