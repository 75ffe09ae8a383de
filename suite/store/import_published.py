"""The published page as text -> the CSV files under `reference/`; no number is typed by hand."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from suite.analysis.scaling import PUBLISHED_EPOCHS
from suite.model import page
from suite.model.cell import Mode, Precision
from suite.model.reference import AccuracyRow, ReferenceRow, ScalingRow, TimeToTrainRow
from suite.model.systems import SYSTEMS, System
from suite.store.csv_rows import csv_text
from suite.store.page_tables import Column, PageTable, read_tables
from suite.store.text import read_text, write_text

HEADING = re.compile(r"(Training (accuracy|performance|time)|Inference performance): .*")
SUBTITLE = re.compile(r".* Inference Latency( \+ XLA)?")

# Forms of values (group 1 is kept) and the same in words.
COUNT = r"([1-9]\d*)", "a whole number"
RATE = r"(\d+(?:\.\d+)?) img/s", "a number with 'img/s'"
# One value of the page has a decimal comma; exactly two digits keep it from being thousands.
LATENCY = r"(\d+(?:\.\d+|,\d\d)?) ms", "a number with 'ms'"
FACTOR = r"(\d+\.\d+)x", "a number with 'x'"
HOURS = r"(~\d+(?:\.\d+)?h)", "a number between '~' and 'h'"
PERCENT = r"(\d+\.\d+)", "a number with decimals"
BATCH_SIZES = (
    r"([1-9]\d*(?: \(FP32\) / [1-9]\d* \(AMP\))?)",
    "a whole number, or one (FP32) / one (AMP),",
)

INFERENCE_BATCH_SIZES = tuple(str(2**power) for power in range(9))
ACCURACY_EPOCHS = {"dgxa100": ("90",), "dgx1": ("90", "250")}

# A line of a CSV file: the stem of the file's name, and the text of each column.
Line = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """A table of the page, and how the values of one of its rows become lines of CSV files."""

    table: PageTable
    lines: Callable[[Sequence[str]], Iterator[Line]]


def import_page(path: Path, directory: Path) -> list[Path]:
    """Write the CSV files of the published page into a directory; returns what was written.

    Raises:
        InputError: the page's text is not as published (file, line and reason), and nothing was
            written; or a file cannot be written.
    """
    texts = transcribe(path, read_text(path, "the text of the published page"))
    for name, text in texts.items():
        write_text(directory / name, text)
    return [directory / name for name in texts]


def transcribe(path: Path, text: str) -> dict[str, str]:
    """The text of each CSV file, by file name, from the page's text.

    Numbers are kept digit for digit, except that a decimal comma becomes a point, with a note.

    Raises:
        InputError: the page's text is not as published.
    """
    sources = [source for system in SYSTEMS for source in _sources(system)]
    tables = [source.table for source in sources]
    read = read_tables(path, text, tables, heading=HEADING, subtitle=SUBTITLE)
    files: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for source, rows in zip(sources, read, strict=True):
        for row in rows:
            for name, line in source.lines(row):
                files[name].append(line)
    side_tables: dict[str, type[Any]] = {
        "accuracy": AccuracyRow,
        "scaling": ScalingRow,
        "time_to_train": TimeToTrainRow,
    }
    return {
        f"{name}.csv": csv_text(side_tables.get(name, ReferenceRow), lines)
        for name, lines in files.items()
    }


def _sources(system: System) -> Iterator[Source]:
    """Every table of a system on the page."""
    base = Precision.TF32 if system.gpu == "A100" else Precision.FP32
    gpus = ("1", str(system.gpus))
    if system.key in ACCURACY_EPOCHS:
        table = PageTable(
            heading=f"Training accuracy: {system.title}",
            columns=_columns(page.accuracy_titles(base), (COUNT, BATCH_SIZES, PERCENT, PERCENT)),
            labels=ACCURACY_EPOCHS[system.key],
        )
        yield Source(table, partial(_accuracy_lines, system, base))
    if system.gpus > 1:
        forms = (COUNT, BATCH_SIZES, RATE, RATE, FACTOR, FACTOR, FACTOR)
        table = PageTable(
            heading=f"Training performance: {system.title}",
            columns=_columns(page.training_titles(base, xla=True), forms),
            labels=gpus,
        )
        yield Source(table, partial(_training_lines, system, base))
        table = PageTable(
            heading=f"Training time: {system.title}",
            columns=_columns(page.time_titles(base, xla=True), (COUNT, HOURS, HOURS)),
            labels=gpus,
        )
        yield Source(table, partial(_time_lines, system, base))
    for precision, xla in (
        (base, False),
        (base, True),
        (Precision.AMP, False),
        (Precision.AMP, True),
    ):
        if (precision, xla) == (Precision.FP32, True):
            continue  # published for the A100 alone, and there in TF32
        table = PageTable(
            heading=f"Inference performance: {system.one_gpu_title}",
            subtitle=page.inference_subtitle(precision, xla=xla),
            columns=_columns(page.INFERENCE_TITLES, (COUNT, RATE, *(4 * [LATENCY]))),
            labels=INFERENCE_BATCH_SIZES,
        )
        yield Source(table, partial(_inference_lines, system, precision, xla=xla))


def _columns(titles: Sequence[str], forms: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    return tuple(Column(title, *form) for title, form in zip(titles, forms, strict=True))


def _accuracy_lines(system: System, base: Precision, row: Sequence[str]) -> Iterator[Line]:
    epochs, sizes, *percents = row
    for precision, size, percent in zip(
        (base, Precision.AMP), _sizes(sizes), percents, strict=True
    ):
        yield (
            "accuracy",
            {
                "system": system.key,
                "epochs": epochs,
                "precision": precision.value,
                "gpus": str(system.gpus),
                "batch_size": size,
                "top1_percent": percent,
            },
        )


def _training_lines(system: System, base: Precision, row: Sequence[str]) -> Iterator[Line]:
    gpus, sizes, *rates, speedup, weak_scaling_base, weak_scaling_amp = row
    size_base, size_amp = _sizes(sizes)
    for precision, size, rate in zip(
        (base, Precision.AMP), (size_base, size_amp), rates, strict=True
    ):
        yield (
            system.key,
            {
                **_conditions(system, Mode.TRAINING, precision, xla=True),
                "gpus": gpus,
                "batch_size": size,
                "throughput_img_s": rate,
            },
        )
    yield (
        "scaling",
        {
            "system": system.key,
            "gpus": gpus,
            "xla": "true",
            "base_precision": base.value,
            "batch_size_base": size_base,
            "batch_size_amp": size_amp,
            "throughput_speedup": speedup,
            "weak_scaling_base": weak_scaling_base,
            "weak_scaling_amp": weak_scaling_amp,
        },
    )


def _time_lines(system: System, base: Precision, row: Sequence[str]) -> Iterator[Line]:
    gpus, amp, other = row
    for precision, printed in ((base, other), (Precision.AMP, amp)):
        yield (
            "time_to_train",
            {
                "system": system.key,
                "gpus": gpus,
                "precision": precision.value,
                "xla": "true",
                "epochs": str(PUBLISHED_EPOCHS),
                "hours": printed.strip("~h"),
                "note": f"printed as {printed}",
            },
        )


def _inference_lines(
    system: System, precision: Precision, row: Sequence[str], *, xla: bool
) -> Iterator[Line]:
    size, rate, *latencies = row
    slips = [
        f"the page prints {title} as '{printed} ms'"
        for title, printed in zip(page.INFERENCE_TITLES[2:], latencies, strict=True)
        if "," in printed
    ]
    average, p90, p95, p99 = (printed.replace(",", ".") for printed in latencies)
    yield (
        system.key,
        {
            **_conditions(system, Mode.INFERENCE, precision, xla=xla),
            "gpus": "1",
            "batch_size": size,
            "throughput_img_s": rate,
            "latency_avg_ms": average,
            "latency_p90_ms": p90,
            "latency_p95_ms": p95,
            "latency_p99_ms": p99,
            "note": "; ".join(slips),
        },
    )


def _conditions(system: System, mode: Mode, precision: Precision, *, xla: bool) -> dict[str, str]:
    return {
        "system": system.key,
        "gpu": system.gpu,
        "gpu_memory_gb": str(system.gpu_memory_gb),
        "mode": mode.value,
        "precision": precision.value,
        "xla": str(xla).lower(),
    }


def _sizes(printed: str) -> tuple[str, str]:
    """Batch sizes of the base precision and of AMP: `256`, or `128 (FP32) / 256 (AMP)`."""
    sizes = re.findall(r"\d+(?= |$)", printed)
    return sizes[0], sizes[-1]
