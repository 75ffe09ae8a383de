"""`bench.py report`: runs rendered again from their records, with no device and no TensorFlow."""

import json
import shutil
import webbrowser
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from builders import make_cell, make_header, make_launch

from suite.cli import main
from suite.model.cell import Mode
from suite.model.launch import Status
from suite.model.run import RunHeader
from suite.store.launches import write_launch
from suite.store.runs import create_run

DATA = Path(__file__).parents[1] / "data"
REFERENCE = Path(__file__).parents[2] / "reference" / "t4.csv"
HEADER = make_header(reference=str(REFERENCE))


def record(folder: Path, seconds: float, header: RunHeader = HEADER) -> Path:
    """A run directory of one cell, which a T4 was published for, with two steps."""
    directory = create_run(folder, header)
    write_launch(directory / "cells", make_launch(step_seconds=(seconds, seconds)))
    return directory


def test_a_report_is_what_the_run_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rendering again gives the same table, and the same files to the byte."""
    monkeypatch.chdir(tmp_path)
    matrix = tmp_path / "mine.yaml"
    matrix.write_text(
        "purpose: a test\nkernel: simulated\nprotocol: {warmup_steps: 1, measured_steps: 3}\n"
        "axes: {mode: [training], precision: [fp32], xla: [off], batch_size: [1]}\n"
    )
    assert main(["run", str(matrix), "--no-fork-server"]) == 0
    printed = capsys.readouterr().out
    (directory,) = Path("reports").iterdir()
    files = [directory / name for name in ("report.md", "report.json")]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()

    assert main(["report"]) == 0
    again = capsys.readouterr().out
    assert [file.read_bytes() for file in files] == before
    table = again[again.index("mine on ") : again.index("\nwritten to")]
    assert table in printed


def test_a_run_of_an_earlier_version_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was measured once stays readable."""
    directory = tmp_path / "old"
    shutil.copytree(DATA / "run_of_version_0.1", directory)

    assert main(["report", str(directory)]) == 0
    assert "report.md, report.json" in capsys.readouterr().out
    assert json.loads((directory / "report.json").read_text())["report_version"] == 1


