"""results.csv: a row for each cell of every run, with all its numbers."""

from suite.model.report import Report
from suite.model.text import spreadsheet_text


def results_csv(report: Report) -> str:
    """`Report.frame` as CSV; a spreadsheet takes no text of it for a formula."""
    frame = report.frame()
    texts = frame.select_dtypes(exclude=["number", "bool"]).columns
    shown = frame[texts].map(lambda item: spreadsheet_text(item) if isinstance(item, str) else item)
    return frame.assign(**{str(name): shown[name] for name in texts}).to_csv(index=False)
