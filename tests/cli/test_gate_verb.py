"""`bench.py gate`: exit codes, files, and what a user may get wrong; and A/Bs of real processes."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import make_baseline, make_cell, make_protocol, store_run
from ci_jobs import make_repository
from gates import CELLS, CODE, OTHER_CODE, baseline_of, pairs_of, timed_run, times
from hostile import HOSTILE

from suite.cli import main
from suite.model.baseline import Baseline
from suite.model.cell import Cell
from suite.model.run import Run
from suite.store.baselines import write_baseline

ONE, TWO, THREE = CELLS
# Beside other code in this checkout, which no test of a stored run has.
PYTHON = {"python": "3.12.0"}
FILES = ("gate.md", "gate.json", "gate.xml")


class Gate:
    """A folder with a baseline of six days and today's run, and the verb on both."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.baseline = folder / "t4.json"
        self.run = folder / "today"
        self._capsys = capsys
        self.out = self.err = ""
        self.store(baseline_of(CELLS, 6))

    def store(self, baseline: Baseline) -> None:
        write_baseline(self.baseline, baseline)

    def today(self, *factors: float, **facts: object) -> None:
        """Store today's run: each of the cells takes so many times as long."""
        cells = {cell: times(each) for cell, each in zip(CELLS, factors, strict=False)}
        self.measured(timed_run(cells, **facts))

    def measured(self, run: Run) -> None:
        store_run(self.run, run)

    def __call__(self, *words: object) -> int:
        """The exit code of the verb with these words more; what it printed is kept."""
        usual = ["gate", "--baseline", str(self.baseline), "--run", str(self.run)]
        code = int(main([*usual, *map(str, words)]))
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.err
        return code

    def refuses(self, *words: object) -> str:
        """Hold that it is bad input, told in one line, which is returned; nothing is written."""
        assert self(*words) == 2
        (line,) = self.err.splitlines()
        assert not [name for name in FILES if (self.run / name).exists()]
        assert "pass" not in self.out
        return line

    @property
    def report(self) -> dict[str, object]:
        return dict(json.loads((self.run / "gate.json").read_text()))


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path, capsys)


# ---- exit codes


def test_a_run_that_is_no_slower_passes(gate: Gate) -> None:
    """Code 0; the verdicts are printed, and stand in three files of the run."""
    gate.today(1, 1.01, 0.99)

    assert gate() == 0
    assert gate.out.splitlines()[-1] == f"written to {gate.run}: gate.md, gate.json, gate.xml"
    assert "3 cells: 3 pass\n" in gate.out
    assert gate.err == ""
    assert "3 cells: 3 pass." in (gate.run / "gate.md").read_text()
    assert 'failures="0" errors="0" skipped="0" tests="3"' in (gate.run / "gate.xml").read_text()
    assert gate.report["gate_version"] == 1


def test_a_loss_that_the_baseline_alone_may_call_is_a_regression(gate: Gate) -> None:
    """Code 1: five days and more are known, and there is no other side to measure."""
    gate.today(1, 1.2, 1)

    assert gate("--base", "none") == 1
    assert "3 cells: 2 pass, 1 regressed" in gate.out
    assert '<failure message="regressed: time 1.20x' in (gate.run / "gate.xml").read_text()


def test_a_loss_that_an_ab_can_decide_is_open(gate: Gate) -> None:
    """Code 0, or 5 with --strict; it says what decides it, and never that it passes."""
    gate.today(1, 1.2, 1)

    assert gate() == 0
    assert "3 cells: 2 pass, 1 inconclusive" in gate.out
    assert "slower than the baseline; an A/B tells whether that is the code or the day" in gate.out
    assert gate("--strict") == 5
    assert '<failure message="inconclusive: time 1.20x' in (gate.run / "gate.xml").read_text()


def test_a_cell_that_is_missing_counts(gate: Gate) -> None:
    """Code 3, though all that was measured passes, and though another is open under --strict."""
    gate.today(1, 1.2)

    assert gate("--strict") == 3
    assert f"{THREE.id}: not measured" in gate.out
    assert "2 cells: 1 pass, 1 inconclusive; 1 failed or missing" in gate.out


def test_a_regression_counts_for_more_than_a_missing_cell(gate: Gate) -> None:
    """Code 1 is what must not be hidden."""
    gate.today(1, 1.2)

    assert gate("--base", "none") == 1


