"""A gate as text, Markdown, JSON and test cases, and what it says of one cell."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema  # type: ignore[import-untyped]
import junitparser
import pytest
from builders import make_baseline
from gates import CELLS, CODE, TIMES, baseline_of, make_gate, pairs_of, session, timed_run, times
from hostile import HOSTILE, run_with
from markdown_it import MarkdownIt
from pydantic import TypeAdapter
from recorded_gate import (
    BY_PAIRS,
    CANARY,
    DAMAGED,
    DAY_ONLY,
    FAILED,
    FASTER,
    FEW,
    MISSING,
    NEW,
    NOT_AGAIN,
    SCATTERED,
    SLIGHTLY,
    STOPPED,
    recorded_gate,
    refused_gate,
    screened_gate,
)

from suite.analysis.gate import gate_report
from suite.formats.ab import ab_json, ab_schema
from suite.formats.gate import gate_json, gate_markdown, gate_schema, gate_text
from suite.formats.gate_explain import explained_cell
from suite.formats.gate_junit import gate_cases, gate_xml
from suite.formats.junit import Outcome
from suite.model.ab import VerdictKind
from suite.model.cell import Cell
from suite.model.gate import Doubt, Metric
from suite.model.gate_report import GATE_VERSION, GateReport
from suite.model.rules import GateRules
from suite.model.run import Run
from suite.model.text import LONGEST, shown

DATA = Path(__file__).parents[1] / "data"
RECORDED = (recorded_gate, screened_gate, refused_gate)


def xml(report: GateReport) -> str:
    return gate_xml(report, strict=False)


def every_explanation(report: GateReport) -> str:
    cells = dict.fromkeys(cell.cell_id for cell in report.cells)
    return "\n\n".join(explained_cell(report, cell) for cell in cells)


DOCUMENTS: dict[str, tuple[Callable[[GateReport], str], Callable[[], GateReport]]] = {
    "gate.txt": (gate_text, recorded_gate),
    "gate.md": (gate_markdown, recorded_gate),
    "gate.xml": (xml, recorded_gate),
    "gate_screened.txt": (gate_text, screened_gate),
    "gate_refused.txt": (gate_text, refused_gate),
    "gate_refused.md": (gate_markdown, refused_gate),
    "gate_explained.txt": (
        lambda report: explained_cell(report, BY_PAIRS.id),
        recorded_gate,
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_gate_is_the_recorded_document(name: str) -> None:
    """Each verdict with its numbers, what differs, what was lost and what would decide."""
    render, report = DOCUMENTS[name]

    assert render(report()) == (DATA / name).read_text(encoding="utf-8")


def test_every_verdict_is_in_a_recorded_gate() -> None:
    """Or the documents would not show them."""
    found = {cell.verdict for report in RECORDED for cell in report().cells}
    doubts = {cell.doubt for report in RECORDED for cell in report().cells}

    assert found == set(VerdictKind)
    assert doubts == {None, Doubt.FEW_ROUNDS, Doubt.NEEDS_AB, Doubt.TOO_FEW}


@pytest.mark.parametrize("report", RECORDED)
@pytest.mark.parametrize("width", [100, 120])
def test_text_fits_its_terminal(report: Callable[[], GateReport], width: int) -> None:
    """No line is cut or wrapped."""
    for text in (gate_text(report(), width), every_explanation(report())):
        assert max(map(len, text.splitlines())) <= width


# ---- JSON


@pytest.mark.parametrize("report", RECORDED)
def test_the_json_has_the_whole_gate(report: Callable[[], GateReport]) -> None:
    """Nothing is rounded or left out, and its version is told."""
    text = gate_json(report())

    assert TypeAdapter(GateReport).validate_json(text) == report()
    assert json.loads(text)["gate_version"] == GATE_VERSION == 1


@pytest.mark.parametrize("report", RECORDED)
def test_gate_json_is_what_its_schema_says(report: Callable[[], GateReport]) -> None:
    """Whoever reads gate.json can rely on `bench.py schema gate`."""
    schema = json.loads(gate_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    stored = json.loads(gate_json(report()))

    validator.validate(stored)
    stored["cells"][0]["verdict"] = "probably fine"
    assert not validator.is_valid(stored)


def test_ab_json_is_what_its_schema_says() -> None:
    """The same for `bench.py schema ab`."""
    from test_ab_document import recorded_ab

    schema = json.loads(ab_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    stored = json.loads(ab_json(recorded_ab()))

    validator.validate(stored)
    stored["cells"][0]["ratios"] = "many"
    assert not validator.is_valid(stored)


@pytest.mark.parametrize("schema", [gate_schema, ab_schema])
def test_the_schemas_describe_every_type(schema: Callable[[], str]) -> None:
    """Units and meanings are in the descriptions, not in somebody's memory."""
    types = json.loads(schema())["$defs"]

    assert types
    assert [name for name, item in types.items() if not item.get("description")] == []


