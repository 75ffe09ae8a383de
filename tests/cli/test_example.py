"""reports/example-cpu: a real run whose report is made again from its records."""

import csv
import json
import math
import re
import shutil
from pathlib import Path

import matplotlib as mpl
import pytest

from suite.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "reports" / "example-cpu"
# What the drawings of the example were made with; another version may draw a hair otherwise.
DRAWN_WITH = "3.11."


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of the example, and the report that is made of them now."""
    directory = tmp_path_factory.mktemp("example") / "run"
    (directory / "cells").mkdir(parents=True)
    shutil.copy(EXAMPLE / "run.json", directory)
    for record in (EXAMPLE / "cells").iterdir():
        shutil.copy(record, directory / "cells")
    assert main(["report", str(directory)]) == 0
    return directory


def files(directory: Path) -> set[str]:
    return {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    }


def test_the_report_has_the_same_files(again: Path) -> None:
    """Every format and plot is there, and nothing that is of one machine alone."""
    assert files(again) == files(EXAMPLE)
    assert {"report.html", "report.md", "results.csv", "plots/cells.png"} <= files(EXAMPLE)


@pytest.mark.parametrize("name", ["report.md", "junit.xml"])
def test_a_document_is_the_same_again(again: Path, name: str) -> None:
    """Byte for byte, in another folder and on another machine."""
    assert (again / name).read_bytes() == (EXAMPLE / name).read_bytes()


def test_the_page_and_its_plots_are_the_same_again(again: Path) -> None:
    """Byte for byte, as far as they are drawn by the same version of matplotlib."""
    drawn = {name for name in files(EXAMPLE) if name.startswith("plots/")} | {"report.html"}
    for name in sorted(drawn):
        one, other = (directory / name for directory in (again, EXAMPLE))
        if mpl.__version__.startswith(DRAWN_WITH):
            assert one.read_bytes() == other.read_bytes(), name
        assert one.stat().st_size == pytest.approx(other.stat().st_size, rel=0.2)


def numbers(value: object) -> object:
    """A value in which numbers are equal to others that differ by rounding in their last digits."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-9, abs=1e-12)
    return value


def test_the_data_are_the_same_again(again: Path) -> None:
    """Unrounded, so but for the last digits, which depend on the processor."""
    one, other = (json.loads((path / "report.json").read_text()) for path in (again, EXAMPLE))
    assert one == numbers(other)

    for name in ("results.csv", "comparison.csv"):
        tables = [
            list(csv.reader((path / name).read_text().splitlines())) for path in (again, EXAMPLE)
        ]
        assert [len(row) for row in tables[0]] == [len(row) for row in tables[1]]
        for here, there in zip(*tables, strict=True):
            assert [as_number(text) for text in here] == [
                numbers(as_number(text)) for text in there
            ]


def as_number(text: str) -> object:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def test_the_example_is_a_sound_run() -> None:
    """All of it was measured on a quiet machine, from a commit without other changes."""
    report = json.loads((EXAMPLE / "report.json").read_text())
    (run,) = report["runs"]

    assert set(run["glance"]["states"].values()) == {"ok"}
    assert run["header"]["environment"]["dirty"] is False
    assert len(run["launches"]) == 8
    for name in files(EXAMPLE):
        if not name.endswith(".png"):
            text = (EXAMPLE / name).read_text(encoding="utf-8")
            assert not re.search(r"/(home|root|tmp)/", text), name
