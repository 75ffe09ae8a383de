"""suite.store.saved_results: results.csv read back."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_run

from suite.analysis.assemble import assemble
from suite.formats.results_csv import results_csv
from suite.model.errors import InputError
from suite.model.launch import Caution, CautionKind, Status
from suite.model.report import Report
from suite.store.saved_results import is_results_table, read_results

STEPS = tuple(0.1 + step % 7 * 0.01 for step in range(80))
ROOT = Path(__file__).parents[2]


def measured() -> Report:
    """A run of a doubted cell, of one that ran out of memory and of one that is not finished."""
    doubted = make_launch(
        step_seconds=STEPS,
        cautions=(Caution(CautionKind.QUICK, "why"), Caution(CautionKind.STOLEN, "why")),
    )
    failed = make_launch(
        cell=make_cell(batch_size=16, gpu="t4", xla=True),
        status=Status.OUT_OF_MEMORY,
        reason="=none, left",
    )
    started = make_launch(cell=make_cell(batch_size=1), step_seconds=STEPS)
    started = replace(started, protocol=replace(started.protocol, launches=2))
    return assemble([make_run(doubted, failed, started)])


def saved(folder: Path, text: str | None = None) -> Path:
    """Its results.csv, or this text in its place."""
    path = folder / "results.csv"
    path.write_text(results_csv(measured()) if text is None else text)
    return path


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Every number exactly, with cell, status, launches and the kinds of cautions."""
    read = read_results(saved(tmp_path))
    (run,) = measured().runs

    assert (read.matrix, read.device, read.started_at) == (
        run.header.matrix,
        run.header.device,
        run.header.started_at,
    )
    assert len(read.results) == 3
    for one, other in zip(read.results, run.results, strict=True):
        assert one.cell == other.cell
        assert one.summary == other.summary
        assert (one.status, one.ok_launches) == (other.status, other.ok_launches)
        assert (one.is_whole, one.planned_launches) == (other.is_whole, other.planned_launches)
        assert [each.kind for each in one.cautions] == [each.kind for each in other.cautions]
    assert read.results[1].reason == "'=none, left"


def test_a_results_table_is_told_from_a_reference(tmp_path: Path) -> None:
    """By its columns, whatever the file is called."""
    assert is_results_table(saved(tmp_path))
    assert is_results_table(saved(tmp_path, "\ufeff" + results_csv(measured())))
    assert not is_results_table(ROOT / "reference" / "t4.csv")
    assert not is_results_table(saved(tmp_path, ""))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",8,1,synthetic", ",9,1,synthetic", "results.csv:2: cell: inference-fp32-bs8-1gpu is not"),
        (",8,1,synthetic", ",0,1,synthetic", "results.csv:2: batch_size: '0'"),
        (",fp32,", ",fp64,", "results.csv:2: precision: 'fp64'"),
        (",ok,", ",fine,", "results.csv:2: status: 'fine'"),
        ("quick stolen", "quick stollen", "'stollen'"),
        ("0.13,", "nan,", "results.csv:2: p50_seconds: nan is no positive number"),
        ("0.13,", "-0.13,", "p50_seconds: -0.13 is no positive number"),
        ("0.13,", "0,", "p50_seconds: 0 is no positive number"),
        ("0.13,", "inf,", "p50_seconds: inf is no positive number"),
        ("0.13,", "0.13 s,", "p50_seconds: '0.13 s'"),
        (",80,", ",,", "results.csv:2: count: is missing"),
        (",inference,fp32,", ",,fp32,", "results.csv:2: mode: is missing"),
        ("0,mine", '0,"mine', "results.csv:"),
    ],
)
def test_a_damaged_table_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    """One line: file, line, column, and what to do."""
    text = results_csv(measured())
    assert old in text
    with pytest.raises(InputError) as caught:
        read_results(saved(tmp_path, text.replace(old, new, 1)))

    assert words in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_table_of_several_runs_is_refused(tmp_path: Path) -> None:
    """Which of them is meant, nobody knows; nor which of two rows of one cell."""
    head, first, second, *_ = results_csv(measured()).splitlines()
    with pytest.raises(InputError, match="results.csv:3: a second run; keep the rows of one"):
        read_results(saved(tmp_path, "\n".join([head, first, second.replace("Tesla T4", "L4")])))
    with pytest.raises(InputError, match="results.csv:3: inference-fp32-bs8-1gpu a second time"):
        read_results(saved(tmp_path, "\n".join([head, first, first])))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cell,status,images_per_second,p50_seconds\n", "has no row; write the table again"),
        (
            "cell,status,images_per_second,p50_seconds\na,ok,1,1\n",
            "results.csv:2: matrix: is missing",
        ),
        ("cell,status,images_per_second,p50_seconds\na,ok,1,1,2\n", "2: more fields than the head"),
    ],
)
def test_a_table_without_results_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Whatever is missing is named."""
    with pytest.raises(InputError) as caught:
        read_results(saved(tmp_path, text))

    assert words in str(caught.value)