# ---- what is said of a cell


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (BY_PAIRS, "measured again in 5 pairs: 1.20x, at least 1.19x, at most 1.20x, standard"),
        (DAY_ONLY, "so: not slower in pairs of today, so the day was, or the machine"),
        (SCATTERED, "so: the pairs do not decide it either; an A/B of its own may, over more"),
        (STOPPED, "so: slower than the baseline; its A/B has not ended its first 5 rounds"),
        (NOT_AGAIN, "so: slower than the baseline; an A/B tells whether that is the code or the"),
        (FEW, "so: fewer than 3 launches today or in the baseline"),
        (FASTER, "so: faster beyond chance, 0.850x, but the day may be why, so it is not called"),
        (BY_PAIRS, "caution: foreign processes kept 20% of the CPU busy"),
        (SLIGHTLY, "the true factor is at least 1.000x (all cells together), and at most 1.03x"),
    ],
)
def test_a_verdict_is_explained(cell: Cell, said: str) -> None:
    """By the launches, the arithmetic, and what follows from it, for each kind of verdict."""
    report = recorded_gate()
    text = explained_cell(report, cell.id)
    verdict = next(each.verdict.value for each in report.cells if each.cell_id == cell.id)

    assert text.startswith(f"{cell.id}, throughput: {verdict}\n")
    assert said in one_line(text)
    assert text.count("day 6 of the baseline") == len(Metric)
    assert "p99 latency (which decides nothing)" in text
    assert "nothing is computed" not in text


def test_the_family_of_an_explanation_is_all_cells_judged() -> None:
    """Also those that are lost, as the arithmetic has it; the canary and new cells are none."""
    report = recorded_gate()

    assert report.family == 10 + len((FAILED, MISSING, DAMAGED))
    assert f"of all {report.family} cells in 2 metrics together" in one_line(
        explained_cell(report, BY_PAIRS.id)
    )


def test_what_was_not_compared_is_explained_by_its_conditions() -> None:
    """And no number is given that could be taken for a verdict."""
    text = explained_cell(refused_gate(), BY_PAIRS.id)

    assert "not as in the baseline: driver, warmup_steps, variables.TF_X" in one_line(text)
    assert "pass" not in text
    assert "minimum effect" not in text


@pytest.mark.parametrize(
    ("report", "cell", "said"),
    [
        (
            gate_report(make_gate(timed_run({CELLS[0]: (0.1,) * 5}),
                                  make_baseline(session({CELLS[0]: (0.1,) * 5})))),
            CELLS[0],
            "so: launches do not vary at all, so how far they differ is unknown",
        ),
        (
            gate_report(make_gate(timed_run({CELLS[0]: times(1.07)}), baseline_of(CELLS),
                                  given_base=("none",))),
            CELLS[0],
            "so: slower than the baseline, by less than the 10 % it takes while few days were",
        ),
        (
            gate_report(make_gate(timed_run({CELLS[0]: times(1.2), CELLS[1]: times(1.1)}),
                                  baseline_of(CELLS), rules=GateRules(canary=CELLS[1].id))),
            CELLS[0],
            "canary inference-fp32-bs32-1gpu: moved: time 1.10x of the baseline's; nothing is",
        ),
    ],
    ids=["unvarying", "assumed tau", "canary"],
)  # fmt: skip
def test_a_doubt_is_explained(report: GateReport, cell: Cell, said: str) -> None:
    """Why a cell is open that looks clear."""
    text = one_line(explained_cell(report, cell.id))

    assert f"{cell.id}, throughput: inconclusive" in text
    assert said in text


