"""suite.formats.frame_csv: pandas tables as CSV."""

import io

import pandas as pd

from suite.formats.frame_csv import frame_csv


def test_no_text_is_a_formula_and_no_number_becomes_a_text() -> None:
    """In titles and in cells; numbers below zero and what is missing stay what they are."""
    frame = pd.DataFrame(
        {"name": ["=1+1", None, "a,b"], "@title": ["-x", "+y", "\x1b"], "number": [-1.5, None, 2]}
    )
    text = frame_csv(frame)
    read = pd.read_csv(io.StringIO(text))

    assert list(read.columns) == ["name", "'@title", "number"]
    assert read["name"].tolist()[::2] == ["'=1+1", "a,b"]
    assert read["'@title"].tolist() == ["'-x", "'+y", r"\x1b"]
    assert read["number"].tolist()[::2] == [-1.5, 2.0]
    assert read.isna().sum().tolist() == [1, 0, 1]
    assert frame["name"][0] == "=1+1"
