"""suite.store.import_published: the committed CSVs are the page's numbers, and nothing else."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from suite.model.cell import Mode
from suite.model.errors import InputError
from suite.store.import_published import import_page, transcribe
from suite.store.references import REFERENCE_DIRECTORY, read_reference

# The headings, column titles and rows of the published page, without its prose.
PAGE = Path(__file__).parents[1] / "data" / "published_page.txt"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_committed_tables_are_what_the_page_gives(tmp_path: Path) -> None:
    """Importing the page reproduces every committed CSV byte for byte, so nobody edits numbers."""
    written = import_page(PAGE, tmp_path)

    imported = {path.name: path.read_text(encoding="utf-8") for path in written}
    committed = {
        name: (REFERENCE_DIRECTORY / name).read_text(encoding="utf-8") for name in imported
    }
    assert imported == committed
    assert sorted(path.stem for path in REFERENCE_DIRECTORY.glob("*.csv")) == sorted(
        [*(name.removesuffix(".csv") for name in imported), "bands"]
    )


def test_every_row_of_the_page_is_there() -> None:
    """13 inference tables of 9 batch sizes and 12 training throughputs, each under its system."""
    counts = Counter(
        (name, row.mode)
        for name in ("dgxa100", "dgx1", "dgx2", "t4")
        for row in read_reference(REFERENCE_DIRECTORY / f"{name}.csv").rows
    )

    assert counts == {
        ("dgxa100", Mode.TRAINING): 4,
        ("dgx1", Mode.TRAINING): 4,
        ("dgx2", Mode.TRAINING): 4,
        ("dgxa100", Mode.INFERENCE): 36,
        ("dgx1", Mode.INFERENCE): 27,
        ("dgx2", Mode.INFERENCE): 27,
        ("t4", Mode.INFERENCE): 27,
    }


def test_every_number_of_the_page_is_in_a_table() -> None:
    """Each row of inference is found whole and in its order, and no number is found too seldom."""
    rows = [line for line in TEXT.splitlines() if re.match(r"\d+ ", line)]
    numbers = [
        [number.replace(",", ".") for number in re.findall(r"(?<![A-Z0-9.,])\d+(?:[.,]\d+)?", row)]
        for row in rows
    ]
    tables = "\n".join(
        path.read_text(encoding="utf-8")
        for path in REFERENCE_DIRECTORY.glob("*.csv")
        if path.stem != "bands"
    )
    in_tables = Counter(re.split(r"[,\n]", tables))
    on_page = Counter(number for row in numbers for number in row)
    whole = [row for row, line in zip(numbers, rows, strict=True) if "ms" in line]

    assert (len(rows), len(whole)) == (117 + 6 + 6 + 3, 117)
    assert [row for row in whole if tables.count(f",1,{','.join(row)},") != 1] == []
    assert [number for number, count in on_page.items() if in_tables[number] < count] == []


def test_a_slip_of_the_page_is_told_beside_the_number_meant() -> None:
    """The page's one decimal comma is read as a point, and the row's note says what was printed."""
    noted = [row for row in read_reference(REFERENCE_DIRECTORY / "t4.csv").rows if row.note]

    assert [(row.batch_size, row.latency_p95_ms, row.note) for row in noted] == [
        (16, 17.89, "the page prints 95% Latency as '17,89 ms'")
    ]


def line_of(text: str, occurrence: int = 1) -> int:
    """The number of the line on which this text stands for the n-th time."""
    lines = [number for number, line in enumerate(TEXT.split("\n"), start=1) if text in line]
    return lines[occurrence - 1]


REMEDY = "make the text as published and import again"
LAST_T4 = "256 1193.74 img/s 214.46 ms 216.28 ms 216.86 ms 217.80 ms"
A100_TIME = "8 ~2h ~5h"
A100 = "Inference performance: NVIDIA DGX A100 (1x A100 40GB)"
T4_AMP_XLA = (
    "Inference performance: NVIDIA T4 (1x T4 16G) / Mixed Precision Inference Latency + XLA"
)
T4_FP32 = "Inference performance: NVIDIA T4 (1x T4 16G) / FP32 Inference Latency"
INFERENCE_COLUMNS = "Batch Size Avg throughput Avg latency 90% Latency 95% Latency 99% Latency"
BAD_PAGES: dict[str, tuple[Callable[[str], str], int, str]] = {
    "table cut short at the end of the text": (
        lambda text: text.replace(LAST_T4, "").rstrip(),
        line_of("128 1167.62"),
        f"'{T4_AMP_XLA}' is cut short: row '256' is missing",
    ),
    "table cut short in the middle of the text": (
        lambda text: text.replace(f"{A100_TIME}\n", "", 1),
        line_of("1 ~18h"),
        "'Training time: NVIDIA DGX A100 (8x A100 40GB)' is cut short: row '8' is missing",
    ),
    "row cut short": (
        lambda text: text.replace("216.86 ms 217.80 ms", "216.86"),
        line_of("256 1193.74"),
        "95% Latency is '216.86' where a number with 'ms' is expected",
    ),
    "page cut short": (
        lambda text: text[: text.index("Inference performance: NVIDIA T4")],
        line_of("Inference performance: NVIDIA T4"),
        f"the text ends without table '{T4_FP32}'",
    ),
    "changed column titles": (
        lambda text: text.replace("90% Latency", "P90 Latency", 1),
        line_of("90% Latency"),
        (
            "'Batch Size Avg throughput Avg latency P90 Latency 95% Latency 99% Latency' where the"
            f" column titles are '{INFERENCE_COLUMNS}'"
        ),
    ),
    "no column titles": (
        lambda text: text.replace(f"{INFERENCE_COLUMNS}\n", "", 1),
        line_of("TF32 Inference Latency"),
        f"'' where the column titles are '{INFERENCE_COLUMNS}'",
    ),
    "missing unit": (
        lambda text: text.replace("41.70 ms", "41.70"),
        line_of("41.70 ms"),
        "Avg latency is '41.70 52.19' where a number with 'ms' is expected",
    ),
    "missing unit of throughput": (
        lambda text: text.replace("909 img/s", "909"),
        line_of("909 img/s"),
        "Throughput - TF32 + XLA is '909 2375' where a number with 'img/s' is expected",
    ),
    "row twice": (
        lambda text: text.replace(LAST_T4, f"{LAST_T4}\n{LAST_T4}"),
        line_of(LAST_T4) + 1,
        f"row '256' again, first on line {line_of(LAST_T4)}",
    ),
    "row missing": (
        lambda text: text.replace("4 289.29 img/s 13.83 ms 14.08 ms 14.16 ms 14.40 ms\n", ""),
        line_of("4 289.29"),
        "row '8' where row '4' is due",
    ),
    "row too many": (
        lambda text: text.replace(LAST_T4, f"{LAST_T4}\n512{LAST_T4[3:]}"),
        line_of(LAST_T4) + 1,
        "row '512' after the last row",
    ),
    "value too many": (
        lambda text: text.replace(LAST_T4, f"{LAST_T4} 218 ms"),
        line_of(LAST_T4),
        "'218 ms' after the last column",
    ),
    "row after its table": (
        lambda text: text.replace(LAST_T4, f"{LAST_T4}\n\nAlso:\n{LAST_T4}"),
        line_of(LAST_T4) + 3,
        f"a row outside the tables: '{T4_AMP_XLA}' was over before it",
    ),
    "subtitle lost": (
        lambda text: text.replace("TF32 Inference Latency\n", ""),
        line_of("TF32 Inference Latency") + 1,
        f"a row outside the tables: '{A100}' has no table of its own",
    ),
    "table twice": (
        lambda text: text + text[text.rindex("Mixed Precision Inference Latency + XLA") :],
        TEXT.count("\n") + 1,
        f"the same title as line {line_of('Mixed Precision Inference Latency + XLA', 4)}",
    ),
    "unknown precision": (
        lambda text: text.replace("\nTF32 Inference Latency\n", "\nINT8 Inference Latency\n"),
        line_of("TF32 Inference Latency"),
        f"unknown table 'INT8 Inference Latency' under '{A100}'",
    ),
}


@pytest.mark.parametrize(("spoil", "line", "problem"), BAD_PAGES.values(), ids=BAD_PAGES.keys())
def test_a_page_that_is_not_as_published_writes_nothing(
    tmp_path: Path, spoil: Callable[[str], str], line: int, problem: str
) -> None:
    """Each departure is one line with the place and the reason, and no file is written."""
    path = tmp_path / "page.txt"
    path.write_text(spoil(TEXT), encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()

    with pytest.raises(InputError) as caught:
        import_page(path, out)

    assert str(caught.value) == f"{path}:{line}: {problem}; {REMEDY}"
    assert list(out.iterdir()) == []


def test_an_unknown_system_is_named_beside_the_known_ones() -> None:
    """A system that is not of the page is refused, and the message lists those that are."""
    text = TEXT.replace("Inference performance: NVIDIA T4 (1x T4 16G)", "Inference performance: L4")

    with pytest.raises(InputError) as caught:
        transcribe(Path("page.txt"), text)

    assert str(caught.value) == (
        f"page.txt:{line_of('Inference performance: NVIDIA T4')}: unknown table 'Inference"
        " performance: L4', known: Inference performance: NVIDIA DGX A100 (1x A100 40GB) |"
        " Inference performance: NVIDIA DGX-1 (1x V100 16G) | Inference performance: NVIDIA DGX-2"
        f" (1x V100 32G) | Inference performance: NVIDIA T4 (1x T4 16G); {REMEDY}"
    )


def test_text_around_the_tables_changes_nothing() -> None:
    """What the page says before, between and after them is not read, blank lines included."""
    prose = TEXT.replace("\nTraining time: ", "\nHow long it takes, in hours.\n\nTraining time: ")

    assert transcribe(PAGE, f"ResNet\n\nFor TensorFlow\n{prose}\nNotes\n") == transcribe(PAGE, TEXT)
