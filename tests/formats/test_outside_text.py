"""Names, reasons and notes from outside, in everything that is rendered: they stay plain text."""

import inspect
import io
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from builders import make_training
from hostile import (
    EVERYTHING,
    INFERENCE,
    PROTOCOL,
    machine_with,
    reference_with,
    run_with,
)
from markdown_it import MarkdownIt
from rich.console import Console
from test_gate_document import gate_of
from trained import (
    evaluated_with,
    exported_with,
    predicted_with,
    trained,
    trained_events,
    trained_header,
)

from suite import formats
from suite.analysis.ab import SideRun, ab_report
from suite.analysis.assemble import assemble
from suite.analysis.baseline import baseline_of_run, baseline_report
from suite.analysis.pairs import paired
from suite.analysis.selftest import selftest
from suite.analysis.training_groups import grouped_training, training_groups
from suite.analysis.training_summary import training_summary
from suite.analysis.trends import history
from suite.analysis.verdict import judge_run
from suite.cli.live_table import View, live_table
from suite.formats.ab import ab_markdown, ab_text
from suite.formats.baseline import baseline_text
from suite.formats.checks import left_out_text
from suite.formats.comparison import comparison_markdown, comparison_text
from suite.formats.comparison_csv import comparison_csv
from suite.formats.devices import devices_text
from suite.formats.evaluation import evaluation_text, export_text
from suite.formats.findings import findings_text
from suite.formats.gate import gate_markdown, gate_text
from suite.formats.history import history_markdown, history_text
from suite.formats.markdown import inline, line
from suite.formats.pairs import pairs_markdown, pairs_text
from suite.formats.plan import PlanLine, plan_text
from suite.formats.plots import comparison_plots, plot_files
from suite.formats.predictions import predictions_text
from suite.formats.projection import projection_text
from suite.formats.reference_tables import reference_list, reference_text
from suite.formats.results import overhead_text, report_markdown, report_text, run_text
from suite.formats.run_list import run_list, training_list
from suite.formats.selftest import selftest_text
from suite.formats.tables import Dialect
from suite.formats.training import training_markdown, training_text
from suite.formats.training_groups import (
    training_groups_csv,
    training_groups_markdown,
    training_groups_text,
)
from suite.formats.verdict import verdict_text
from suite.model.ab import fixed
from suite.model.ab_report import AbReport
from suite.model.baseline import BaselineChange, ChangeKind
from suite.model.baseline_report import BaselineReport
from suite.model.check import LeftOut
from suite.model.finding import Diagnosis, Finding, FindingKind, Unchecked
from suite.model.history import History
from suite.model.launch import Status
from suite.model.matrix import Matrix
from suite.model.projection import Assumptions, ProjectedCell, Projection
from suite.model.report import Report
from suite.model.run import RunSummary
from suite.model.selftest import RecordedLaunches
from suite.model.text import shown
from suite.model.training_groups import TrainingGroups
from suite.model.training_summary import TrainingSummary

# No table is made narrower.
WIDE = 10_000
PLAIN = "name"


def report_with(name: str, published: str | None = None) -> Report:
    """The run beside the reference, assembled; their texts may differ."""
    return assemble([run_with(name)], [reference_with(published or name)])


def paired_with(name: str) -> Report:
    """The run beside another one of the same cells, and of one cell more."""
    run = run_with(name)
    plain = run_with("another")
    more = replace(plain.launches[0], cell=replace(INFERENCE, batch_size=64))
    return paired(assemble([run, replace(plain, launches=(*plain.launches, more))]))


def history_with(name: str) -> History:
    """The run and an earlier one of another matrix."""
    run = run_with(name)
    later = replace(run.header, started_at="2026-01-02T03:04:05+00:00")
    runs = [
        RunSummary(directory=f"{name}{place}", header=header, recorded_launches=1)
        for place, header in enumerate((later, replace(later, environment={"commit": name})))
    ]
    return history(runs, INFERENCE.id, {each.directory: run.launches[:1] for each in runs})


