"""`bench.py history`: runs, and one cell over them."""

from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_protocol, make_run, store_run

from suite.cli import main
from suite.model.launch import Caution, CautionKind, Status

DATA = Path(__file__).parents[1] / "data"
OTHER = make_cell(batch_size=16)


def record(folder: Path) -> Path:
    """Runs of two devices over days: a doubt, a failure, a change point, a cell of one run."""
    slow, fast = (0.1, 0.11), (0.09, 0.095)
    days = [
        (1, "Tesla T4", "535", slow),
        (2, "NVIDIA L4", "535", fast),
        (3, "Tesla T4", "535", ()),
        (4, "Tesla T4", "550", fast),
        (5, "NVIDIA L4", "535", (0.0905, 0.0948)),
        (6, "NVIDIA L4", "535", (0.0897, 0.0951)),
        (7, "NVIDIA L4", "550", (0.0951, 0.0996)),
        (8, "NVIDIA L4", "550", (0.0949, 0.1004)),
        (9, "NVIDIA L4", "550", (0.0956, 0.1002)),
    ]
    for day, device, driver, seconds in days:
        launches = [
            make_launch(
                launch=number,
                device=device,
                protocol=make_protocol(launches=2),
                step_seconds=(each, each),
                cautions=(Caution(CautionKind.CONTENDED, "why"),) if day == 2 else (),
            )
            for number, each in enumerate(seconds)
        ] or [make_launch(device=device, status=Status.CRASHED, reason="ended by SIGSEGV")]
        run = make_run(
            *launches,
            matrix="nightly",
            device=device,
            protocol=make_protocol(launches=len(launches)),
            started_at=f"2026-01-{day:02}T03:04:05+00:00",
            environment={"commit": f"{day}{'0123456789' * 4}"[:40], "dirty": day == 4}
            | {"driver": driver},
        )
        store_run(folder / f"run-{day}", run)
    alone = make_launch(cell=OTHER, step_seconds=(0.1, 0.1))
    started_at = "2025-12-31T00:00:00+00:00"
    store_run(folder / "run-0", make_run(alone, matrix="other", started_at=started_at))
    return folder


def test_the_history_is_the_recorded_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the terminal, in Markdown and as CSV, with a plot; the cell is that of most runs."""
    monkeypatch.chdir(tmp_path)
    record(Path("reports"))

    assert main(["history", "--out", "trend/a"]) == 0
    printed, _, written = capsys.readouterr().out.partition("\nwritten to ")
    assert printed == (DATA / "history.txt").read_text()
    assert max(map(len, printed.splitlines())) <= 100
    assert written == "trend/a: history.md, history.csv, history.svg, history.png\n"
    for name in ("history.md", "history.csv"):
        assert (Path("trend/a") / name).read_text() == (DATA / name).read_text()
    assert (Path("trend/a") / "history.png").read_bytes().startswith(b"\x89PNG")
    svg = (Path("trend/a") / "history.svg").read_text()
    assert all(text in svg for text in ("inference-fp32-bs8-1gpu", "Tesla T4", "2026-01-04"))


def test_nothing_is_written_unless_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look at the runs leaves no file."""
    before = sorted(record(tmp_path).rglob("*"))

    assert main(["history", str(tmp_path)]) == 0
    assert "written to" not in capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_cell_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that a single run has, too; one that none has is a mistake with the nearest name."""
    record(tmp_path)

    assert main(["history", str(tmp_path), "--cell", OTHER.id]) == 0
    assert f"{OTHER.id} on Tesla T4" in capsys.readouterr().out
    assert main(["history", str(tmp_path), "--cell", "inference-fp32-bs17-1gpu"]) == 2
    assert capsys.readouterr().err.endswith(
        f"no run has the cell inference-fp32-bs17-1gpu; did you mean '{OTHER.id}'?\n"
    )


def test_what_cannot_be_read_is_named_and_hides_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without a header and a record that is cut: the others are shown, with exit 3."""
    record(tmp_path)
    (tmp_path / "run-1" / "run.json").write_text("{")
    cut = tmp_path / "run-4" / "cells" / "inference-fp32-bs8-1gpu.1.json"
    cut.write_text(cut.read_text()[:100])
    # No record of another cell is read.
    (tmp_path / "run-2" / "cells" / f"{OTHER.id}.0.json").write_text("{")

    assert main(["history", str(tmp_path)]) == 3
    printed = capsys.readouterr().out
    assert f"cannot be read: {tmp_path / 'run-1' / 'run.json'}: is not JSON" in printed
    assert f"cannot be read: {cut}: is not JSON" in printed
    assert OTHER.id not in printed
    assert "2026-01-02 03:04" in printed


def test_a_folder_without_runs_or_records_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line; nothing to follow is not a table without rows."""
    assert main(["history", str(tmp_path)]) == 2
    assert "holds no run; make one with: python bench.py run quick" in capsys.readouterr().err
    store_run(tmp_path / "planned", make_run(cells=("inference-fp32-bs8-1gpu",)))
    assert main(["history", str(tmp_path)]) == 3
    assert capsys.readouterr().out == f"{tmp_path}: no run has a record yet\n"
