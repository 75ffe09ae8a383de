"""Scaling of training in a run's output: the whole text, and the report's part."""

from dataclasses import replace
from pathlib import Path

from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.plots import plot_titles
from suite.formats.results import report_markdown, run_text
from suite.formats.scaling import comparison_table, conditions
from suite.model.cell import Data, Mode, Precision
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.model.report import Report

DATA = Path(__file__).parents[1] / "data"
QUICK = Caution(CautionKind.QUICK, "quick")


def launch(
    gpus: int,
    batch_size: int,
    *step_seconds: float,
    precision: Precision = Precision.AMP,
    data: Data = Data.SYNTHETIC,
    cautions: tuple[Caution, ...] = (),
) -> Launch:
    """A training launch; without a step time, one out of memory."""
    return make_launch(
        cell=make_cell(
            mode=Mode.TRAINING,
            precision=precision,
            xla=True,
            batch_size=batch_size,
            gpus=gpus,
            data=data,
        ),
        status=Status.OK if step_seconds else Status.OUT_OF_MEMORY,
        reason="" if step_seconds else "failed to allocate",
        step_seconds=step_seconds,
        cautions=cautions,
    )


LAUNCHES = (
    launch(1, 128, 0.32, precision=Precision.FP32),
    launch(1, 256, 0.2, cautions=(QUICK,)),
    launch(2, 256, 0.2, 0.205),
    launch(2, 128, 0.11),
    launch(4, 256),
    launch(4, 64, 0.3, data=Data.DALI),
    launch(8, 128, 0.32, 0.34, precision=Precision.FP32),
    launch(8, 256, 0.21, 0.22),
)


def run_of(*launches: Launch, gpu: str | None = "Tesla V100-SXM2-16GB") -> Report:
    run = make_run(*launches, matrix="scaling $1$ & co", device=gpu or "a CPU", gpu=gpu)
    return assemble([run])


def test_the_terminal_shows_both_kinds_of_scaling() -> None:
    """Each line has its numbers or its reason, and the tables of scaling fit 100 columns."""
    text = run_text(run_of(*LAUNCHES).runs[0])

    assert text + "\n" == (DATA / "scaling.txt").read_text()
    scaling = text[text.index("Weak scaling") :]
    assert max(map(len, scaling.splitlines())) <= 100


def test_the_report_has_the_tables() -> None:
    """The part of report.md between the results and the intervals."""
    _, _, rest = report_markdown(run_of(*LAUNCHES)).partition("## Weak scaling")
    part, _, _ = rest.partition("\n## Percentile")

    assert "## Weak scaling" + part == (DATA / "scaling.md").read_text()


def test_ranks_on_a_cpu_are_not_called_gpus() -> None:
    """On a machine without a GPU, the words of tables are those of ranks."""
    run = run_of(launch(1, 8, 1.0), launch(2, 8, 1.25), gpu=None)
    scaling = run_text(run.runs[0]).partition("Weak scaling")[2]

    assert "GPU" not in scaling
    assert "Ranks on one CPU share its cores." in scaling


def test_one_number_of_gpus_has_no_scaling() -> None:
    """Neither tables nor plots where nothing was scaled."""
    run = run_of(launch(8, 128, 0.3), launch(8, 256, 0.3))

    assert "scaling," not in run_text(run.runs[0])
    assert "_scaling" not in report_markdown(run)
    assert not any("scaling" in name for name in plot_titles(run, 0))


def test_without_a_factor_there_is_a_table_but_no_plot() -> None:
    """Where every cell on several GPUs failed, the report links no file."""
    run = run_of(launch(1, 256, 0.2), launch(2, 256))

    assert "## Weak scaling" in report_markdown(run)
    assert "_scaling" not in report_markdown(run)
    assert not any("scaling" in name for name in plot_titles(run, 0))


def test_nothing_is_compared_without_a_measured_factor() -> None:
    """A table of published factors alone would say nothing of this machine."""
    lines = run_of(launch(1, 256, 0.2), launch(2, 256)).runs[0].scaling[0]
    known = run_of(launch(1, 256, 0.2), launch(2, 256, 0.21)).runs[0].scaling[0]

    assert comparison_table(lines, known) is None
    found = comparison_table(known, lines)
    assert found is not None
    assert [row[1] for row in found.rows] == ["measured", "published"]


def test_conditions_are_named_where_they_are_not_the_usual() -> None:
    """A number has the name of its axis, and a word stands for itself."""
    usual = make_cell(mode=Mode.TRAINING, xla=True, gpus=8)

    assert conditions(usual) == "FP32 + XLA"
    assert conditions(replace(usual, xla=False, image_size=96)) == "FP32, image size 96"
    assert conditions(replace(usual, data=Data.SYNTHETIC_DEVICE)) == "FP32 + XLA, synthetic device"