def ab_with(name: str) -> AbReport:
    """An A/B of one cell that fails on b; the sides have other software."""
    run = run_with(name)
    lost = tuple(
        replace(run.launches[0], cell=INFERENCE, launch=number, status=Status.CRASHED, reason=name)
        for number in range(2)
    )
    a = replace(run, header=replace(run.header, environment={"commit": "older"}))
    b = replace(run, launches=lost)
    sides = [
        SideRun(name=letter, title=name, run=side, cells=(INFERENCE,))
        for letter, side in (("a", a), ("b", b))
    ]
    return ab_report(sides[0], sides[1], fixed(3))


def baseline_with(name: str) -> BaselineReport:
    """A baseline of the run that somebody of that name saved."""
    run = run_with(name, started_at="2026-01-02T03:04:05+00:00", environment={"commit": name})
    change = BaselineChange(
        at="2026-01-03T03:04:05+00:00", who=name, what=ChangeKind.SAVED, why=name
    )
    return baseline_report(replace(baseline_of_run(run), changes=(change,)))


def plan_with(name: str) -> str:
    matrix = Matrix(
        name=name,
        purpose=name,
        device=name,
        reference=name,
        protocol=PROTOCOL,
        cells=(INFERENCE,),
        selection=name,
    )
    planned = PlanLine(
        cell=INFERENCE, launch=0, command="x", skip_reason=name, estimate=None, memory=None
    )
    return plan_text(matrix, name, name, [planned], ())


def found_with(name: str) -> Diagnosis:
    """A finding, a note and a check that could not be made."""
    finding = Finding(kind=FindingKind.SWAP, evidence=name, remedy=name)
    return Diagnosis(
        found=(finding, replace(finding, is_note=True)),
        unchecked=(Unchecked(kind=FindingKind.ECC, reason=name),),
    )


def judged(name: str) -> str:
    report = report_with(name)
    cells, coverage = report.comparisons[0].cells, report.runs[0].coverage
    return verdict_text(judge_run(cells, coverage, 0.9, 1))


def listed(name: str) -> RunSummary:
    header = replace(run_with(name).header, started_at="2026-01-02T03:04:05+00:00")
    return RunSummary(directory=name, header=header, recorded_launches=0)


def listed_training(name: str) -> TrainingSummary:
    return training_summary(name, trained_header(name), trained_events(name), is_running=False)


def grouped(name: str) -> TrainingGroups:
    """A training beside one on another device with other software."""
    return training_groups(
        [
            grouped_training(replace(listed_training(name), header=header), trained(name))
            for header in (
                trained_header(name),
                replace(trained_header(name), device="x", environment={"variables": {name: name}}),
            )
        ]
    )


def selftest_with(name: str) -> str:
    """A cell that tells something, and one that does not."""
    told = RecordedLaunches(sessions=((-1.0, -1.02, -1.01),))
    cells = {f"{name}-told": told, f"{name}-untold": RecordedLaunches(sessions=((-1.0,),))}
    return selftest_text(selftest(cells, dict.fromkeys(cells, 0.05)), WIDE)


def projected(name: str) -> str:
    """A recipe at the rate of a run with energy counters."""
    cell = ProjectedCell(
        cell=INFERENCE,
        images_per_second=10.0,
        cautions=(),
        steps_per_epoch=2,
        step_hours=1.0,
        evaluation_hours=0.1,
        checkpoint_hours=0.1,
        joules=3.6e6,
        energy_source=name,
        published_hours=2.0,
    )
    assumed = Assumptions(images=16, validation_images=4, checkpoint_seconds=1.0)
    training = make_training(name=name, purpose=name)
    return projection_text(
        Projection(training=training, device=name, assumptions=assumed, cells=(cell,)), WIDE
    )


