"""A job on GitHub Actions: the summary of its step, and marks for failed cells."""

import re
from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run

from suite.analysis.results import cell_results
from suite.cli import main
from suite.cli.github import tell_github
from suite.model.launch import Status
from suite.model.run import CellResult

T4 = Path(__file__).parents[2] / "reference" / "t4.csv"


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
    tell_github(lambda: "x", crashed("why"))

    assert capsys.readouterr() == ("", "")
