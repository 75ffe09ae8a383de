"""suite.store.references: a reference CSV is read strictly, and every fault names its place."""

from dataclasses import replace
from pathlib import Path

import pytest

from suite.analysis.bands import Band
from suite.model.cell import Mode, Precision
from suite.model.errors import InputError
from suite.model.reference import Metric, ReferenceRow
from suite.store.references import (
    REFERENCE_DIRECTORY,
    portable_reference,
    published_reference,
    read_bands,
    read_reference,
    read_system,
    recorded_reference,
    reference_path,
    write_bands,
)

HEADER = (
    "system,gpu,gpu_memory_gb,mode,precision,xla,gpus,batch_size,throughput_img_s,latency_avg_ms,"
    "latency_p90_ms,latency_p95_ms,latency_p99_ms,note\n"
)
FIRST = "mine,L4,24,inference,amp,true,1,8,802.13,9.98,10.14,10.22,10.36,\n"
SECOND = 'mine,L4,24,training,fp32,false,1,128,412,,,,,"read off a plot, roughly"\n'


def write(directory: Path, text: str) -> Path:
    """A reference file with this text."""
    path = directory / "mine.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_users_own_table_is_read(tmp_path: Path) -> None:
    """A file in the published form gives one row per line, with None where a number is absent."""
    table = read_reference(write(tmp_path, "\ufeff" + HEADER + FIRST + "\n" + SECOND))

    assert table.name == "mine"
    assert table.rows == (
        ReferenceRow(
            system="mine",
            gpu="L4",
            gpu_memory_gb=24,
            mode=Mode.INFERENCE,
            precision=Precision.AMP,
            xla=True,
            gpus=1,
            batch_size=8,
            throughput_img_s=802.13,
            latency_avg_ms=9.98,
            latency_p90_ms=10.14,
            latency_p95_ms=10.22,
            latency_p99_ms=10.36,
        ),
        ReferenceRow(
            system="mine",
            gpu="L4",
            gpu_memory_gb=24,
            mode=Mode.TRAINING,
            precision=Precision.FP32,
            xla=False,
            gpus=1,
            batch_size=128,
            throughput_img_s=412.0,
            latency_avg_ms=None,
            latency_p90_ms=None,
            latency_p95_ms=None,
            latency_p99_ms=None,
            note="read off a plot, roughly",
        ),
    )


def test_columns_beyond_ours_are_kept_as_they_are(tmp_path: Path) -> None:
    """A column that is not of the form stays with its row as text, wherever it stands and empty."""
    header = HEADER.replace("mode,", "mode,driver,").replace("note", "note,=extra")
    row = FIRST.replace("inference,", "inference,0535.10,").replace("\n", ",\n")

    (read,) = read_reference(write(tmp_path, header + row)).rows

    assert read.extra == {"driver": "0535.10", "=extra": ""}
    (plain,) = read_reference(write(tmp_path, HEADER + FIRST)).rows
    assert replace(read, extra={}) == plain


