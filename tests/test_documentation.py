"""The README and the pages under docs/ stay true: their commands run, their examples are read."""

import os
import re
import shlex
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from builders import (
    make_cell,
    make_course,
    make_launch,
    make_run,
    make_training,
    make_training_header,
    store_run,
    store_training,
)

from suite.cli import main
from suite.cli.ab_sides import parse_side
from suite.cli.chosen_matrix import chosen_matrix
from suite.cli.parser import make_parser
from suite.cli.work import check_flags
from suite.model.cell import Precision
from suite.model.errors import ExitCode
from suite.model.finding import FindingKind
from suite.run.flag_table import given_flags
from suite.run.flags import parse_order
from suite.run.training_flags import training_of
from suite.store.matrices import read_matrix
from suite.store.recipes import read_recipe, recipe_path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
GUIDE = {"README.md": README, **{f"docs/{name}": text for name, text in PAGES.items()}}
# Beside them, what is linked and parsed, but not run: some of it changes the checkout.
OTHERS = ("CONTRIBUTING.md", "CHANGELOG.md", "reference/README.md", "reports/README.md")
CODE = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
SET_UP, TEST = CODE[0].strip(), CODE[1].strip()
MOST_LINES = 150

# Verbs that measure or compute; the others read what is there and write about it.
SLOW = {
    *("run", "ab", "data", "selfcheck", "train", "project"),
    *("evaluate", "predict", "export"),
}
PLACEHOLDERS = {
    "MATRIX": "quick",
    "RUN": "reports/1-quick",
    "RUN2": "reports/2-quick",
    "TRAINING": "reports/1-train",
    "TRAINING2": "reports/2-train",
    "CSV": "t4",
    "FILE": "baselines/t4.json",
    "DIR": "out",
    "RECIPE": "dgx1_90epochs",
    "SIDE": "unchanged",
    "new/bin/python": sys.executable,
}
# What starts a command of the suite: in a checkout, in its environment, and in a container.
BENCH = re.compile(r"(?:^|[ /])(?:python bench\.py|docker run .* resnet50-bench) (.+)$")


def commands(text: str) -> list[str]:
    """What is typed: every line of a block of code, and every piece of code within a line.

    What a CI service runs has tests of its own.
    """
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [*lines, *inline]


def calls(text: str) -> list[str]:
    """The words after `python bench.py` of every command, with placeholders filled in."""
    found = [match[1] for command in commands(text) if (match := BENCH.search(command))]
    for placeholder, value in PLACEHOLDERS.items():
        found = [re.sub(rf"\b{placeholder}\b", value, call) for call in found]
    return list(dict.fromkeys(call for call in found if not call.endswith("--help")))