def test_pairs_that_do_not_vary_are_explained() -> None:
    """They have no estimate, and so no bounds."""
    same = (0.1,) * 5
    gate = make_gate(timed_run({CELLS[0]: same}), make_baseline(session({CELLS[0]: same})))
    report = gate_report(gate, pairs_of({CELLS[0]: same}, same))

    assert "measured again in 5 pairs: too few, or they do not vary" in one_line(
        explained_cell(report, CELLS[0].id)
    )
    assert "time -, at least -, at most -" in xml(report)


def test_lost_and_new_cells_are_told() -> None:
    """Each with what it lacks."""
    text = one_line(gate_text(recorded_gate()))

    for cell, lack in (
        (FEW, "not finished (2 of 5 launches ok)"),
        (FAILED, "out of memory: ResourceExhaustedError"),
        (MISSING, "not measured"),
        (DAMAGED, "damaged: is empty; delete it"),
        (NEW, "no number in the baseline, so it is not gated"),
    ):
        assert f"{cell.id}: {lack}" in text
    assert f"canary {CANARY.id}: did not move" in text


def test_little_is_said_in_few_words() -> None:
    """One cell, one session on one day, and the same code and software."""
    alike = {"python": "3.12.0", **CODE}
    gate = make_gate(timed_run({CELLS[0]: times()}, environment=alike), baseline_of(CELLS[:1]))
    text = gate_text(gate_report(gate))

    assert "baseline: baselines/t4.json: 1 session, 2026-01-01, commit aaaaaaaaaaaa\n" in text
    assert "What differs" not in text
    assert "To decide" not in text
    assert text.endswith("\n\n1 cell: 1 pass")


def test_a_gain_beside_a_baseline_is_not_said_to_be_small() -> None:
    """It passes because days may make it, however large it is."""
    text = one_line(gate_text(screened_gate()))

    assert "faster beyond chance, 0.800x, but the day may be why" in text
    assert "slower beyond chance, 1.02x, but by less than 1.05x" in text


def test_the_way_on_is_told_by_what_the_other_side_needs() -> None:
    """A Python that only the user knows; pairs that did not decide; nothing if all is decided."""
    run = timed_run({CELLS[0]: times(1.2)}, environment={"python": "3.13.0"})
    gate = make_gate(run, baseline_of(CELLS), rules=GateRules(allowed=("python",)))
    gate = replace(gate, baseline=replace(gate.baseline, header=replace(
        gate.baseline.header, environment={"python": "3.12.0"})))  # fmt: skip
    named = one_line(gate_text(gate_report(gate)))
    open_still = one_line(
        gate_text(gate_report(gate, pairs_of({CELLS[0]: (0.08, 0.13, 0.09, 0.14, 0.1)})))
    )
    done = one_line(gate_text(gate_report(gate, pairs_of({CELLS[0]: TIMES}))))

    assert "give the same command with --confirm --base python=PATH, or measure both" in named
    assert "To decide what is still open, an A/B of its own goes on until it is shown" in open_still
    assert "To decide" not in done


# ---- test cases


@pytest.mark.parametrize("strict", [False, True])
def test_a_case_ends_as_the_exit_code_counts_it(strict: bool) -> None:  # noqa: FBT001
    """What is inconclusive fails with --strict alone; what was lost is an error either way."""
    report = recorded_gate()
    open_ends = Outcome.FAILED if strict else Outcome.SKIPPED
    ends = {
        VerdictKind.REGRESSED: Outcome.FAILED,
        VerdictKind.INCONCLUSIVE: open_ends,
        VerdictKind.PASS: Outcome.PASSED,
        VerdictKind.IMPROVED: Outcome.PASSED,
    }
    cases = gate_cases(report, strict=strict)
    expected = [ends[cell.verdict] for cell in report.gated]

    assert [case.outcome for case in cases[: len(expected)]] == expected
    assert [case.outcome for case in cases[len(expected) :]] == [Outcome.ERROR] * len(report.lost)
    assert all(case.message for case in cases if case.outcome is not Outcome.PASSED)


