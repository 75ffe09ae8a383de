"""results.csv: a row for each cell of every run, with all its numbers."""

from suite.formats.frame_csv import frame_csv
from suite.model.report import Report


def results_csv(report: Report) -> str:
    """`Report.frame` as CSV."""
    return frame_csv(report.frame())
