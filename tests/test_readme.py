"""The README stays true: its commands parse, its files exist, its examples are read."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_launch, make_run, store_run

from suite.cli.parser import make_parser
from suite.run.flags import parse_order
from suite.store.matrices import matrix_path, read_matrix

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
CODE = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
SET_UP, TEST = CODE[0].strip(), CODE[1].strip()


def commands(start: str) -> list[str]:
    """What follows `start` in every command of the README, placeholders filled in."""
    blocks = [line for block in CODE for line in block.splitlines()]
    quoted = re.findall(r"`([^`\n]+)`", README)
    found = [text for text in (*blocks, *quoted) if text.startswith(start)]
    filled = [text.replace("MATRIX", "matrices/quick.yaml").replace("CSV", "x") for text in found]
    return [text.removeprefix(start) for text in filled if "VERB" not in text]


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    """What a newcomer pastes is what CI pastes, and before it has installed anything else."""
    script = (ROOT / ".ci" / "run").read_text()

    assert "bench.py run matrices/quick.yaml" in SET_UP
    assert "pytest" in TEST
    assert script.index(SET_UP) < script.index(TEST) < script.index("components.sh")


@pytest.mark.parametrize("command", commands("python bench.py "))
def test_every_command_parses(command: str) -> None:
    """No verb or flag in the README is one that bench.py does not know."""
    given = make_parser().parse_args(shlex.split(command))

    matrix = getattr(given, "matrix", None)
    assert matrix is None or (ROOT / matrix_path(matrix)).is_file()


def test_the_command_by_hand_parses() -> None:
    """The worker's command in the README is one it accepts."""
    (command,) = commands("python -m suite.kernels ")

    assert parse_order(shlex.split(command)).cell.id == "inference-amp-bs8-1gpu"


def test_the_notebook_example_runs(tmp_path: Path) -> None:
    """The Python in the README works as it stands on a folder of runs, and prints its numbers."""
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    launch = make_launch(step_seconds=(0.1, 0.3))
    store_run(tmp_path / "reports" / "1-quick", make_run(launch))
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert re.search(r"inference-fp32-bs8-1gpu +ok +40\.0", done.stdout)
    assert re.search(r"0 +inference-fp32-bs8-1gpu +2\.0 +0\.2", done.stdout)


def test_every_verb_and_matrix_is_in_the_readme() -> None:
    """Nothing ships that the README does not mention."""
    help_text = make_parser().format_help()
    verbs = re.findall(r"^    (\w+)  ", help_text, re.MULTILINE)

    assert verbs
    for verb in verbs:
        assert f"python bench.py {verb}" in README
    for path in (ROOT / "matrices").glob("*.yaml"):
        assert f"`{path.name}`" in README


def test_every_link_leads_somewhere() -> None:
    """Relative links of the documents name files that exist."""
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "reference/README.md"):
        document = ROOT / name
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{name}: {target}"


def test_the_example_matrix_is_one(tmp_path: Path) -> None:
    """The matrix shown in the README is read as it stands."""
    (tmp_path / "matrices").mkdir()
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "t4.csv").touch()
    path = tmp_path / "matrices" / "mine.yaml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0])

    assert len(read_matrix(path).cells) == 6


def test_the_example_of_hosts_is_read(tmp_path: Path) -> None:
    """What the README shows of several hosts is part of a matrix as it stands."""
    path = tmp_path / "hosts.yaml"
    part = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[1]
    path.write_text(f"purpose: x\nprotocol: {{warmup_steps: 1, measured_steps: 2}}\n{part}")
    matrix = read_matrix(path)

    assert [cell.gpus for cell in matrix.cells] == [1, 1, 8, 8, 16, 16]
    assert matrix.distributed.slots == 16


def test_shown_output_is_filled_in() -> None:
    """No placeholder is left where real output belongs."""
    assert not re.findall(r"@[A-Z]+@", README)


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"tensorflow", "pandas", "pydantic", "yaml", "numpy", "jinja2"}),
        (["devices"], {"tensorflow", "pandas", "pydantic", "yaml", "numpy", "jinja2"}),
        (["plan", "matrices/any_gpu.yaml"], {"tensorflow", "keras", "pandas", "numpy", "jinja2"}),
        (["compare", "--reference", "reference/t4.csv"], {"tensorflow", "keras"}),
    ],
)
def test_a_verb_imports_only_what_it_needs(arguments: list[str], unwanted: set[str]) -> None:
    """Quick verbs stay quick, and TensorFlow is imported by launches alone."""
    code = (
        "import sys; from suite.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('MODULES', *sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.rpartition("MODULES ")[2].split())

    assert not unwanted & loaded
