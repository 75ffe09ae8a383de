"""suite.cli.reference: the verb `reference`, from its arguments to what it prints and writes."""

import argparse
from pathlib import Path

import pytest

import suite.cli.reference as verb
from suite.cli.reference_parser import add_reference
from suite.model.errors import ExitCode, InputError
from suite.store.references import BANDS_PATH, REFERENCE_DIRECTORY, read_bands

OTHER_BANDS = "reference/bands.csv holds other bands, which are used"
DATA = Path(__file__).parents[1] / "data"


def reference(*arguments: str) -> ExitCode:
    """`bench.py reference ...` in this process."""
    parser = argparse.ArgumentParser()
    add_reference(parser.add_subparsers())
    return verb.run(parser.parse_args(["reference", *arguments]))


@pytest.mark.parametrize(
    ("arguments", "golden"),
    [
        (["list"], "reference_list.txt"),
        (["show", "dgx1"], "reference_show_dgx1.txt"),
        (["show", str(REFERENCE_DIRECTORY / "dgx1.csv")], "reference_show_dgx1.txt"),
        (["audit"], "reference_audit.txt"),
    ],
)
def test_the_published_tables_print_as_expected(
    capsys: pytest.CaptureFixture[str], arguments: list[str], golden: str
) -> None:
    """List, show and audit print whole known documents, within 100 columns."""
    code = reference(*arguments)
    printed = capsys.readouterr().out

    assert code is ExitCode.GOOD
    assert printed == (DATA / golden).read_text(encoding="utf-8")
    assert max(map(len, printed.splitlines())) <= 100


def test_a_users_own_file_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in the published form is shown in the page's layout under its own name."""
    lines = (REFERENCE_DIRECTORY / "t4.csv").read_text(encoding="utf-8").splitlines()[:3]
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines).replace("t4,", "shelf,"), encoding="utf-8")
    reference("show", str(path))

    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == [
        "Inference performance: shelf (1x T4 16G)",
        "",
        "FP32 Inference Latency",
    ]
    assert len(printed) == 8


def test_a_misspelt_system_is_refused_with_the_nearest() -> None:
    """A name that is neither a system nor a file says which systems there are."""
    with pytest.raises(InputError) as caught:
        reference("show", "dgxa10")

    assert str(caught.value) == ("dgxa10: no such table and no such file; did you mean 'dgxa100'?")


def test_bands_are_written_and_then_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--write-bands writes the derived bands; bands that a user changed are told apart."""
    bands = tmp_path / "bands.csv"
    monkeypatch.setattr(verb, "BANDS_PATH", bands)
    remarks = []
    for arguments in (["audit"], ["audit", "--write-bands"], ["audit"]):
        reference(*arguments)
        remarks.append(capsys.readouterr().out.splitlines()[-1])
    written = read_bands(bands)
    bands.write_text(bands.read_text(encoding="utf-8").replace(",0.31,", ",0.4,"), encoding="utf-8")
    reference("audit")
    remarks.append(capsys.readouterr().out.splitlines()[-1])

    assert remarks == [
        "reference/bands.csv is missing; --write-bands writes it with these bands.",
        f"written: {bands}",
        "reference/bands.csv holds these bands.",
        f"{OTHER_BANDS}; --write-bands replaces them with these.",
    ]
    assert written == read_bands(BANDS_PATH)


def test_import_writes_the_tables_and_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Importing the page makes seven files in the folder asked for."""
    code = reference("import", str(DATA / "published_page.txt"), "--out", str(tmp_path))

    files = sorted(path.name for path in tmp_path.iterdir())
    assert code is ExitCode.GOOD
    assert files == [
        "accuracy.csv",
        "dgx1.csv",
        "dgx2.csv",
        "dgxa100.csv",
        "scaling.csv",
        "t4.csv",
        "time_to_train.csv",
    ]
    assert sorted(capsys.readouterr().out.split()) == sorted(
        [*("written:" for _ in files), *(str(tmp_path / name) for name in files)]
    )