def test_runs_of_several_machines_are_one_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each run keeps its device, and each is set beside the reference of its matrix."""
    first = record(tmp_path / "first", 0.02)
    second = record(tmp_path / "second", 0.04, replace(HEADER, device="NVIDIA L4", gpu="NVIDIA L4"))
    out = tmp_path / "both"

    assert main(["report", str(first), str(second), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "mine on Tesla T4" in printed
    assert "mine on NVIDIA L4" in printed
    report = json.loads((out / "report.json").read_text())
    rates = [
        run["cells"]["inference-fp32-bs8-1gpu"]["summary"]["images_per_second"]
        for run in report["runs"]
    ]
    assert rates == pytest.approx([400.0, 200.0])
    assert [each["run"] for each in report["comparisons"]] == [0, 1]
    assert [each["same_gpu"] for each in report["comparisons"]] == [True, False]
    assert (out / "report.md").read_text().count("\n## Launches\n") == 2


def test_each_type_of_gpu_stands_beside_its_own_system(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cells of a machine with two types are compared with two tables, and judged as one run."""
    types = {"t4": "Tesla T4", "dgx1": "Tesla V100-SXM2-16GB", "dgx2": ""}
    launches = [
        make_launch(
            cell=make_cell(gpu=gpu),
            device=label,
            status=Status.OK if label else Status.SKIPPED,
            step_seconds=(0.01, 0.01) if label else (),
        )
        for gpu, label in types.items()
    ]
    header = replace(HEADER, reference=None, cells=tuple(one.cell.id for one in launches))
    directory = create_run(tmp_path / "mixed", header)
    for launch in launches:
        write_launch(directory / "cells", launch)

    assert main(["compare", "--run", str(directory), "--fail-below", "0.5"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for key, label in [("t4", "Tesla T4"), ("dgx1", "Tesla V100-SXM2-16GB")]:
        assert f"mine on {label} beside {key}" in printed
        assert f"Hardware: {label}, the GPU of the published" in printed
    assert "beside dgx2" not in printed
    assert "2 of 2 judged cells" in printed
    # 800 img/s over the 341.77 published for a T4 and the 783.24 for a DGX-1.
    report = json.loads((directory / "report.json").read_text())
    assert [
        [
            round(cell["numbers"]["throughput_img_s"]["ratio"], 2)
            for cell in comparison["cells"]
            if cell["side"] == "both"
        ]
        for comparison in report["comparisons"]
    ] == [[2.34], [1.02]]


def test_plots_of_several_runs_have_names_of_their_own(tmp_path: Path) -> None:
    """Scaling of one machine does not overwrite that of the other."""
    directories = []
    for name in ("first", "second"):
        cells = [make_cell(mode=Mode.TRAINING, gpus=gpus) for gpus in (1, 2)]
        header = replace(HEADER, reference=None, cells=tuple(cell.id for cell in cells))
        directories.append(str(create_run(tmp_path / name, header)))
        for cell in cells:
            launch = make_launch(cell=cell, step_seconds=(0.1, 0.1))
            write_launch(tmp_path / name / "cells", launch)
    out = tmp_path / "out"

    assert main(["report", *directories, "--out", str(out)]) == 0
    plots = {path.name for path in (out / "plots").glob("*.svg")}
    assert {"weak_scaling.svg", "weak_scaling_2.svg"} <= plots
    assert all(f"(plots/{name})" in (out / "report.md").read_text() for name in plots)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "missing: no such run directory"),
        (["first", "second"], "say where to write it with --out DIR"),
        (["first", "--out", "file"], "file: cannot be made"),
        ([], "reports: holds no run"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bad input ends with exit code 2 and says what to do."""
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "first", 0.02)
    record(tmp_path / "second", 0.02)
    (tmp_path / "file").write_text("")

    assert main(["report", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_report_is_written_in_every_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All files where nothing is asked for; comparison.csv only beside a published table."""
    beside = record(tmp_path / "beside", 0.02)
    alone = record(tmp_path / "alone", 0.02, replace(HEADER, reference=None))

    assert main(["report", str(beside)]) == 0
    written = "report.html, report.md, report.json, results.csv, comparison.csv, junit.xml"
    assert f"written to {beside}: {written}" in " ".join(capsys.readouterr().out.split())
    assert set(written.split(", ")) <= {path.name for path in beside.iterdir()}
    assert (beside / "comparison.csv").read_text().startswith("run,reference,mode,")
    assert main(["report", str(alone)]) == 0
    assert not (alone / "comparison.csv").exists()


@pytest.mark.parametrize(
    ("formats", "files"),
    [
        ("md", ["report.md"]),
        ("csv, junit", ["results.csv", "comparison.csv", "junit.xml"]),
        ("html,json,html", ["report.html", "report.json"]),
    ],
)
def test_formats_can_be_chosen(tmp_path: Path, formats: str, files: list[str]) -> None:
    """Nothing else is written."""
    directory = record(tmp_path / "run", 0.02)

    assert main(["report", str(directory), "--format", formats]) == 0
    assert {path.name for path in directory.iterdir()} == {"run.json", "cells", *files}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--format", "htm"], "argument --format: 'htm': did you mean 'html'?; see --help"),
        (["--format", ""], "argument --format: '': known: html, md, json, csv, junit, plots"),
        (["--format", "md", "--open"], "--open shows the page, which --format leaves out"),
    ],
)
def test_a_format_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    """One line with the known ones, and nothing is written."""
    directory = record(tmp_path / "run", 0.02)

    assert main(["report", str(directory), *flags]) == 2
    assert words in capsys.readouterr().err
    assert {path.name for path in directory.iterdir()} == {"run.json", "cells"}


@pytest.mark.parametrize("answer", ["shown", "", webbrowser.Error("no browser")])
def test_the_page_is_shown_in_a_browser_or_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str | Exception,
) -> None:
    """After it was written, by its whole address; a machine without a browser is no error."""
    directory = record(tmp_path / "a run", 0.02)
    opened: list[str] = []

    def open_page(address: str) -> bool:
        assert (directory / "report.html").exists()
        opened.append(address)
        if isinstance(answer, Exception):
            raise answer
        return bool(answer)

    monkeypatch.setattr(webbrowser, "open", open_page)
    assert main(["report", str(directory), "--open"]) == 0
    address = f"file://{tmp_path}/a%20run/report.html"
    assert opened == [address]
    named = f"note: no browser can be started here; open {address}" in capsys.readouterr().out
    assert named == (answer != "shown")


def test_a_workbook_is_written_where_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the other files, or beside those that were chosen."""
    directory = record(tmp_path / "run", 0.02)

    assert main(["report", str(directory), "--format", "md", "--xlsx"]) == 0
    assert f"written to {directory}: report.md, report.xlsx" in " ".join(
        capsys.readouterr().out.split()
    )
    assert set(pd.read_excel(directory / "report.xlsx", sheet_name=None)) == {
        "cells",
        "launches",
        "comparison",
    }
