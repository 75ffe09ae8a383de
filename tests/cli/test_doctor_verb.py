"""`bench.py doctor`: its exit codes and its JSON, and the line of a run."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_cell
from fake_board import CPU, T4, WITHOUT_GPU

from suite.cli import doctor, main
from suite.model.device import Machine
from suite.model.errors import ExitCode
from suite.model.finding import Diagnosis, Finding, FindingKind, Unchecked

FINDING = Finding(kind=FindingKind.SWAP, evidence="9 MiB \x1b[31m", remedy="sudo swapoff -a")
NOTE = replace(FINDING, kind=FindingKind.BOOST, is_note=True)
UNCHECKED = Unchecked(kind=FindingKind.GOVERNOR, reason="no file")


class Doctor:
    """What the examination of this machine finds, and of which machine it was."""

    def __init__(self) -> None:
        self.diagnosis = Diagnosis(checked=tuple(FindingKind))
        self.examined: list[Machine] = []

    def examine(self, machine: Machine) -> Diagnosis:
        self.examined.append(machine)
        return self.diagnosis


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[Doctor]:
    """A machine without a GPU and with a TensorFlow, of which a test says the rest."""
    stand_in = Doctor()
    monkeypatch.setattr(doctor, "examine", stand_in.examine)
    monkeypatch.setattr(doctor, "detect_machine", lambda: WITHOUT_GPU)
    yield stand_in
    assert stand_in.examined


def test_findings_exit_with_3(found: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is printed with what mends it, and safely."""
    found.diagnosis = Diagnosis(found=(FINDING, NOTE))

    assert main(["doctor"]) == ExitCode.CELL_FAILED
    printed = capsys.readouterr().out
    assert "finding: swap: 9 MiB \\x1b[31m\n  try: sudo swapoff -a\n" in printed
    assert printed.endswith("1 finding\n")


def test_notes_and_what_is_unknown_exit_with_0(
    found: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither is a fault, and both are said."""
    found.diagnosis = Diagnosis(found=(NOTE,), unchecked=(UNCHECKED,))

    assert main(["doctor"]) == ExitCode.GOOD
    printed = capsys.readouterr().out
    assert "note: CPU boost: " in printed
    assert "could not be checked: CPU governor: no file" in printed


def test_json_has_all_of_it(found: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    """With the same exit code, and without saying that what is unknown is in order."""
    found.diagnosis = Diagnosis(
        found=(FINDING, NOTE), unchecked=(UNCHECKED,), checked=(FindingKind.SWAP, FindingKind.NUMA)
    )

    assert main(["doctor", "--json"]) == ExitCode.CELL_FAILED
    said = json.loads(capsys.readouterr().out)
    assert [each["kind"] for each in said["findings"]] == ["swap"]
    assert said["findings"][0]["remedy"] == "sudo swapoff -a"
    assert [each["kind"] for each in said["notes"]] == ["CPU boost"]
    assert said["unchecked"] == [{"kind": "CPU governor", "reason": "no file"}]
    assert said["clean"] == ["framework", "NUMA placement"]


def test_a_run_is_told_of_the_gpus_that_it_uses(found: Doctor) -> None:
    """A fault of another GPU of the machine does not concern it."""
    found.diagnosis = Diagnosis(found=(FINDING,))
    other = replace(T4, index=1, compute_capability=(7, 5))
    machine = Machine(gpus=(T4, other), cpu=CPU, nvml="")
    diagnosis = doctor.diagnosis_for([make_cell()], [other], machine)

    assert diagnosis is not None
    assert FINDING in diagnosis.findings
    assert [machine.gpus for machine in found.examined] == [(other,)]


SIMULATED = """\
purpose: x
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [1]}
"""
REAL = """\
purpose: x
protocol: {warmup_steps: 1, measured_steps: 3}
axes: {mode: [training], gpus: [4096], precision: [fp32], xla: [off], batch_size: [1]}
"""


def run_of(matrix: str, folder: Path) -> int:
    path = folder / "mine.yaml"
    path.write_text(matrix)
    return main(["run", str(path), "--out", str(folder / "reports")])


def test_a_run_says_the_findings_before_it_measures(
    found: Doctor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, and they do not change its exit code: here no cell can run."""
    found.diagnosis = Diagnosis(found=(FINDING, NOTE))

    assert run_of(REAL, tmp_path) == ExitCode.CELL_FAILED
    note = "note: 1 finding makes numbers noisy or wrong: swap; see python bench.py doctor\n"
    assert note in capsys.readouterr().out
    assert recorded(tmp_path) == [
        {"kind": "swap", "evidence": FINDING.evidence, "remedy": FINDING.remedy}
    ]


def recorded(folder: Path) -> object:
    """What the record of the only run there says of the findings."""
    (header,) = folder.glob("reports/*/run.json")
    return json.loads(header.read_text())["environment"].get("findings", "not examined")


def test_a_run_records_that_there_was_nothing_to_find(found: Doctor, tmp_path: Path) -> None:
    """Which is not the same as not having looked; notes are no findings."""
    found.diagnosis = Diagnosis(found=(NOTE,), unchecked=(UNCHECKED,))
    run_of(REAL, tmp_path)

    assert recorded(tmp_path) == []


def test_an_ab_says_and_records_them_of_both_sides(
    found: Doctor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As a run does, once, before the first round."""
    found.diagnosis = Diagnosis(found=(FINDING, NOTE))
    path = tmp_path / "mine.yaml"
    path.write_text(SIMULATED)
    monkeypatch.setattr(
        "suite.cli.ab_measuring.diagnosis_for", lambda *_: found.examine(WITHOUT_GPU)
    )
    words = ["--a", "unchanged", "--b", "unchanged", "--rounds", "3"]
    main(["ab", str(path), "--out", str(tmp_path / "reports"), *words])
    printed = capsys.readouterr().out
    headers = list(tmp_path.glob("reports/*/[ab]/run.json"))

    assert printed.startswith("note: 1 finding makes numbers noisy or wrong: swap; see")
    assert printed.count("numbers noisy or wrong") == 1
    assert len(headers) == 2
    for header in headers:
        environment = json.loads(header.read_text())["environment"]
        assert [each["kind"] for each in environment["findings"]] == ["swap"]


def test_simulated_steps_need_no_doctor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their numbers mean nothing, so the machine is not examined."""
    monkeypatch.setattr(doctor, "examine", lambda _: pytest.fail("examined"))

    assert run_of(SIMULATED, tmp_path) == ExitCode.GOOD
    assert "numbers noisy" not in capsys.readouterr().out
    assert recorded(tmp_path) == "not examined"
