"""Scaling of training in a run's output: the whole text, the report's part and the plots."""

import logging
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.plots import scaling_plots
from suite.formats.results import report_markdown, run_text
from suite.formats.scaling import conditions
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


def texts_of(svg: str) -> list[str]:
    """Every text in a plot, which is there as text and not as outlines."""
    namespace = "{http://www.w3.org/2000/svg}"
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{namespace}text")]  # noqa: S314


def test_the_terminal_shows_both_kinds_of_scaling() -> None:
    """Each line has its numbers or its reason, and the tables of scaling fit 100 columns."""
    text = run_text(run_of(*LAUNCHES).runs[0])

    assert text + "\n" == (DATA / "scaling.txt").read_text()
    scaling = text[text.index("Weak scaling") :]
    assert max(map(len, scaling.splitlines())) <= 100


def test_the_report_has_the_tables_and_links_the_plots() -> None:
    """The part of report.md between the results and the intervals."""
    _, _, rest = report_markdown(run_of(*LAUNCHES)).partition("## Weak scaling")
    part, _, _ = rest.partition("\n## Percentile")

    assert "## Weak scaling" + part == (DATA / "scaling.md").read_text()


def test_ranks_on_a_cpu_are_not_called_gpus() -> None:
    """On a machine without a GPU, the words of tables and plots are those of ranks."""
    run = run_of(launch(1, 8, 1.0), launch(2, 8, 1.25), gpu=None)
    scaling = run_text(run.runs[0]).partition("Weak scaling")[2]
    labels = texts_of(scaling_plots(run)["weak_scaling.svg"])

    assert "GPU" not in scaling
    assert "Ranks on one CPU share its cores." in scaling
    assert "ranks (dotted: linear scaling from one)" in labels
    assert "1.60x on 2 ranks, 80.0% of linear" in labels


def test_one_number_of_gpus_has_no_scaling() -> None:
    """Neither tables nor plots where nothing was scaled."""
    run = run_of(launch(8, 128, 0.3), launch(8, 256, 0.3))

    assert "scaling," not in run_text(run.runs[0])
    assert "plots/" not in report_markdown(run)
    assert scaling_plots(run) == {}


def test_without_a_factor_there_is_a_table_but_no_plot() -> None:
    """Where every cell on several GPUs failed, the report links no file."""
    run = run_of(launch(1, 256, 0.2), launch(2, 256))

    assert "## Weak scaling" in report_markdown(run)
    assert "plots/" not in report_markdown(run)
    assert scaling_plots(run) == {}


def test_plots_say_what_they_show() -> None:
    """Titles, axes with units, ticks at the GPUs measured, and a label on every curve."""
    plots = scaling_plots(run_of(*LAUNCHES))
    weak, strong = (texts_of(plots[f"{kind}_scaling.svg"]) for kind in ("weak", "strong"))

    for text in (
        "Weak scaling",
        "scaling $1$ & co on Tesla V100-SXM2-16GB; doubts: quick",
        "GPUs (dotted: linear scaling from one)",
        "training throughput, img/s (images / elapsed time)",
        "FP32 + XLA, batch 128 / GPU",
        "7.76x on 8 GPUs, 97.0% of linear",
        "mixed precision + XLA, batch 256 / GPU",
        "7.44x on 8 GPUs, 93.0% of linear",
    ):
        assert text in weak
    assert [text for text in weak if text.isdecimal() and int(text) < 100] == ["1", "2", "8"]
    assert "mixed precision + XLA, global batch 256" in strong


def test_the_same_numbers_give_the_same_plot() -> None:
    """Plots carry neither a date nor random names, so that they can be compared as files."""
    first, second = (scaling_plots(run_of(*LAUNCHES)) for _ in range(2))

    assert first == second
    assert "dc:date" not in first["weak_scaling.svg"]


def test_conditions_are_named_where_they_are_not_the_usual() -> None:
    """A number has the name of its axis, and a word stands for itself."""
    usual = make_cell(mode=Mode.TRAINING, xla=True, gpus=8)

    assert conditions(usual) == "FP32 + XLA"
    assert conditions(replace(usual, xla=False, image_size=96)) == "FP32, image size 96"
    assert conditions(replace(usual, data=Data.SYNTHETIC_DEVICE)) == "FP32 + XLA, synthetic device"


