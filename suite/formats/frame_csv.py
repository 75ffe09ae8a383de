"""A pandas table as CSV."""

from typing import TYPE_CHECKING

from suite.model.text import spreadsheet_text

if TYPE_CHECKING:
    import pandas as pd


def frame_csv(frame: "pd.DataFrame") -> str:
    """The table without its index; a spreadsheet takes no text or title of it for a formula."""
    names = frame.select_dtypes(exclude=["number", "bool"]).columns
    texts = frame[names].map(lambda item: spreadsheet_text(item) if isinstance(item, str) else item)
    safe = frame.assign(**{str(name): texts[name] for name in names})
    return safe.rename(columns=spreadsheet_text).to_csv(index=False)