def test_a_damaged_record_is_a_missing_cell(gate: Gate) -> None:
    """Code 3, and which file it is on stderr."""
    gate.today(1, 1, 1)
    (gate.run / "cells" / f"{ONE.id}.0.json").write_text("")

    assert gate() == 3
    assert gate.err.startswith(f"damaged: {gate.run}/cells/{ONE.id}.0.json: ")
    assert f"{ONE.id}: damaged: " in gate.out


def test_another_protocol_is_not_comparable(gate: Gate) -> None:
    """Code 4, with the difference, and no verdict on anything."""
    gate.today(1, 1, 1, protocol=make_protocol(launches=5, warmup_steps=7))

    assert gate() == 4
    assert "warmup steps 1 -> 7: the first steps bring caches and clocks up" in gate.out
    assert "3 cells: 3 not comparable" in gate.out
    assert not re.search(r"\bpass\b", gate.out + (gate.run / "gate.md").read_text())
    assert gate("--confirm") == 4
    assert gate("--strict", "--base", "none") == 4


def test_other_software_is_comparable_where_the_rules_allow_it(gate: Gate) -> None:
    """Code 4 without them, and the line that they would need."""
    gate.today(1, 1, 1, environment={"python": "3.13.0", **OTHER_CODE})
    rules = gate.folder / "rules.yaml"
    rules.write_text("allow: [python]\n")

    assert gate() == 4
    assert "allow it in the rules (allow: [python])" in gate.out
    assert gate("--rules", rules) == 0


def test_nothing_in_common_is_not_comparable(gate: Gate) -> None:
    """Code 4 in one line, with what to do."""
    gate.measured(timed_run({make_cell(batch_size=128): times()}))

    assert gate() == 4
    assert gate.err == (
        f"error: {gate.run}: has no cell to gate in common with {gate.baseline}; measure the same"
        " matrix\n"
    )
    assert not (gate.run / "gate.md").exists()


# ---- bad input


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


BAD_BASELINES: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "a directory": (_directory, "a directory without run.json; give a file that baseline save"),
    "nothing": (lambda path: path.unlink(), "no such file"),
    "an empty file": (lambda path: path.write_text(""), "is empty; a baseline is not edited"),
    "half a file": (lambda path: path.write_text(path.read_text()[:500]), ""),
    "other JSON": (lambda path: path.write_text("[]"), "is not a baseline; give a file that"),
    "an edited one": (
        lambda path: path.write_text(path.read_text().replace("Ada", "Bob")),
        "sha256: not that of its content",
    ),
    "a picture": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\xff"), ""),
}


