"""Which scaling plots a run and a comparison have."""

from collections.abc import Sequence

from suite.analysis.measured_scaling import (
    Estimator,
    ScalingKind,
    ScalingLine,
    published_lines,
    scaling_curves,
)
from suite.formats.plots import scaling_svg
from suite.formats.scaling import doubts_text, rank_word, scaling_sections
from suite.model.reference import Reference
from suite.model.run import CellResult, Run, RunHeader


def scaling_plots(run: Run, results: Sequence[CellResult]) -> dict[str, str]:
    """The plots of a run's report: file names under `plots/` and SVG text."""
    header = run.header
    plots = {}
    for section in scaling_sections(run, results):
        if section.plot is not None:
            subtitle = f"{header.matrix} on {header.device}"
            plots[section.plot] = scaling_svg(
                section.curves,
                (),
                kind=section.kind,
                subtitle=f"{subtitle}; doubts: {section.doubts}" if section.doubts else subtitle,
                rank=rank_word(header),
                estimator=Estimator.ELAPSED,
            )
    return plots


def comparison_plot(
    measured: Sequence[ScalingLine], reference: Reference, header: RunHeader
) -> str | None:
    """Measured weak scaling as an SVG beside the published; None where none was measured."""
    lines = [line for line in measured if line.factor is not None]
    if not lines:
        return None
    subtitle = f"{header.matrix} on {header.device} beside {reference.table.name}"
    doubts = doubts_text(lines)
    return scaling_svg(
        scaling_curves(lines),
        scaling_curves(published_lines(reference)),
        kind=ScalingKind.WEAK,
        subtitle=f"{subtitle}; doubts: {doubts}" if doubts else subtitle,
        rank=rank_word(header),
        estimator=Estimator.MEAN_OF_RATES,
    )