def test_the_axes_hold_every_point_and_the_linear_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn outside the picture, and ticks of thousands are easy to read."""
    from matplotlib.axes import Axes

    limits: dict[str, list[tuple[float, float]]] = {"set_xlim": [], "set_ylim": []}
    for name in ("set_xlim", "set_ylim"):
        real = getattr(Axes, name)

        def note(self: Axes, *given: float, name: str = name, real: Any = real, **rest: Any) -> Any:
            if len(given) == 2 and not rest:
                limits[name].append((given[0], given[1]))
            return real(self, *given, **rest)

        monkeypatch.setattr(Axes, name, note)
    labels = texts_of(scaling_plots(run_of(*LAUNCHES))["weak_scaling.svg"])
    lowest, highest = limits["set_ylim"][0]

    # FP32: 400 and 3103 img/s; linear scaling of AMP from 1280 would be 10240.
    assert 300 < lowest < 400
    assert 10240 < highest < 13000
    assert limits["set_xlim"][0] == pytest.approx((1 / 1.12, 8 * 1.12))
    assert {"500", "1,000", "2,000", "5,000", "10,000"} <= set(labels)


def test_drawing_leaves_logging_and_the_backend_as_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever draws from a notebook keeps its own settings."""
    monkeypatch.setenv("MPLBACKEND", "svg")
    logger = logging.getLogger("matplotlib")
    monkeypatch.setattr(logger, "level", logging.INFO)
    scaling_plots(run_of(*LAUNCHES))

    assert (os.environ["MPLBACKEND"], logger.level) == ("svg", logging.INFO)
    monkeypatch.delenv("MPLBACKEND")
    scaling_plots(run_of(*LAUNCHES))
    assert "MPLBACKEND" not in os.environ


def test_labels_stand_right_of_their_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """No label covers a curve, and each is inside the picture."""
    from matplotlib.axes import Axes

    places = []
    real: Callable[..., Any] = Axes.annotate

    def note(self: Axes, *given: Any, **rest: Any) -> Any:
        scale = 72 / self.figure.dpi
        box, whole = self.bbox, self.figure.bbox
        places.append((*rest["xytext"], box.x1 * scale, whole.width * scale, whole.height * scale))
        return real(self, *given, **rest)

    monkeypatch.setattr(Axes, "annotate", note)
    scaling_plots(run_of(*LAUNCHES))

    assert len(places) == 3
    for x, y, right, width, height in places:
        assert right < x < width
        assert 10 < y < height - 10


def test_every_curve_is_drawn_with_its_linear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Solid through what was measured, dotted through what would be linear from one GPU."""
    from matplotlib.axes import Axes

    drawn = []
    real: Callable[..., Any] = Axes.plot

    def note(self: Axes, gpus: list[int], rates: list[float], **look: Any) -> Any:
        drawn.append((look["linestyle"], gpus, [round(rate) for rate in rates]))
        return real(self, gpus, rates, **look)

    monkeypatch.setattr(Axes, "plot", note)
    scales: dict[str, str] = {}
    for name in ("set_xscale", "set_yscale"):
        setter: Callable[..., Any] = getattr(Axes, name)

        def scale(
            self: Axes, kind: str, *, name: str = name, setter: Any = setter, **rest: Any
        ) -> Any:
            scales[name] = kind
            return setter(self, kind, **rest)

        monkeypatch.setattr(Axes, name, scale)
    scaling_plots(run_of(*LAUNCHES[:2], *LAUNCHES[6:]))

    assert scales == {"set_xscale": "log", "set_yscale": "log"}  # linear is a straight line
    assert drawn == [
        ("-", [1, 8], [400, 3103]),
        (":", [1, 8], [400, 3200]),
        ("-", [1, 8], [1280, 9526]),
        (":", [1, 8], [1280, 10240]),
    ]
