"""The exit codes of every program: each has its documented meaning, and 1 is never a fault."""

import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import make_cell, make_launch, make_protocol, make_run, store_run
from faulty_bench import HELD_MEASURING, bench_of_two_cells

from suite.model.errors import ExitCode
from suite.model.launch import Caution, CautionKind

ROOT = Path(__file__).parents[2]
T4 = ROOT / "reference" / "t4.csv"
EXAMPLE = ROOT / "reports" / "example-cpu"
BENCH = (str(ROOT / "bench.py"),)
KERNELS = ("-m", "suite.kernels")
INSTALLER = ("-m", "suite.install.horovod")
ONE_LINE = re.compile(r"error: [^\n]+\n")


def program(
    folder: Path, *words: str, sabotage: str = "", **options: object
) -> "subprocess.CompletedProcess[str]":
    """A program of the suite to its end; Python runs the sabotage before anything of it."""
    (folder / "sitecustomize.py").write_text(sabotage)
    settings = {
        "cwd": ROOT,
        "env": {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "TMPDIR": str(folder)},
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
        **options,
    }
    return subprocess.run([sys.executable, *words], check=False, **settings)  # type: ignore[call-overload, no-any-return]


def recorded_run(folder: Path, *batch_sizes: int, cautions: tuple[Caution, ...] = ()) -> str:
    """A run directory of a T4 whose cells took a second a step."""
    protocol = make_protocol(measured_steps=3)
    launches = [
        make_launch(
            cell=make_cell(batch_size=size),
            protocol=protocol,
            step_seconds=(1.0, 1.0, 1.0),
            cautions=cautions,
        )
        for size in batch_sizes
    ]
    return str(store_run(folder / "run", make_run(*launches, protocol=protocol)))


def impossible_matrix(folder: Path) -> str:
    """A matrix of one cell that no machine has the devices for."""
    path = folder / "mine.yaml"
    path.write_text(
        "purpose: x\nprotocol: {warmup_steps: 1, measured_steps: 3}\n"
        "axes: {mode: [training], gpus: [4096], precision: [fp32], xla: [off], batch_size: [1]}\n"
    )
    return str(path)


def compared(
    folder: Path,
    *batch_sizes: int,
    flags: tuple[str, ...] = (),
    cautions: tuple[Caution, ...] = (),
) -> int:
    run = recorded_run(folder, *batch_sizes, cautions=cautions)
    words = ["compare", "--reference", str(T4), "--run", run, *flags]
    return program(folder, *BENCH, *words).returncode


def interrupted(folder: Path) -> int:
    bench = bench_of_two_cells(folder)
    process = bench.start(faults={("step", 1): HELD_MEASURING})
    bench.wait_for("reached-0", process)
    process.send_signal(signal.SIGINT)
    return bench.end(process)[0]


DOUBT = Caution(CautionKind.QUICK, "a first look")
FAULT = "from suite.formats import devices; devices.devices_text = lambda machine: {}['mixed']"
# What to do for each code; all of it through bench.py.
WAYS: dict[int, Callable[[Path], int]] = {
    0: lambda folder: compared(folder, 1),
    1: lambda folder: compared(folder, 1, flags=("--fail-below", "0.9")),
    2: lambda folder: program(folder, *BENCH, "run", "no.yaml").returncode,
    3: lambda folder: (
        program(
            folder, *BENCH, "run", impossible_matrix(folder), "--out", str(folder / "out")
        ).returncode
    ),
    4: lambda folder: compared(folder, 3),
    5: lambda folder: compared(folder, 1, flags=("--fail-below", "0.9"), cautions=(DOUBT,)),
    70: lambda folder: program(folder, *BENCH, "devices", sabotage=FAULT).returncode,
    130: interrupted,
}


def test_the_documents_name_the_codes_there_are() -> None:
    """README and --help have the same codes as the program, and each is reached below."""
    readme = (ROOT / "README.md").read_text().partition("## Exit codes\n")[2].partition("\n## ")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)}
    listed = re.findall(r"^  (\d+) +\S", program_help(), re.MULTILINE)

    assert told == {int(code) for code in listed} == {int(code) for code in ExitCode} == set(WAYS)


