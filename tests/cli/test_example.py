"""The examples in reports/: real runs whose reports are made again from their records."""

import csv
import json
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import pytest

from suite.cli import main
from suite.cli.training_files import read_training

ROOT = Path(__file__).parents[2]
ON_DIGITS = ROOT / "reports" / "example-digits"
ON_CPU, ON_H100 = EXAMPLES = [ROOT / "reports" / name for name in ("example-cpu", "example-h100")]
# What the drawings of the example were made with; another version may draw a hair otherwise.
DRAWN_WITH = "3.11."


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """An example, and the report that is made of its records now, in another folder."""

    example: Path
    again: Path

    @property
    def both(self) -> tuple[Path, Path]:
        """The new one first."""
        return self.again, self.example


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.name)
def remade(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Remade:
    """Each example in turn."""
    example = request.param
    directory = tmp_path_factory.mktemp("example") / "run"
    (directory / "cells").mkdir(parents=True)
    shutil.copy(example / "run.json", directory)
    for record in (example / "cells").iterdir():
        shutil.copy(record, directory / "cells")
    assert main(["report", str(directory)]) == 0
    return Remade(example=example, again=directory)


def files(directory: Path) -> set[str]:
    return {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    }


def test_the_report_has_the_same_files(remade: Remade) -> None:
    """Every format and plot is there, and nothing that is of one machine alone."""
    assert files(remade.again) == files(remade.example)
    assert {"report.html", "report.md", "results.csv", "plots/cells.png"} <= files(remade.example)


@pytest.mark.parametrize("name", ["report.md", "junit.xml"])
def test_a_document_is_the_same_again(remade: Remade, name: str) -> None:
    """Byte for byte, in another folder and on another machine."""
    assert (remade.again / name).read_bytes() == (remade.example / name).read_bytes()


def test_the_page_and_its_plots_are_the_same_again(remade: Remade) -> None:
    """Byte for byte, as far as they are drawn by the same version of matplotlib."""
    drawn = {name for name in files(remade.example) if name.startswith("plots/")} | {"report.html"}
    for name in sorted(drawn):
        one, other = (directory / name for directory in remade.both)
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


def test_the_data_are_the_same_again(remade: Remade) -> None:
    """Unrounded, so but for the last digits, which depend on the processor."""
    one, other = (json.loads((path / "report.json").read_text()) for path in remade.both)
    assert one == numbers(other)

    for name in ("results.csv", "comparison.csv"):
        tables = [list(csv.reader((path / name).read_text().splitlines())) for path in remade.both]
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


def test_the_example_of_a_cpu_is_a_sound_run() -> None:
    """All of it was measured on a quiet machine, from a commit without other changes."""
    report = json.loads((ON_CPU / "report.json").read_text())
    (run,) = report["runs"]

    assert set(run["glance"]["states"].values()) == {"ok"}
    assert run["header"]["environment"]["dirty"] is False
    assert len(run["launches"]) == 8
    for name in files(ON_CPU):
        if not name.endswith(".png"):
            text = (ON_CPU / name).read_text(encoding="utf-8")
            assert not re.search(r"/(home|root|tmp)/", text), name


def test_the_example_of_an_h100_proves_what_it_declares() -> None:
    """Tensor cores by float16, TF32 by the bits kept, XLA by its programs; energy is plausible."""
    report = json.loads((ON_H100 / "report.json").read_text())
    (run,) = report["runs"]

    assert len(run["launches"]) == 7
    for launch in run["launches"]:
        cell, facts = launch["record"]["cell"], launch["record"]["conditions"]
        telemetry = launch["record"]["telemetry"]
        assert launch["record"]["status"] == "ok"
        assert facts["device_type"] == "GPU"
        assert facts["compute_type"] == ("float16" if cell["precision"] == "amp" else "float32")
        assert facts["float32_bits"] == 10
        assert facts["xla_clusters"] == int(cell["xla"])
        assert facts["input_staging"] == "ahead of the step"
        assert telemetry["gauges"]["gpu_power_watts"]["highest"] < 700
        assert telemetry["foreign_processes"] == []


@pytest.fixture(scope="module")
def trained_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of a training, with what is made of its records made anew."""
    directory = tmp_path_factory.mktemp("example") / "training"
    (directory / "cells").mkdir(parents=True)
    for name in ("training.json", "events.jsonl"):
        shutil.copy(ON_DIGITS / name, directory)
    for record in (ON_DIGITS / "cells").iterdir():
        shutil.copy(record, directory / "cells")
    assert main(["report", str(directory)]) == 0
    return directory


@pytest.mark.parametrize("name", ["training.md", "training.csv"])
def test_a_document_of_the_training_is_the_same_again(trained_again: Path, name: str) -> None:
    """Byte for byte, in another folder and on another machine."""
    assert (trained_again / name).read_bytes() == (ON_DIGITS / name).read_bytes()


def test_the_page_and_plots_of_the_training_are_the_same_again(trained_again: Path) -> None:
    """Byte for byte, as far as they are drawn by the same version of matplotlib."""
    for name in ("training.html", "plots/training.png", "plots/training.svg"):
        again, committed = ((folder / name).read_bytes() for folder in (trained_again, ON_DIGITS))
        if mpl.__version__.startswith(DRAWN_WITH):
            assert again == committed, name
        assert len(again) == pytest.approx(len(committed), rel=0.2)


def test_the_training_is_what_its_recipe_promises() -> None:
    """Every epoch of the recipe as it stands, from a clean checkout, to 97 % of the digits."""
    course = read_training(ON_DIGITS).course
    kept = {path.name for path in ON_DIGITS.iterdir()}

    assert course.is_finished
    assert course.header.overrides == ()
    assert course.header.environment["dirty"] is False
    assert course.last is not None
    assert course.last.accuracy is not None
    assert course.last.accuracy.images == 364
    assert course.last.accuracy.top1 >= 0.97
    assert course.seconds < 8 * 60
    assert "checkpoints" not in kept  # 205 MB each