FIELDS = (
    "fields where the header has 14; an empty value still needs its comma, and a comma inside a"
    " text needs quotes around it"
)
NUMBER = "is not a number from 1e-06 to 1000000000; write it like 1234.5"
COUNT = "is not a whole number from 1 to 999999999; write it like 128"
BAD_TEXTS = {
    "empty": ("", f": is empty; the first line names the columns: {HEADER.strip()}"),
    "no rows": (HEADER, ": has column titles but no row; add a row"),
    "missing column": (
        HEADER.replace("latency_p90_ms,", "") + FIRST,
        ":1: missing column latency_p90_ms; add it",
    ),
    "misspelt column": (
        HEADER.replace("batch_size", "batchsize") + FIRST,
        ":1: missing column batch_size (misspelt as 'batchsize'?); rename or add it",
    ),
    "column in other case": (
        HEADER.replace("note", " NOTE") + FIRST,
        ":1: missing column note (misspelt as ' NOTE'?); rename or add it",
    ),
    "missing columns beside one of the user's own": (
        HEADER.replace("gpu_memory_gb", "driver").replace("xla", "xia") + FIRST,
        ":1: missing column gpu_memory_gb, xla (misspelt as 'xia'?); rename or add it",
    ),
    "column without a title": (
        HEADER.replace("\n", ",\n") + FIRST.replace("\n", ",\n"),
        ":1: column 15 has no title; name or remove it",
    ),
    "a user's own column twice": (
        HEADER.replace("\n", ",driver,driver\n") + FIRST.replace("\n", ",1,2\n"),
        ":1: column 'driver' is there twice; remove one",
    ),
    "semicolons": (
        (HEADER + FIRST).replace(",", ";"),
        ":1: looks separated by semicolons; put commas between columns, a point before decimals",
    ),
    "tabs": (
        (HEADER + FIRST).replace(",", "\t"),
        ":1: looks separated by tabs; put commas between columns, a point before decimals",
    ),
    "doubled column": (
        HEADER.replace("note", "gpu") + FIRST,
        ":1: column 'gpu' is there twice; remove one",
    ),
    "too few fields": (
        HEADER + FIRST + SECOND.replace(",,,,", ",,"),
        f":3: 12 {FIELDS}",
    ),
    "too many fields": (
        HEADER + FIRST.replace("802.13", "1,802.13"),
        f":2: 15 {FIELDS}",
    ),
    "not a number": (
        HEADER + FIRST.replace("10.22", "fast"),
        f":2: latency_p95_ms: 'fast' {NUMBER}",
    ),
    "infinite by overflow": (
        HEADER + FIRST.replace("802.13", "1e999"),
        f":2: throughput_img_s: '1e999' {NUMBER}",
    ),
    "no throughput": (
        HEADER + FIRST.replace("802.13", ""),
        f":2: throughput_img_s: '' {NUMBER}",
    ),
    "mode": (
        HEADER + FIRST.replace("inference", "infer"),
        ":2: mode: 'infer' is not one of inference, training; write one of them",
    ),
    "precision": (
        HEADER + FIRST.replace("amp", "fp16"),
        ":2: precision: 'fp16' is not one of fp32, tf32, amp; write one of them",
    ),
    "xla": (
        HEADER + FIRST.replace("true", "True"),
        ":2: xla: 'True' is neither true nor false; write one of them",
    ),
    "batch size": (
        HEADER + FIRST.replace(",1,8,", ",1,8.0,"),
        f":2: batch_size: '8.0' {COUNT}",
    ),
    "no GPU": (
        HEADER + FIRST.replace(",1,8,", ",0,8,"),
        f":2: gpus: '0' {COUNT}",
    ),
    "no system": (HEADER + FIRST.replace("mine", ""), ":2: system: is empty; fill it in"),
    "duplicate after a blank line and a note of two lines": (
        HEADER + "\n" + FIRST.replace(",\n", ',"two\nlines"\n') + FIRST.replace("802", "803"),
        ":5: the same cell as line 3 (inference, amp, xla true, gpus 1, batch size 8); remove one",
    ),
    "two systems": (
        HEADER + FIRST + SECOND.replace("mine", "other"),
        ":3: system 'other' in a table of 'mine'; keep each system in a file of its own",
    ),
    "unclosed quote": (
        HEADER + FIRST + SECOND.replace('roughly"', "roughly"),
        ":3: is not CSV (unexpected end of data); check the quotes",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_a_bad_table_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """Each fault of a table is one line with the file, the line, the fault and the remedy."""
    path = write(tmp_path, text)

    with pytest.raises(InputError) as caught:
        read_reference(path)

    assert str(caught.value) == f"{path}{message}"


@pytest.mark.parametrize(
    "number", ["nan", "inf", "-inf", "0", "0.00", "-802.13", "8_0", "1,5", "1e-320", "1e308"]
)
def test_a_throughput_is_a_positive_finite_number(tmp_path: Path, number: str) -> None:
    """What Python or a spreadsheet would take for a number is refused unless it is one here."""
    path = write(tmp_path, HEADER + FIRST.replace("802.13", f'"{number}"'))

    with pytest.raises(InputError) as caught:
        read_reference(path)

    assert str(caught.value) == f"{path}:2: throughput_img_s: '{number}' {NUMBER}"


def test_a_missing_file_a_directory_and_foreign_bytes_are_refused(tmp_path: Path) -> None:
    """A path that cannot be a table says so and names an example."""
    undecodable = tmp_path / "latin.csv"
    undecodable.write_bytes(HEADER.encode() + b"mine,L4\xff,24")
    for path, problem in [
        (tmp_path / "absent.csv", "no such file; give the path of a reference table"),
        (tmp_path, "is a directory; give the path of a reference table"),
        (undecodable, "not UTF-8 text"),
    ]:
        with pytest.raises(InputError) as caught:
            read_reference(path)

        assert str(caught.value).startswith(f"{path}: {problem}")


BANDS_HEADER = "metric,gpus,xla,batch_size_from,batch_size_to,tolerance,pairs,note\n"
BAND = Band(
    metric=Metric.LATENCY_P90,
    gpus=8,
    xla=True,
    batch_size_from=16,
    batch_size_to=None,
    tolerance=0.26,
    pairs=3,
    note="my own, measured",
)


def test_bands_come_back_as_they_were_written(tmp_path: Path) -> None:
    """A band that is written is read again as the same band."""
    bands = (BAND, replace(BAND, batch_size_from=1, batch_size_to=15, note=""))
    write_bands(tmp_path / "bands.csv", bands)

    assert read_bands(tmp_path / "bands.csv") == bands


def test_overlapping_bands_are_found_whatever_lies_between_them(tmp_path: Path) -> None:
    """A wide band that comes last is held against all that it covers."""
    rows = [f"latency_p90_ms,1,true,{size},{size},0.26,3,\n" for size in range(1, 400, 2)]
    rows += ["latency_p90_ms,2,true,1,400,0.26,3,\n"]
    path = write(tmp_path, BANDS_HEADER + "".join(rows))
    assert len(read_bands(path)) == 201

    path = write(tmp_path, BANDS_HEADER + "".join([*rows, "latency_p90_ms,1,true,300,,0.2,3,\n"]))
    with pytest.raises(InputError, match=":203: holds for a cell of the band on line 152;"):
        read_bands(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "latency_p90_ms,1,true,16,8,0.26,3,\n",
            ":2: batch_size_to 8 is below batch_size_from 16; swap them",
        ),
        (
            "latency_p90_ms,1,true,16,,0.26,3,\nlatency_p90_ms,1,true,1,16,0.2,3,\n",
            ":3: holds for a cell of the band on line 2; make their batch sizes disjoint",
        ),
        (
            "latency_p90_ms,1,true,16,,-0.26,3,\n",
            f":2: tolerance: '-0.26' {NUMBER}",
        ),
    ],
)
def test_bad_bands_are_refused_with_their_place(tmp_path: Path, rows: str, message: str) -> None:
    """Bands that contradict themselves or each other are one line with the place and remedy."""
    path = write(tmp_path, BANDS_HEADER + rows)

    with pytest.raises(InputError) as caught:
        read_bands(path)

    assert str(caught.value) == f"{path}{message}"