def program_help() -> str:
    words = [sys.executable, *BENCH, "--help"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("code", WAYS)
def test_every_code_is_reached(tmp_path: Path, code: int) -> None:
    """Each documented end happens for its reason, seen from the shell."""
    assert WAYS[code](tmp_path) == code


DEEP = "from suite.formats import devices\ndef f(_):\n    return f(_)\ndevices.devices_text = f\n"
RAISING = "from suite.formats import devices\ndef f(_):\n    {}\ndevices.devices_text = f\n"
IN_A_THREAD = RAISING.format(
    "import threading; t = threading.Thread(target=lambda: {}['x']); t.start(); t.join();"
    " return 'shown'"
)


@pytest.mark.parametrize(
    ("sabotage", "words"),
    [
        (FAULT, "KeyError: 'mixed'"),
        (DEEP, "RecursionError: maximum recursion depth exceeded"),
        (RAISING.format("raise MemoryError"), "MemoryError: "),
        (RAISING.format("raise SystemExit(1)"), "SystemExit: 1"),
        (RAISING.format("raise SystemExit('words')"), "SystemExit: words"),
        (RAISING.format("raise BaseException('a\\n\\x1b[31m' + 'x' * 9999)"), r"a\n\x1b[31mxxx"),
        (RAISING.format("raise UnicodeError('\\ud800')"), r"UnicodeError: \ud800"),
        (RAISING.format("raise BrokenPipeError"), "BrokenPipeError"),
        (IN_A_THREAD, "KeyError: 'x'"),
        ("import sys; sys.modules['suite.cli.parser'] = None", "suite.cli.parser"),
    ],
)
def test_a_fault_is_one_line_and_70_with_its_traceback_in_a_file(
    tmp_path: Path, sabotage: str, words: str
) -> None:
    """Whatever was raised, the line names a file of this user alone that has what to report."""
    done = program(tmp_path, *BENCH, "devices", sabotage=sabotage)
    (file,) = tmp_path.glob("resnet50-bench-fault-*.txt")
    report = file.read_text()

    assert done.returncode == 70
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert done.stderr.startswith("error: a fault of the suite itself: ")
    assert words in done.stderr
    assert f"traceback in {file}; please report it" in done.stderr
    assert len(done.stderr) < 500
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for fact in ("suite: 0.", "Python: 3.", "command: ", "bench.py devices", "Traceback (most"):
        assert fact in report
    assert str(tmp_path) not in report.partition("Traceback")[0]  # nothing of the environment


@pytest.mark.parametrize(
    ("words", "module", "name"),
    [
        # Missing when it is called, and already when it is imported.
        ((*KERNELS, "--mode=x"), "suite.run.flag_table", "own_names"),
        ((*KERNELS, "--mode=x"), "suite.model.device", "device_label"),
        ((*INSTALLER, "--check"), "suite.install.state", "subprocess"),
        ((*INSTALLER, "--check"), "suite.install.state", "look"),
    ],
)
def test_a_fault_of_the_other_programs_is_70_as_well(
    tmp_path: Path, words: tuple[str, ...], module: str, name: str
) -> None:
    """One cell by hand and the installer end the same way, also while they import."""
    done = program(tmp_path, *words, sabotage=f"import {module} as m\ndel m.{name}\n")

    assert done.returncode == 70, done.stderr
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert "a fault of the suite itself: " in done.stderr


def test_a_traceback_that_cannot_be_stored_is_printed(tmp_path: Path) -> None:
    """Without a place for the file nothing of the fault is lost."""
    full = "import tempfile\ndef f(**_):\n    raise OSError(28, 'No space left on device')\n"
    done = program(tmp_path, *BENCH, "devices", sabotage=f"{FAULT}\n{full}tempfile.mkstemp = f\n")
    *trace, last = done.stderr.splitlines()

    assert done.returncode == 70
    assert trace[0].startswith("Traceback (most recent call last)")
    assert "traceback above, as no file can be written (No space left on device)" in last


def test_a_report_that_fails_loses_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table and the place of the run are printed, and --resume makes the report."""
    bench = bench_of_two_cells(tmp_path)
    (tmp_path / "sitecustomize.py").write_text(
        "from suite.formats import results\nresults.report_markdown = lambda *_: {}['mixed']\n"
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with monkeypatch.context() as sabotaged:
        sabotaged.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
        code, said, errors = bench.run()
    (directory,) = bench.out.iterdir()

    assert code == 70
    assert ONE_LINE.fullmatch(errors.splitlines(keepends=True)[-1])
    assert "img/s = images / elapsed time" in said
    assert " ".join(said.split()).endswith(f"run directory: {directory} (cells/)")
    assert bench.statuses() == {1: "ok", 2: "ok"}
    bench.hold_that_resume_completes(1, 2)


def test_a_damaged_checkout_is_no_regression(tmp_path: Path) -> None:
    """Even where the part that catches faults cannot be imported, CI does not see exit 1."""
    damaged = "import sys; sys.modules['suite.program'] = None"
    done = program(tmp_path, *BENCH, "devices", sabotage=damaged)

    assert done.returncode == 70
    assert "suite.program" in done.stderr


@pytest.mark.parametrize(
    ("words", "package"),
    [
        ((*BENCH, "compare", "--reference", str(T4), "--run", "."), "jinja2"),
        ((*BENCH, "report", str(EXAMPLE), "--out", "out", "--format", "csv"), "pandas"),
        ((*BENCH, "plan", "matrices/demo.yaml"), "yaml"),
        ((*BENCH, "data", "make", "--out", "/nowhere", "--images", "4"), "tensorflow"),
        ((*BENCH, "layers"), "tensorflow"),
        ((*KERNELS, "--mode=inference_benchmark"), "pydantic"),
    ],
)
def test_a_package_that_is_missing_is_the_environments_fault(
    tmp_path: Path, words: tuple[str, ...], package: str
) -> None:
    """One line with the command that installs it, and exit 2."""
    missing = (
        "import sys\nclass Missing:\n    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {package!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    done = program(tmp_path, *words, sabotage=missing)

    assert done.returncode == 2, done.stderr
    assert ONE_LINE.fullmatch(done.stderr)
    assert package in done.stderr.lower()
    assert "install" in done.stderr


@pytest.mark.parametrize("words", [BENCH, KERNELS, INSTALLER])
def test_an_old_python_is_told_what_is_needed(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A Python that cannot read the suite gets a line and exit 2, not a SyntaxError and 1."""
    done = program(tmp_path, *words, sabotage="import sys; sys.version_info = (3, 9, 18)")

    assert done.returncode == 2
    assert ONE_LINE.fullmatch(done.stderr)
    assert "needs Python 3.10, 3.11, 3.12 or 3.13" in done.stderr


def test_a_user_without_a_home_is_told_what_to_give(tmp_path: Path) -> None:
    """The installer keeps builds at home; nobody's home is a line, and --check needs none."""
    nobody = (
        "import os, pwd\ndef none(_):\n    raise KeyError('no such user')\n"
        "pwd.getpwuid = none\n"
        "for name in ('HOME', 'XDG_CACHE_HOME'):\n    os.environ.pop(name, None)\n"
        "from suite.install import state\n"
        "state.look = lambda _: state.State('2.21.0', horovod='0.28', mpi=True)\n"
    )
    done = program(tmp_path, *INSTALLER, sabotage=nobody)
    looked = program(tmp_path, *INSTALLER, "--check", sabotage=nobody)

    assert (done.returncode, looked.returncode) == (2, 0)
    assert "no home directory to keep builds in; give a place with --cache DIR" in done.stderr
    assert ONE_LINE.fullmatch(done.stderr)


def shell(folder: Path, line: str) -> "subprocess.CompletedProcess[str]":
    """A shell's line with bench.py in it; the code is that of the first program of a pipe."""
    called = f"{shlex.quote(sys.executable)} {shlex.quote(BENCH[0])}"
    script = "set -o pipefail; " + line.replace("BENCH", called).replace("FOLDER", str(folder))
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("BENCH schema > /dev/full", 2, "standard output: cannot be written (No space left"),
        ("BENCH schema >&-", 0, ""),
        ("BENCH schema <&- >&- 2>&-", 0, ""),
        ("BENCH fly 2>&-", 2, ""),
        ("BENCH fly 2> /dev/full", 2, ""),
        ("BENCH --help > /dev/full", 0, ""),
        ("BENCH schema | true", 0, ""),
        # A reader that has gone changes no verdict.
        (f"BENCH compare --reference {T4} --run FOLDER/run --fail-below 0.9 | true", 1, ""),
        (f"BENCH compare --reference {T4} --run FOLDER/run --fail-below 0.9 > /dev/full", 1, ""),
    ],
)
def test_lost_output_is_no_regression(tmp_path: Path, line: str, code: int, words: str) -> None:
    """A closed or full stdout or stderr neither makes exit 1 (or Python's 120) nor hides it."""
    recorded_run(tmp_path, 1)
    done = shell(tmp_path, line)

    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_cell_by_hand_outlives_its_output(tmp_path: Path) -> None:
    """The record of a cell is stored whether or not anybody can read what is printed."""
    flags = "--mode=inference_benchmark --batch_size 1 --kernel simulated --iter_unit batch"
    flags += f" --warmup_steps 1 --num_iter 4 --results_dir {tmp_path}"
    with Path("/dev/full").open("w") as full:
        done = program(tmp_path, *KERNELS, *flags.split(), stdout=full)
    (record,) = tmp_path.glob("*.0.json")

    assert done.returncode == 0, done.stderr
    assert json.loads(record.read_text())["status"] == "ok"