TEXTS: dict[str, Callable[[str], str]] = {
    "ab_text": lambda name: ab_text(ab_with(name), WIDE),
    "baseline_text": lambda name: baseline_text(baseline_with(name), WIDE),
    "gate_text": lambda name: gate_text(gate_of(name), WIDE),
    "report_text": lambda name: report_text(report_with(name)),
    "run_text": lambda name: run_text(report_with(name).runs[0]),
    "overhead_text": lambda name: overhead_text(report_with(name).runs[0]),
    "comparison_text": lambda name: comparison_text(report_with(name)),
    "history_text": lambda name: history_text(history_with(name), WIDE),
    "pairs_text": lambda name: pairs_text(paired_with(name), WIDE),
    "devices_text": lambda name: (
        devices_text(machine_with(name)) + devices_text(replace(machine_with(name), gpus=()))
    ),
    "findings_text": lambda name: findings_text(found_with(name), WIDE),
    "plan_text": plan_with,
    "reference_text": lambda name: reference_text(reference_with(name), Dialect.TERMINAL, WIDE),
    "reference_list": lambda name: reference_list([reference_with(name)], WIDE),
    "projection_text": projected,
    "selftest_text": selftest_with,
    "training_groups_text": lambda name: training_groups_text(grouped(name), WIDE),
    "evaluation_text": lambda name: evaluation_text(evaluated_with(name), WIDE),
    "export_text": lambda name: export_text(exported_with(name), name, WIDE),
    "predictions_text": lambda name: predictions_text([predicted_with(name)], WIDE),
    "training_text": lambda name: training_text(trained(name), WIDE),
    "verdict_text": judged,
    "run_list": lambda name: run_list([listed(name)], WIDE),
    "training_list": lambda name: training_list([listed_training(name)], WIDE),
    "left_out_text": lambda name: left_out_text(LeftOut("a check", name)),
}
DOCUMENTS: dict[str, Callable[[str], str]] = {
    "training_groups_markdown": lambda name: training_groups_markdown(grouped(name)),
    "training_markdown": lambda name: training_markdown(trained(name), ()),
    "ab_markdown": lambda name: ab_markdown(ab_with(name)),
    "gate_markdown": lambda name: gate_markdown(gate_of(name)),
    "report_markdown": lambda name: report_markdown(report_with(name)),
    "comparison_markdown": lambda name: comparison_markdown(report_with(name)),
    "history_markdown": lambda name: history_markdown(history_with(name)),
    "pairs_markdown": lambda name: pairs_markdown(paired_with(name)),
    "reference_text": lambda name: reference_text(reference_with(name), Dialect.MARKDOWN),
}
# They fill paragraphs, so that a longer name takes more lines.
FILLED = {
    "baseline_text",
    "comparison_text",
    "evaluation_text",
    "export_text",
    "findings_text",
    "gate_text",
    "left_out_text",
    "overhead_text",
    "pairs_text",
    "plan_text",
    "projection_text",
    "report_text",
    "run_text",
    "selftest_text",
    "training_groups_text",
    "training_text",
}
# They write the suite's own words and numbers alone.
OWN_WORDS = {
    "audit_text",
    "accuracy_text",
    "checks_text",
    "layers_text",
    "no_fit_text",
    "protocol_text",
}


def acting(text: str) -> set[str]:
    """The characters that a terminal or an editor would act on, besides line breaks."""
    return {character for character in text.replace("\n", "") if shown(character) != character}


@pytest.mark.parametrize("renderer", TEXTS)
def test_no_text_from_outside_acts_on_a_terminal(renderer: str) -> None:
    """A hostile name is in the text, in as many lines as a plain one, with nothing that acts."""
    hostile, plain = (TEXTS[renderer](name) for name in (EVERYTHING, PLAIN))
    words = " ".join(hostile.split())

    assert not acting(hostile)
    assert r"\x1b[31m\x07<b>" in words
    if renderer not in FILLED:
        assert len(hostile.splitlines()) == len(plain.splitlines())
    assert not [found for found in hostile.splitlines() if found.startswith(("b|c", "## d"))]


