"""What a shell is told to complete, by the protocol of argcomplete and through bash itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run

ROOT = Path(__file__).parents[2]
# The shell's own completion of a program by its name.
REGISTERED = """\
eval "$({python} -m argcomplete.scripts.register_python_argcomplete bench.py)"
COMP_LINE="$1" COMP_POINT=${{#1}} COMP_TYPE=9
_python_argcomplete {bench}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def completions(line: str, folder: Path) -> list[str]:
    """What `bench.py` offers at the end of a line that was typed in a folder."""
    answer = folder / "answer"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SHELL": "bash",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }
    done = subprocess.run(
        [sys.executable, ROOT / "bench.py"],
        cwd=folder,
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == done.stderr == ""
    return [word.strip() for word in answer.read_text().split("\n") if word]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("bench.py rep", ["report"]),
        ("bench.py data m", ["make"]),
        ("bench.py run --max", ["--max-time"]),
        ("bench.py compare --fail", ["--fail-below"]),
        ("bench.py run t4", ["t4_inference"]),
        ("bench.py plan dgx1_t", ["dgx1_training"]),
        ("bench.py run --only 'xla' dgxa100_t", ["dgxa100_training"]),
        ("bench.py compare --reference dgxa", ["dgxa100"]),
        ("bench.py reference show t", ["t4"]),
        ("bench.py reference show t4 --format m", ["markdown"]),
        ("bench.py compare --min-batch ", []),
        ("bench.py run quick t", []),
        ("bench.py run --nonsense --max", ["--max-time"]),
    ],
)
def test_verbs_flags_and_names_are_completed(
    line: str, expected: list[str], tmp_path: Path
) -> None:
    """Verbs, their flags, matrices and published tables by name; nothing where nothing is known."""
    assert completions(line, tmp_path) == expected


def test_every_verb_is_offered(tmp_path: Path) -> None:
    """At the start of a line all verbs are there, and the long flags."""
    offered = completions("bench.py ", tmp_path)

    assert {"run", "report", "compare", "list", "plan", "--help", "--version"} <= set(offered)
    assert "-h" not in offered


@pytest.mark.parametrize(
    "line",
    [
        "bench.py report reports/1",
        "bench.py compare --run reports/1",
        "bench.py compare --reference reports/1",
        "bench.py run quick --resume rep",
    ],
)
def test_run_directories_are_completed(line: str, tmp_path: Path) -> None:
    """Only directories that hold a run: a folder beside them is not one."""
    store_run(tmp_path / "reports" / "1-quick", make_run(make_launch()))
    (tmp_path / "reports" / "1-other").mkdir()

    assert completions(line, tmp_path) == ["reports/1-quick"]


def test_runs_elsewhere_are_found_on_the_way_to_them(tmp_path: Path) -> None:
    """A folder that was begun is completed, and then the runs in it."""
    store_run(tmp_path / "elsewhere" / "2-quick", make_run(make_launch()))

    assert completions("bench.py report else", tmp_path) == ["elsewhere/"]
    assert completions("bench.py report elsewhere/", tmp_path) == ["elsewhere/2-quick"]


def test_files_are_completed_by_what_they_are_for(tmp_path: Path) -> None:
    """A matrix of the user's own is YAML, a table of their own is CSV."""
    for name in ("mine.yaml", "mine.csv", "mine.txt"):
        (tmp_path / name).touch()

    assert completions("bench.py run mi", tmp_path) == ["mine.yaml"]
    assert completions("bench.py compare --reference mi", tmp_path) == ["mine.csv"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_the_program_by_its_name(tmp_path: Path) -> None:
    """The line that the documentation gives teaches bash to complete."""
    bench = tmp_path / "bench.py"
    bench.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "bench.py"} "$@"\n')
    bench.chmod(0o755)
    script = REGISTERED.format(python=sys.executable, bench=bench)
    done = subprocess.run(
        ["bash", "-c", script, "bash", "bench.py run t4"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["t4_inference"]


@pytest.mark.parametrize("program", ["bench.py", "suite/__main__.py"])
def test_the_programs_carry_the_mark_that_shells_look_for(program: str) -> None:
    """Where completion of all Python programs is on, `python bench.py` is completed too."""
    assert "PYTHON_ARGCOMPLETE_OK" in (ROOT / program).read_text()[:1024]