@pytest.mark.parametrize("kind", BAD_BASELINES)
def test_a_file_that_is_no_baseline_is_refused(kind: str, gate: Gate) -> None:
    """Code 2, in one line that names the file."""
    gate.today(1, 1, 1)
    spoil, said = BAD_BASELINES[kind]
    spoil(gate.baseline)
    line = gate.refuses()

    assert line.startswith(f"error: {gate.baseline}: ")
    assert said in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--resume", "x"), "--resume is about the A/B of --confirm; give --confirm too"),
        (("--max-time", "5m"), "--max-time is about the A/B of --confirm; give --confirm too"),
        (("--wait",), "--wait is about the A/B of --confirm; give --confirm too"),
        (("--confirm", "--ab", "x"), "--confirm measures an A/B and --ab names one; give one of"),
        (("--explain", "inference-fp32-bs16"), "did you mean 'inference-fp32-bs16-1gpu'?"),
        (("--explain", ""), "no such gated cell"),
        (("--confirm", "--explain", "x"), "--explain x: no such gated cell; known: inference-"),
        (("--base", "nonsense"), "--base 'nonsense': no other code or software; give ref=REV"),
        (("--base", "ref="), "--base 'ref=': says nothing that may differ"),
        (("--base", "ref=--all"), "a revision does not begin with a dash"),
        (("--base", "python=/missing"), "no such program; give a Python"),
        (("--base", "xla=on"), "--base 'xla=on': no other code or software"),
        (("--base", "unchanged"), "--base 'unchanged': no other code or software"),
        (("--base", "none", "--base", "ref=main"), "--base 'none': no other code or software"),
        (("--base", "env:API_KEY=x"), "looks like a secret"),
        (("--base", "env:A=1", "--base", "env:A=2"), "env:A is given twice"),
        (("--ab", "missing"), "missing"),
        (("--max-time", "soon"), "soon"),
        (("--run", "missing"), "missing"),
        (("--rules", "missing.yaml"), "missing.yaml"),
    ],
)
def test_flags_that_mean_nothing_are_refused(
    words: Sequence[str], said: str, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is judged, measured or written."""
    gate.today(1, 1.2, 1)
    monkeypatch.chdir(gate.folder)

    assert said in gate.refuses(*words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("gate: [throughput]", "rules.yaml:1: gate"),
        ("gated: [speed]", "gated"),
        ("gated: [latency_p99]", "latency_p99 is shown and never decides; remove it"),
        ("allow: [drivers]", "did you mean 'driver'?"),
        ("allow: [device]", "device cannot be allowed"),
        ("minimum_loss_percent: 5", "minimum_loss_percent"),
        ("minimum_loss_percent: {throughput: {usual: 0}}", "usual"),
        ("canary: inference-fp32-bs16", "canary: inference-fp32-bs16: no cell of the baseline or"),
        ("- gated", ""),
        ("gated: [throughput\n", ""),
        ("gated: !!python/object/apply:os.system [id]", ""),
    ],
)
def test_rules_that_mean_nothing_are_refused(text: str, said: str, gate: Gate) -> None:
    """With the file and the key; a canary that nobody has would forbid nothing in silence."""
    gate.today(1, 1, 1)
    rules = gate.folder / "rules.yaml"
    rules.write_text(text)

    line = gate.refuses("--rules", rules)
    assert line.startswith(f"error: {rules}:")
    assert said in line


def test_a_run_is_not_judged_by_itself(gate: Gate) -> None:
    """It would pass in any case: as its own baseline, and as a session of one."""
    gate.today(1, 1, 1)
    gate.store(make_baseline(timed_run({cell: times() for cell in CELLS})))
    for baseline in (gate.baseline, gate.run):
        gate.baseline = baseline

        assert "holds the run" in (line := gate.refuses())
        assert "give an earlier baseline" in line


def test_the_verb_needs_a_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    """There is no default to be judged by unawares."""
    assert main(["gate"]) == 2
    assert "give the baseline: --baseline FILE" in capsys.readouterr().err


def test_what_cannot_be_written_is_told(gate: Gate) -> None:
    """Code 2, and not that of the verdict, which nobody would find."""
    gate.today(1, 1, 1)
    (gate.folder / "file").write_text("")

    assert gate("--out", gate.folder / "file" / "below") == 2
    assert str(gate.folder / "file") in gate.err


@pytest.mark.parametrize("text", [HOSTILE[kind] for kind in ("html", "escape sequences", "quotes")])
def test_names_from_outside_stay_text(text: str, gate: Gate) -> None:
    """A matrix, a device and a reason cannot act on a terminal."""
    gate.store(
        make_baseline(
            timed_run({ONE: times()}, device=text, started_at="2026-01-01T00:00:00+00:00")
        )
    )
    gate.today(1, device=text, matrix=text)

    assert gate("--explain", text) == 2
    assert "\x1b" not in gate.err
    assert gate() == 0
    assert "\x1b" not in gate.out


# ---- what it leaves


def test_files_go_where_the_user_says(gate: Gate) -> None:
    """And then there are none in the directory of the run."""
    gate.today(1, 1, 1)

    assert gate("--out", gate.folder / "new" / "here") == 0
    assert {path.name for path in (gate.folder / "new" / "here").iterdir()} == set(FILES)
    assert not [name for name in FILES if (gate.run / name).exists()]


def test_the_newest_run_is_the_default(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those under `reports`, and which it is, is told."""
    gate.run = gate.folder / "reports" / "today"
    gate.today(1, 1, 1)
    monkeypatch.chdir(gate.folder)

    assert main(["gate", "--baseline", str(gate.baseline)]) == 0
    assert (gate.run / "gate.md").exists()


def test_a_run_directory_is_a_baseline(gate: Gate) -> None:
    """Of one session, so that a loss has to be larger."""
    earlier = timed_run(
        {cell: times() for cell in CELLS},
        started_at="2026-01-01T00:00:00+00:00",
        environment={**PYTHON, **CODE},
    )
    gate.baseline = store_run(gate.folder / "earlier", earlier)
    gate.today(1, 1.08, 1.2)

    assert gate("--base", "none") == 1
    assert "1 pass, 1 regressed, 1 inconclusive" in gate.out
    assert "by less than the 10 % it takes while few days were measured" in one_line(gate.out)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_cell_is_explained(gate: Gate) -> None:
    """On stdout alone, and with the exit code of the whole gate."""
    gate.today(1, 1.2, 1)

    assert gate("--explain", TWO.id, "--base", "none") == 1
    assert gate.out.startswith(f"{TWO.id}, throughput: regressed\n")
    assert not (gate.run / "gate.md").exists()
    assert gate("--explain", ONE.id, "--base", "none") == 1


def test_github_is_told(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document in the summary; an error for each regression, and a warning for what is open."""
    summary = gate.folder / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    gate.today(1, 1.2, 1)

    gate("--base", "none")
    assert summary.read_text() == (gate.run / "gate.md").read_text()
    (mark,) = re.findall(r"^::.*", gate.out, re.MULTILINE)
    assert mark.startswith(f"::error title={TWO.id}::regressed: time 1.20x")
    gate()
    (mark,) = re.findall(r"^::.*", gate.out, re.MULTILINE)
    assert mark.startswith(f"::warning title={TWO.id}::inconclusive: time 1.20x")


# ---- by an A/B measured before


def store_ab(gate: Gate, cells: Mapping[Cell, Sequence[float]], **sides: dict[str, Any]) -> Path:
    """The directory of an A/B of these cells; facts of the headers of its sides may be others."""
    pairs = pairs_of(cells)
    folder = gate.folder / f"{len(list(gate.folder.iterdir()))}-ab"
    for name, run in (("a", pairs.base), ("b", pairs.today)):
        header = replace(run.header, **sides.get(name, {}))
        store_run(folder / name, replace(run, header=header))
    return folder


def test_an_ab_decides_what_is_open(gate: Gate) -> None:
    """Code 1 for what is slower in pairs, and 0 where it was the day."""
    gate.today(1, 1.2, 1)

    slower, alike = (store_ab(gate, {TWO: times(each)}) for each in (1.2, 1))
    assert gate("--ab", slower) == 1
    assert "3 cells: 2 pass, 1 regressed" in gate.out
    assert f"measured again: {slower}" in gate.out
    assert gate("--ab", alike, "--strict") == 0
    assert "3 cells: 3 pass" in gate.out
    assert "not slower in pairs of today" in gate.out


def test_an_ab_that_is_not_finished_decides_nothing(gate: Gate) -> None:
    """It leaves the cell open, and is no pass."""
    gate.today(1, 1.2, 1)
    folder = store_ab(gate, {TWO: times(1, 4)})

    assert gate("--ab", folder, "--strict") == 5
    assert "its A/B has not ended its first 5 rounds, so it decides nothing" in one_line(gate.out)


@pytest.mark.parametrize(
    ("side", "facts", "said"),
    [
        ("a", {"environment": {**PYTHON, **CODE, "code": "x"}}, "its side a is not that of"),
        ("b", {"environment": {**PYTHON, **OTHER_CODE, "code": "x"}}, "its side b is not that of"),
        ("a", {"device": "another"}, "device Tesla T4 -> another"),
        ("b", {"protocol": make_protocol(launches=5, measured_steps=9)}, "measured steps 2 -> 9"),
        ("b", {"environment": {"python": "3.9.0", **OTHER_CODE}}, "python 3.12.0 -> 3.9.0"),
    ],
)
def test_an_ab_of_other_sides_is_not_comparable(
    side: str, facts: dict[str, Any], said: str, gate: Gate
) -> None:
    """Code 4: its pairs say nothing of this run and this baseline."""
    gate.today(1, 1.2, 1)
    folder = store_ab(gate, {TWO: times(1)}, **{side: facts})

    assert gate("--ab", folder) == 4
    assert said in gate.err
    assert "pass" not in gate.out
    assert not (gate.run / "gate.md").exists()


def test_a_base_that_the_user_gave_may_be_other_code(gate: Gate) -> None:
    """As a release that was built elsewhere; today's side may not."""
    gate.today(1, 1.2, 1)
    other: dict[str, Any] = {"environment": {**PYTHON, **CODE, "code": "x"}}

    assert gate("--ab", store_ab(gate, {TWO: times(1)}, a=other), "--base", "ref=v1") == 0
    assert gate("--ab", store_ab(gate, {TWO: times(1)}, b=other), "--base", "ref=v1") == 4


@pytest.mark.parametrize("missing", ["a", "b"])
def test_what_is_no_ab_is_refused(missing: str, gate: Gate) -> None:
    """Half of one, and the directory of a run."""
    gate.today(1, 1.2, 1)
    folder = store_ab(gate, {TWO: times(1)})
    shutil.rmtree(folder / missing)

    assert str(folder / missing) in gate.refuses("--ab", folder)
    assert str(gate.run) in gate.refuses("--ab", gate.run)


# ---- --confirm, before anything is measured


def test_nothing_open_needs_no_ab(gate: Gate) -> None:
    """Also where the code could not be measured again."""
    gate.today(1, 1, 1)

    assert gate("--confirm") == 0
    assert "measuring" not in gate.out


def test_without_another_side_the_baseline_decides(gate: Gate) -> None:
    """It says why nothing is measured."""
    gate.today(1, 1.2, 1)

    assert gate("--confirm", "--base", "none") == 1
    gate.store(baseline_of(CELLS, 1))
    shutil.rmtree(gate.run)
    gate.today(1, 1.07, 1)
    assert gate("--confirm", "--base", "none", "--strict") == 5
    assert "nothing to measure again: --base none was given" in gate.out


def test_an_ab_from_another_checkout_is_refused(gate: Gate) -> None:
    """Code 4: one of its sides is this checkout, which the run did not measure."""
    gate.today(1, 1.2, 1)

    assert gate("--confirm") == 4
    assert "is not the one that the run measured (bbbb); check that one out, or run the" in gate.err
    assert "pass" not in gate.out


def test_a_side_that_only_the_user_can_name_is_asked_for(gate: Gate) -> None:
    """Code 2: another Python lies nobody knows where."""
    gate.today(1, 1.2, 1, environment={"python": "3.13.0", **OTHER_CODE})
    rules = gate.folder / "rules.yaml"
    rules.write_text("allow: [python]\n")

    line = gate.refuses("--confirm", "--rules", rules)
    assert "--confirm: name the other side, python 3.12.0, the commit of the baseline:" in line
    assert line.endswith(f"--base python=PATH --base ref={CODE['commit']}")


@pytest.mark.parametrize("command", [(), ("run", "mine", "--a-flag-of-earlier", "1")])
def test_a_run_that_does_not_tell_its_command_cannot_be_measured_again(
    command: tuple[str, ...], gate: Gate
) -> None:
    """Code 2; judging it needs no command."""
    gate.today(1, 1.2, 1, command=command)

    assert "does not tell the command that began it" in gate.refuses("--confirm")
    assert gate() == 0
    assert gate.err == ""
    assert "bench.py ab" not in gate.out


@pytest.mark.parametrize("of", ["gate", "ab", "report", "rules", "baseline"])
def test_the_schema_of_each_file_is_printed(of: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As other programs need it."""
    assert main(["schema", of]) == 0
    assert json.loads(capsys.readouterr().out)["type"] == "object"


# ---- real processes: a repository in which the simulated kernel has become slower

SIMULATED = """\
purpose: a test
device: any
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 10, launches: 5}
axes: {mode: [training], precision: [fp32], xla: [false], batch_size: [8]}
"""
CELL_ID = "training-fp32-bs8-1gpu-simulated"


class Repository:
    """A repository of the suite: `earlier` has a run of its first commit, `reports` of its last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = ""

    @property
    def run(self) -> Path:
        return self._only("reports/*[!b]")

    @property
    def baseline(self) -> Path:
        return self._only("earlier/*")

    @property
    def ab(self) -> Path:
        return self._only("reports/*-ab")

    def _only(self, pattern: str) -> Path:
        (found,) = self.folder.glob(pattern)
        return found

    def bench(self, *words: object) -> int:
        """The exit code of the suite of this repository."""
        process = self.start(*words)
        self.out, _ = process.communicate()
        assert "Traceback" not in self.out
        return process.returncode

    def gate(self, *words: object) -> int:
        return self.bench(*self.gate_words, *words)

    @property
    def gate_words(self) -> list[object]:
        return ["gate", "--baseline", self.baseline, "--run", self.run]

    def start(self, *words: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "bench.py", *map(str, words)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def slower(folder: Path) -> None:
    """A commit after which training takes three times as long."""
    path = folder / "suite" / "kernels" / "simulated.py"
    text = path.read_text()
    assert '"training": 3.0' in text
    path.write_text(text.replace('"training": 3.0', '"training": 9.0'))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with both runs, of which each test has a copy."""
    folder = make_repository(tmp_path_factory.mktemp("gate") / "made", slower, SIMULATED)
    for revision, out in (("HEAD~1", "earlier"), ("main", "reports")):
        subprocess.run(["git", "-C", str(folder), "checkout", "-q", revision], check=True)
        assert Repository(folder).bench("run", "gpu_regression", "--out", out) == 0
    return folder


@pytest.fixture
def repository(tmp_path: Path, measured: Path) -> Repository:
    return Repository(shutil.copytree(measured, tmp_path / "repository", symlinks=True))


def verdict_of(folder: Path) -> str:
    cells = json.loads((folder / "gate.json").read_text())["cells"]
    (cell,) = (each for each in cells if each["is_gated"])
    assert cell["cell_id"] == CELL_ID
    return str(cell["verdict"])


@pytest.mark.slow
def test_a_slower_commit_is_found_by_measuring_again(repository: Repository) -> None:
    """The baseline alone leaves it open; the A/B with its commit is red, now and read again."""
    assert repository.gate() == 0
    assert verdict_of(repository.run) == "inconclusive"
    by_hand = repository.out.partition("with --ab:\n")[2].partition("\n\n")[0]

    assert repository.gate("--confirm") == 1
    assert verdict_of(repository.run) == "regressed"
    assert "Measured again" in repository.out
    assert "1 cell: 1 regressed" in repository.out
    measured = repository.ab
    assert {path.name for path in measured.iterdir()} >= {"ab.md", "ab.json", "ab.xml", "a", "b"}

    assert repository.gate("--ab", measured, "--out", repository.folder / "again") == 1
    again, before = (json.loads((each / "gate.json").read_text())["cells"]
                     for each in (repository.folder / "again", repository.run))  # fmt: skip
    assert again == before

    # What was printed is a command that a shell takes.
    assert by_hand.lstrip().startswith("python bench.py ab gpu_regression --a ref=")
    done = subprocess.run(
        ["sh", "-c", f'python() {{ "{sys.executable}" "$@"; }}\n{by_hand} --out by-hand'],
        cwd=repository.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    (own,) = (repository.folder / "by-hand").iterdir()
    assert repository.gate("--ab", own) == 1


@pytest.mark.slow
def test_an_ab_that_is_stopped_goes_on(repository: Repository) -> None:
    """Code 130, nothing decided by what there is so far, and --resume ends it."""
    process = repository.start(*repository.gate_words, "--confirm")
    printed: list[str] = []
    assert process.stdout is not None
    while not printed or not printed[-1].startswith("round 1, "):
        printed.append(process.stdout.readline())
        assert printed[-1], "".join(printed)
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate()

    assert process.returncode == 130, rest
    assert "its A/B has not ended its first 5 rounds, so it decides nothing" in one_line(rest)
    assert f"not finished (stopped by Ctrl-C); {_way_on(repository)}" in rest
    assert verdict_of(repository.run) == "inconclusive"
    kept = {path: path.stat().st_mtime_ns for path in repository.ab.glob("[ab]/cells/*.0.json")}
    assert len(kept) == 2

    assert repository.gate("--confirm", "--resume", repository.ab) == 1
    assert verdict_of(repository.run) == "regressed"
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def _way_on(repository: Repository) -> str:
    return f"finished launches are kept; give the same command again with --resume {repository.ab}"


@pytest.mark.slow
def test_an_ab_whose_time_is_over_decides_nothing(repository: Repository) -> None:
    """It is open, so 5 with --strict, and how to go on is told."""
    assert repository.gate("--confirm", "--max-time", "1s", "--strict") == 5
    assert f"not finished (--max-time is over); {_way_on(repository)}" in repository.out
    assert verdict_of(repository.run) == "inconclusive"


@pytest.mark.slow
def test_a_revision_that_is_not_there_is_told(repository: Repository) -> None:
    """As in a clone without its history."""
    assert repository.gate("--confirm", "--base", "ref=" + "0" * 40) == 2
    assert f"there is no revision {'0' * 40}" in repository.out
    assert not list(repository.folder.glob("reports/*-ab"))
