"""A job on GitHub Actions: the summary of its step, and marks for failed cells."""

import re
from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run

from suite.analysis.results import cell_results
from suite.cli import main
from suite.cli.github import tell_github
from suite.formats.junit import Case, Outcome
from suite.model.launch import Status
from suite.model.run import CellResult

T4 = Path(__file__).parents[2] / "reference" / "t4.csv"

ONE_CELL = """\
purpose: a test
device: any
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 20}
axes: {mode: [training], precision: [fp32], xla: [false], batch_size: [8]}
"""


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that GitHub shows, in which an earlier step has written."""
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return path


def crashed(reason: str) -> tuple[CellResult, ...]:
    return cell_results([make_launch(status=Status.CRASHED, reason=reason)])


def test_a_run_is_summed_up(summary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of the run directory comes after what was there, without the plots beside it."""
    monkeypatch.chdir(tmp_path)
    assert main(["run", "demo", "--quick", "--no-fork-server", "--set", "mode=training"]) == 0
    (report,) = tmp_path.glob("reports/*/report.md")

    without, sections = re.subn(r"\n## Plots\n(\n!\[.*\n)+", "", report.read_text())
    assert sections == 1
    assert summary.read_text() == "before\n" + without


def test_a_comparison_is_summed_up_with_its_verdict(summary: Path, tmp_path: Path) -> None:
    """Whoever looks at a red job sees why without a log."""
    launch = make_launch(step_seconds=(0.1, 0.1))
    directory = store_run(tmp_path / "run", make_run(launch, reference=str(T4)))

    assert main(["compare", "--run", str(directory), "--fail-below", "0.9"]) == 1
    text = summary.read_text()
    assert (directory / "comparison.md").read_text() in text
    assert "## Verdict\n\n    below 0.9x: inference-fp32-bs8-1gpu: 0.234x\n" in text


def test_a_failed_cell_is_marked(summary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its reason can neither end the mark nor begin another."""
    tell_github(lambda: "", crashed("100% lost,\n::error::x"))

    assert capsys.readouterr().out == (
        "::error title=inference-fp32-bs8-1gpu::crashed: 100%25 lost,\\n::error::x\n"
    )
    assert summary.read_text() == "before\n"


def test_test_cases_are_marked_by_how_they_ended(
    summary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure is an error; no verdict is a warning; what passed is not told."""
    cases = [
        Case(name=f"{outcome.name}: 1,2", classname="x", outcome=outcome, message="100%\n::error::")
        for outcome in Outcome
    ]
    tell_github(lambda: "", cases=cases)

    assert capsys.readouterr().out.splitlines() == [
        "::error title=FAILED%3A 1%2C2::100%25\\n::error::",
        "::warning title=ERROR%3A 1%2C2::100%25\\n::error::",
        "::warning title=SKIPPED%3A 1%2C2::100%25\\n::error::",
    ]
    assert summary.read_text() == "before\n"


def test_an_ab_is_summed_up_and_its_regression_marked(
    summary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever looks at a red pull request sees the cell without a log."""
    matrix = tmp_path / "one.yaml"
    matrix.write_text(ONE_CELL)
    sides = ("--a", "precision=amp", "--b", "unchanged", "--rounds", "8")
    assert main(["ab", str(matrix), "--out", str(tmp_path / "out"), *sides]) == 1
    (directory,) = (tmp_path / "out").iterdir()
    marks = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]

    assert summary.read_text() == "before\n" + (directory / "ab.md").read_text()
    (mark,) = marks
    cells = "training-amp-bs8-1gpu-simulated / training-fp32-bs8-1gpu-simulated"
    assert mark.startswith(f"::error title={cells}::regressed: time b/a 1.")


def test_a_summary_that_is_too_large_or_cannot_be_written_stops_nothing(
    summary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """GitHub would show none of it; the run directory has it all."""
    tell_github(lambda: "x" * (2**20 + 1))
    assert summary.read_text() == (
        "before\nThe report is larger than a summary may be; see the run directory.\n"
    )
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    tell_github(lambda: "x")
    assert capsys.readouterr().err == f"warning: {tmp_path}: Is a directory\n"


def test_elsewhere_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal gets no commands for GitHub."""
    case = Case(name="x", classname="x", outcome=Outcome.FAILED)
    tell_github(lambda: "x", crashed("why"), [case])

    assert capsys.readouterr() == ("", "")