def test_tolerance_bands_take_no_column_but_their_own(tmp_path: Path) -> None:
    """Whatever is nowhere shown is refused, so that no limit is thought to hold that does not."""
    header = BANDS_HEADER.replace("note", "note,tolerence")
    path = write(tmp_path, header + "latency_p90_ms,1,true,16,,0.26,3,,0.5\n")

    with pytest.raises(InputError) as caught:
        read_bands(path)

    assert str(caught.value) == f"{path}:1: unknown column 'tolerence'; did you mean 'tolerance'?"


def test_a_published_system_has_what_the_page_derives_for_it() -> None:
    """Accuracies, speedups and hours of this system, and of no other."""
    published = read_system(REFERENCE_DIRECTORY / "dgx1.csv")
    systems = [
        *(row.system for row in published.accuracy),
        *(row.system for row in published.scaling),
        *(row.system for row in published.times),
    ]

    assert set(systems) == {"dgx1"}
    assert [row.epochs for row in published.accuracy] == [90, 90, 250, 250]
    assert [row.gpus for row in published.scaling] == [1, 8]
    assert [row.gpus for row in published.times] == [1, 1, 8, 8]
    assert not read_system(REFERENCE_DIRECTORY / "t4.csv").scaling


def test_a_users_own_system_has_what_follows_from_its_rows(tmp_path: Path) -> None:
    """Also under the name of a published one: its own rows count."""
    path = tmp_path / "dgx1.csv"
    path.write_text(HEADER + SECOND)
    own = read_system(path)

    assert own.accuracy == ()
    assert [(row.system, row.gpus) for row in own.scaling] == [("mine", 1)]
    assert [(row.precision, row.gpus) for row in own.times] == [(Precision.FP32, 1)]


def test_a_table_is_given_by_its_name_or_by_its_path(tmp_path: Path) -> None:
    """A word that is neither is taken for a misspelt name."""
    without_ending = tmp_path / "table"
    without_ending.write_text("")

    assert reference_path("t4") == REFERENCE_DIRECTORY / "t4.csv"
    assert published_reference("t4") == read_reference(REFERENCE_DIRECTORY / "t4.csv")
    assert reference_path("absent.csv") == Path("absent.csv")
    assert reference_path(str(without_ending)) == without_ending
    with pytest.raises(InputError, match="dgx3: no such table and no such file; did you"):
        reference_path("dgx3")


def test_a_run_records_a_published_table_by_its_name(tmp_path: Path) -> None:
    """So that its report is the same in another checkout; a file of one's own keeps its path."""
    mine = tmp_path / "t4.csv"
    mine.write_text("")
    published = REFERENCE_DIRECTORY / "t4.csv"

    assert portable_reference(str(published)) == "t4"
    assert portable_reference(str(published.parent / "x" / ".." / "t4.csv")) == "t4"
    assert portable_reference(str(REFERENCE_DIRECTORY / "bands.csv")) == str(
        REFERENCE_DIRECTORY / "bands.csv"
    )
    assert portable_reference(str(mine)) == str(mine)
    assert portable_reference(None) is None
    assert recorded_reference("t4") == published
    # As earlier versions recorded it.
    assert recorded_reference(str(published)) == published
    assert recorded_reference(str(mine)) == mine