def blocks(document: str) -> list[tuple[str, set[str]]]:
    """The structure of a Markdown document: each block, and the kinds of what is in its lines."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(document)
    return [
        (token.type, {child.type for child in token.children or ()} - {"text_special", "softbreak"})
        for token in tokens
    ]


@pytest.mark.parametrize("renderer", DOCUMENTS)
def test_no_text_from_outside_becomes_markup(renderer: str) -> None:
    """A hostile name leaves every heading, table, list and line of a document what it was."""
    hostile, plain = (DOCUMENTS[renderer](name) for name in (EVERYTHING, PLAIN))

    assert not acting(hostile)
    assert blocks(hostile) == blocks(plain)
    text = MarkdownIt("commonmark").enable("table").render(hostile)
    assert r"\x1b[31m\x07&lt;b&gt;*f* _g_ [h](i) ![j](k) `l` ~~m~~ &amp;lt; \|" in text
    assert len(hostile.encode()) > len(plain.encode())


@pytest.mark.parametrize(
    "start", ["# h", "- i", "+ i", "1. i", "12) i", "> q", "---", "===", "    code", "~~~", "* * *"]
)
def test_no_text_begins_a_block(start: str) -> None:
    """Whatever a paragraph from outside begins with, it stays a paragraph with these words."""
    tokens = MarkdownIt("commonmark").enable("strikethrough").parse(f"before\n\n{line(start)}\n")

    assert [token.type for token in tokens[3:]] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[4].children or ()) == start.strip()


def test_usual_names_are_left_alone_in_markdown() -> None:
    """What people write in names does not make the source of a report harder to read."""
    for name in (
        "scaling_cpu",
        "Tesla T4",
        "x-y.z",
        "2 of 8",
        "50 %",
        "~12.34",
        "-",
        "AMD (2 cores)",
    ):
        assert inline(name) == name


def test_every_renderer_is_held_to_this() -> None:
    """A new renderer of text is tested here, or is listed as one of the suite's own words."""
    modules = [
        import_module(f"suite.formats.{m.name}") for m in pkgutil.iter_modules(formats.__path__)
    ]
    found = {
        name
        for module in modules
        for name, item in inspect.getmembers(module, inspect.isfunction)
        if item.__module__ == module.__name__
        and name.endswith(("_text", "_markdown", "_list"))
        and not name.startswith("_")
    }

    assert found == {*TEXTS, *DOCUMENTS, *OWN_WORDS}


def test_plots_take_any_name() -> None:
    """An SVG with a hostile title is XML that has the name as it is shown."""
    report = report_with(EVERYTHING)
    files = {name: svg for name, svg in plot_files(report).items() if name.endswith(".svg")}
    plots = [*(svg.decode() for svg in files.values()), *comparison_plots(report).values()]

    assert len(plots) > 2
    for svg in plots:
        assert not acting(svg)
        text = "".join(ET.fromstring(svg).itertext())  # noqa: S314 - drawn here
        assert r"\x1b[31m\x07<b>" in text


def test_a_comparison_holds_no_formula() -> None:
    """comparison.csv has a text from outside as a text, and a negative number as a number."""
    text = comparison_csv(report_with("=1+1", "@x"))
    frame = pd.read_csv(io.StringIO(text))

    assert set(frame["note"].dropna()) == {"'@x"}
    assert set(frame["reason"].dropna()) == {"'=1+1"}
    assert frame["throughput_img_s_published"].dtype == float


def test_trainings_beside_each_other_hold_no_formula() -> None:
    """trainings.csv has a text from outside as a text, and a negative number as a number."""
    frame = pd.read_csv(io.StringIO(training_groups_csv(grouped("=1+1"))))

    assert set(frame["recipe"]) == set(frame["directory"]) == {"'=1+1"}
    assert frame["top1"].dtype == float


def test_the_live_table_shows_names_safely() -> None:
    """What is drawn over and over holds no sequence but those that draw it."""
    view = View(
        done=1,
        total=2,
        failed=1,
        skipped=0,
        finished=((EVERYTHING, EVERYTHING),),
        cell=EVERYTHING,
        doing=EVERYTHING,
        elapsed_seconds=1.0,
        left_seconds=1.0,
        run_left_seconds=1.0,
        is_own=True,
    )
    console = Console(width=2000, record=True, file=io.StringIO())
    console.print(live_table(view))
    drawn = console.export_text()

    assert not acting(drawn)
    assert len(drawn.splitlines()) == 3