def test_no_two_cases_have_one_name() -> None:
    """Services take such for the same test, and show the last."""
    names = [case.name for case in gate_cases(recorded_gate(), strict=False)]

    assert len(set(names)) == len(names)


def test_what_is_not_compared_is_an_error_and_never_passes() -> None:
    """Whatever reads the document sees no success."""
    cases = gate_cases(refused_gate(), strict=False)

    assert {case.outcome for case in cases} == {Outcome.ERROR}
    assert cases[0].kind == "not_comparable"
    assert cases[0].message == (
        "not comparable: not as in the baseline: driver, warmup_steps, variables.TF_X"
    )


# ---- text from outside


@cache
def gate_with(kind: str) -> GateReport:
    """A gate in which every text from outside is this one, beside another driver."""
    return gate_of(HOSTILE[kind], environment={"driver": "550"})


@cache
def judged_gate_with(kind: str) -> GateReport:
    """The same under like conditions, so that cells are judged."""
    return gate_of(HOSTILE[kind])


def gate_of(text: str, **facts: object) -> GateReport:
    """Every text from outside is this one; `facts` are those of the header of the baseline."""
    earlier = run_with(text, started_at="2026-01-02T03:04:05+00:00", **facts)
    run: Run = run_with(text)
    gate = make_gate(
        run,
        replace(make_baseline(earlier), changes=()),
        run_name=text,
        baseline_name=text,
        rules=GateRules(canary=text),
        given_base=(f"env:X={text}",),
        # A command is given whole, or it would be another.
        ab_words=() if len(text) > LONGEST else ("ab", text),
    )
    return replace(gate_report(gate), confirmed_by=text)


TEXTS = {
    "text": gate_text,
    "markdown": gate_markdown,
    "json": gate_json,
    "xml": xml,
    "explained": every_explanation,
}


@pytest.mark.parametrize("report", [gate_with, judged_gate_with])
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_text_from_outside_acts(
    name: str, kind: str, report: Callable[[str], GateReport]
) -> None:
    """No control, bidirectional or invisible character is left, and UTF-8 has all that is."""
    text = TEXTS[name](report(kind))

    assert not {character for character in text.replace("\n", "") if shown(character) != character}
    text.encode()


@pytest.mark.parametrize("report", [gate_with, judged_gate_with])
@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"json"}))
@pytest.mark.parametrize("kind", ["long", "long, of many words"])
def test_a_long_text_buries_nothing(
    name: str, kind: str, report: Callable[[str], GateReport]
) -> None:
    """It loses its middle wherever it stands."""
    text = TEXTS[name](report(kind))

    assert "x" * LONGEST not in text
    assert "word " * (LONGEST // len("word ")) not in one_line(text)


def structure_of_markdown(text: str) -> list[tuple[str, set[str]]]:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [
        (token.type, {child.type for child in token.children or ()} - {"text_special", "softbreak"})
        for token in tokens
    ]


def structure_of_xml(text: str) -> list[tuple[str, tuple[str, ...]]]:
    root = ET.fromstring(text.encode())  # noqa: S314 - rendered here
    return [(element.tag, tuple(element.keys())) for element in root.iter()]


@pytest.mark.parametrize("report", [gate_with, judged_gate_with])
@pytest.mark.parametrize("kind", sorted(set(HOSTILE) - {"nothing"}))
def test_no_text_changes_the_structure_of_a_document(
    kind: str, report: Callable[[str], GateReport]
) -> None:
    """Headings, tables, lists and elements are those of a plain name."""
    hostile, plain = report(kind), report("nothing")
    if kind.startswith("long"):
        plain = replace(plain, confirm_command=())

    for render, structure in (
        (gate_markdown, structure_of_markdown),
        (xml, structure_of_xml),
    ):
        assert structure(render(hostile)) == structure(render(plain))
    assert junitparser.JUnitXml.fromstring(xml(hostile).encode())


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_json_has_the_text_itself(kind: str) -> None:
    """A program gets what was there, to the last character that JSON has."""
    stored = json.loads(gate_json(gate_with(kind)))
    text = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", HOSTILE[kind])

    assert stored["run"] == stored["baseline"]["name"] == stored["device"] == text
    assert stored["canary"]["cell_id"] == text
    assert stored["lost"][-1]["damage"] == text