CALLS = list(dict.fromkeys(call for text in GUIDE.values() for call in calls(text)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands are run: the matrices, the tables, two runs and two trainings."""
    for name in ("matrices", "recipes", "reference", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    cell = make_cell(precision=Precision.AMP, batch_size=64)
    for number in (1, 2):
        launches = [make_launch(cell=cell, launch=n, step_seconds=(0.1, 0.3)) for n in (0, 1)]
        began = f"2026-01-0{number}T03:04:05+00:00"
        table = str(tmp_path / "reference" / "t4.csv")
        run = make_run(*launches, reference=table, started_at=began)
        store_run(tmp_path / "reports" / f"{number}-quick", run)
        header = make_training_header(training=make_training(seed=number))
        store_training(tmp_path / "reports" / f"{number}-train", header, make_course(70))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    return tmp_path


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.usefixtures("folder")
def test_every_command_runs(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Quick verbs do what is written; the others take the words, with the matrix that they name."""
    words = shlex.split(call)
    given = make_parser().parse_args(words)
    if given.verb in {"baseline", "gate"} and getattr(given, "action", None) != "save":
        # What an earlier command has made.
        file = str(given.file if given.verb == "baseline" else given.baseline)
        made = ["baseline", "save", file, "--run", "reports/1-quick", "--why", "a test"]
        if file.endswith(".json"):
            assert main(made) == ExitCode.GOOD
    if given.verb == "gate" and given.confirm:
        words.remove("--confirm")
    if given.verb not in SLOW:
        code = main(words)
        said = capsys.readouterr()
        # A verdict may be any; what is not understood, or breaks, is none.
        verdicts = {ExitCode.GOOD, ExitCode.REGRESSION, ExitCode.INCONCLUSIVE}
        if given.verb == "doctor":  # this machine may have findings
            verdicts = {ExitCode.GOOD, ExitCode.CELL_FAILED}
        assert code in verdicts, said.err
        assert said.out
    elif given.verb == "run":
        check_flags(given)
        assert chosen_matrix(given).cells
    elif given.verb in {"train", "project"}:
        assert read_recipe(recipe_path(given.recipe), given.precision, given.settings).training
    elif given.verb == "ab":
        for name, side in (("a", given.a), ("b", given.b)):
            assert parse_side(name, side).cells_of(chosen_matrix(given))


def test_commands_are_found_in_all_forms() -> None:
    """A command in a block, in a table and in a container is each found and run."""
    assert {"list", "compare", "run quick", "devices", "doctor", "schema"} <= set(CALLS)
    assert "compare --reference t4 --fail-below 0.9 --min-batch 32" in CALLS
    assert calls("`docker run --rm -v a:b resnet50-bench list`") == ["list"]


@pytest.mark.parametrize("name", ["reference/README.md", "reports/README.md"])
def test_commands_beside_the_guide_parse(name: str) -> None:
    """No verb or flag there is one that bench.py does not know."""
    found = calls((ROOT / name).read_text())

    assert found
    for call in found:
        make_parser().parse_args(shlex.split(call))


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    """What a newcomer pastes is what CI pastes, and before it has installed anything else."""
    script = (ROOT / ".ci" / "run").read_text()

    assert "bench.py run matrices/quick.yaml" in SET_UP
    assert "pytest" in TEST
    assert script.index(SET_UP) < script.index(TEST) < script.index("components.sh")


def test_the_command_by_hand_parses() -> None:
    """The worker's command is one that it accepts."""
    start = "python -m suite.kernels "
    (command,) = (found for found in commands(PAGES["running.md"]) if found.startswith(start))

    assert parse_order(shlex.split(command.removeprefix(start))).cell.id == "inference-amp-bs8-1gpu"


def test_the_published_script_by_hand_is_the_recipe_that_it_names() -> None:
    """What the page about training pastes trains what it says."""
    start = "python -m suite.kernels "
    (command,) = (found for found in commands(PAGES["training.md"]) if found.startswith(start))
    given = given_flags(shlex.split(command.removeprefix(start)))
    recipe = read_recipe(recipe_path(Path("dgx1_90epochs")), "amp").training

    assert training_of(given, {}).chosen.training.recipe == recipe.recipe


def test_installers_exist() -> None:
    """Every module and script that is started by hand is there."""
    found = {
        match[1]
        for text in GUIDE.values()
        for command in commands(text)
        if (match := re.match(r"(?:python -m (?=suite)|bash )([\w./]+)", command))
    }

    assert {"suite.install.horovod", "suite/install/components.sh"} <= found
    for name in found:
        path = ROOT / (name if "/" in name else name.replace(".", "/"))
        assert path.exists() or path.with_suffix(".py").exists(), name


EXAMPLES = re.findall(r"```python\n(.*?)```", PAGES["python.md"], re.DOTALL)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A folder with a run and the tables, where somebody opens a notebook."""
    launch = make_launch(step_seconds=(0.1, 0.3))
    store_run(tmp_path / "reports" / "1-quick", make_run(launch))
    (tmp_path / "reference").symlink_to(ROOT / "reference")
    return tmp_path


def printed(example: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_notebook_example_runs(notebook: Path) -> None:
    """The Python works as it stands on a folder of runs, and prints its numbers."""
    text = printed(EXAMPLES[0], notebook)

    assert re.search(r"inference-fp32-bs8-1gpu +ok +40\.0", text)
    assert re.search(r"0 +inference-fp32-bs8-1gpu +2\.0 +0\.2", text)


def test_the_notebook_example_with_a_published_table_runs(notebook: Path) -> None:
    """It prints the published throughput of the cell and the ratio."""
    text = printed(EXAMPLES[1], notebook)

    assert re.search(r"throughput_img_s_published +341\.77", text)
    assert re.search(r"throughput_img_s_ratio +0\.156", text)


def test_every_verb_and_matrix_has_its_place() -> None:
    """Nothing ships that the guide does not mention: verbs in the README, matrices in theirs."""
    verbs = re.findall(r"^    (\w+)  ", make_parser().format_help(), re.MULTILINE)

    assert {"run", "reference", "selfcheck"} <= set(verbs)
    for verb in verbs:
        assert f"python bench.py {verb}" in README
    for path in (ROOT / "matrices").glob("*.yaml"):
        assert f"`{path.name}`" in PAGES["matrices.md"]


def test_every_check_of_the_doctor_is_explained() -> None:
    """What a finding of each kind is, or why it is a note."""
    section = PAGES["troubleshooting.md"].partition("\n| checked |")[2].partition("\n## ")[0]

    for kind in FindingKind:
        assert kind.value in section, kind


def test_every_file_of_a_report_is_explained(folder: Path) -> None:
    """Whatever `report` writes into a run's directory stands in the table of its files."""
    run = folder / "reports" / "1-quick"
    before = set(run.iterdir())
    assert main(["report", str(run)]) == ExitCode.GOOD
    written = {path.name + "/" * path.is_dir() for path in set(run.iterdir()) - before}

    assert {"report.html", "report.json", "plots/"} <= written
    for name in written:
        assert re.search(rf"^\| `{name}` \|", PAGES["records.md"], re.MULTILINE), name


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    """It is read to its end, and each page of the guide is found from it."""
    assert len(README.splitlines()) <= MOST_LINES
    for name in PAGES:
        assert f"](docs/{name})" in README


def anchors(document: Path) -> set[str]:
    """The names under which GitHub finds the headings of a document."""
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", [*GUIDE, *OTHERS])
def test_every_link_leads_somewhere(name: str) -> None:
    """Links within the checkout name files that exist, and headings in them."""
    document = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        path, _, anchor = target.partition("#")
        if ":" not in path:
            linked = document.parent / path if path else document
            assert linked.exists(), target
            assert not anchor or anchor in anchors(linked), target


def examples(page: str) -> list[str]:
    """The YAML of a page."""
    return re.findall(r"```yaml\n(.*?)```", PAGES[page], re.DOTALL)


def test_the_example_matrix_is_one(tmp_path: Path) -> None:
    """The matrix shown is read as it stands."""
    (tmp_path / "matrices").mkdir()
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "t4.csv").touch()
    path = tmp_path / "matrices" / "mine.yaml"
    path.write_text(examples("matrices.md")[0])

    assert len(read_matrix(path).cells) == 6


def test_every_recipe_has_its_place() -> None:
    """The page about training names each that ships."""
    for path in (ROOT / "recipes").glob("*.yaml"):
        assert f"`{path.stem}`" in PAGES["training.md"]


def test_the_example_recipe_is_read(tmp_path: Path) -> None:
    """The recipe shown is read as it stands, in both precisions."""
    path = tmp_path / "mine.yaml"
    path.write_text(examples("training.md")[0])

    assert read_recipe(path).training.cell.batch_size == 64
    assert read_recipe(path, "amp").training.recipe.static_loss_scale is None


def test_the_example_of_rules_is_the_file() -> None:
    """What is shown is what `gate-rules.yaml` holds, which is tested elsewhere."""
    assert examples("baselines.md") == [(ROOT / "docs" / "gate-rules.yaml").read_text()]


def test_the_example_of_hosts_is_read(tmp_path: Path) -> None:
    """What is shown of several hosts is part of a matrix as it stands."""
    path = tmp_path / "hosts.yaml"
    part = examples("several-gpus-and-hosts.md")[0]
    path.write_text(f"purpose: x\nprotocol: {{warmup_steps: 1, measured_steps: 2}}\n{part}")
    matrix = read_matrix(path)

    assert [cell.gpus for cell in matrix.cells] == [1, 1, 8, 8, 16, 16]
    assert matrix.distributed.slots == 16


@pytest.mark.parametrize("name", GUIDE)
def test_shown_output_is_filled_in_and_fits(name: str) -> None:
    """No placeholder is left where real output belongs, and none is wider than what is printed."""
    shown = re.findall(r"```text\n(.*?)```", GUIDE[name], re.DOTALL)

    assert not re.findall(r"@[A-Z]+@", GUIDE[name])
    assert all(len(line) <= 100 for block in shown for line in block.splitlines())


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], {"tensorflow", "pandas", "pydantic", "yaml", "numpy", "jinja2"}),
        (["devices"], {"tensorflow", "pandas", "pydantic", "yaml", "numpy", "jinja2"}),
        (["doctor"], {"tensorflow", "pandas", "pydantic", "yaml", "numpy", "jinja2"}),
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
