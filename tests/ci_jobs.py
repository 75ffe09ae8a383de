"""Does what a CI file tells a runner to do: every line, as the service would, in a repository.

The repository is one of this working tree, in which a change was merged into its base. What a
runner has and a test must not need has a stand-in: packages from the network, a GPU, and Docker. A
stand-in knows the calls that jobs make, and refuses any other.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# It takes the place of the matrix that jobs measure: one cell of few steps, as an A/B launches it
# forty times. A step takes 18 ms, and 73 ms after a change.
MATRIX = "gpu_regression"
BASELINE = "baselines/gpu.json"
SIMULATED = """\
purpose: a test
device: any
kernel: simulated
protocol: {warmup_steps: 1, measured_steps: 6, launches: 3}
axes: {mode: [training], precision: [fp32], xla: [false], batch_size: [8]}
"""
# Compiled modules stay: without them each job would compile the suite anew.
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "reports", "tests", "build", "dist", "*.egg-info", ".*_cache"
)
_GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")

_NVIDIA_SMI = """\
#!/bin/sh
[ "$*" = "-L" ] && echo "GPU 0: a stand-in"
"""
# A virtual environment has the packages that are installed here.
_PYTHON3 = """\
#!/bin/sh
[ "$1 $2 $#" = "-m venv 3" ] || {{ echo "not known: python3 $*" >&2; exit 99; }}
"{python}" -m venv --without-pip "$3" || exit 99
for folder in "$3"/lib/python3*/site-packages; do cp "{here}/all.pth" "$folder"; done
cp "{here}/pip" "$3/bin/pip"
"""
_PIP = """\
#!{python}
import pathlib, re, sys
asked = re.fullmatch(r"install -q (.+)\\[(\\w+)\\]", " ".join(sys.argv[1:]))
project = pathlib.Path(asked[1], "pyproject.toml").read_text() if asked else ""
if not asked or not re.search(rf"^{{asked[2]}} = \\[", project, re.MULTILINE):
    sys.exit(99)
with open("{here}/installed", "a") as log:
    print(*sys.argv[3:], file=log)
"""
# A container sees what is mounted. Its image has the variables of this machine, but for those that
# are set for a job: they have to be passed.
_DOCKER = """\
#!{python}
import os, pathlib, sys
images = pathlib.Path("{here}/images")
words = sys.argv[1:]
if words[:3] == ["build", "-q", "-t"] and len(words) == 5:
    assert (pathlib.Path(words[4]) / "Dockerfile").is_file()
    images.write_text(words[3])
    sys.exit(0)
if words[0] != "run":
    sys.exit(99)
of_job = ("CI", "GITHUB_", "CONTAINER", "BASELINE", "MATRIX", "HOME", "USER")
passed = {{name: text for name, text in os.environ.items() if not name.startswith(of_job)}}
mounted, words = {{}}, words[1:]
while words[0].startswith("--"):
    flag = words.pop(0)
    if flag in ("--rm", "--init"):
        continue
    value = words.pop(0)
    name, equals, given = value.partition("=")
    if flag == "--env" and (equals or name in os.environ):
        passed[name] = given if equals else os.environ[name]
    elif flag == "--volume":
        outside, inside = value.split(":")
        mounted[inside] = outside
    elif (flag, value) not in (("--gpus", "all"), ("--ipc", "host")):
        if flag != "--user" or value != f"{{os.getuid()}}:{{os.getgid()}}":
            sys.exit(125)
if words.pop(0) != images.read_text():
    sys.exit(125)
summary = passed.get("GITHUB_STEP_SUMMARY")
if summary and mounted.get(summary) != summary:
    sys.exit(125)
os.chdir(mounted["/suite"])
os.execve("{python}", ["{python}", "bench.py", *words], passed)
"""


@dataclass(frozen=True)
class Ended:
    """How a line of a job ended, and all that it printed."""

    code: int
    text: str


def make_repository(
    folder: Path, change: Callable[[Path], object], matrix: str = SIMULATED
) -> Path:
    """A repository whose head merges a change into its base, which is this working tree."""
    shutil.copytree(ROOT, folder, ignore=_LEFT_OUT, symlinks=True)
    (folder / "matrices" / f"{MATRIX}.yaml").write_text(matrix)
    _git(folder, "init", "-q", "-b", "main")
    _commit(folder, "base")
    _git(folder, "checkout", "-q", "-b", "change")
    change(folder)
    _commit(folder, "a change")
    _git(folder, "checkout", "-q", "main")
    _git(folder, "merge", "-q", "--no-ff", "-m", "merge", "change")
    return folder


def make_stand_ins(folder: Path) -> Path:
    """The folder of programs that stand before those of the machine."""
    folder.mkdir()
    packages = (path for path in sys.path if path.endswith("-packages"))
    (folder / "all.pth").write_text("\n".join(packages))
    programs = {"nvidia-smi": _NVIDIA_SMI}
    for name, text in (("python3", _PYTHON3), ("pip", _PIP), ("docker", _DOCKER)):
        programs[name] = text.format(python=sys.executable, here=folder)
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def installed(stand_ins: Path) -> list[str]:
    """What `pip install` was asked for, a line each."""
    log = stand_ins / "installed"
    return log.read_text().splitlines() if log.exists() else []


def run_lines(
    lines: str, repository: Path, stand_ins: Path, variables: Mapping[str, str], *shell: str
) -> Ended:
    """Run lines of a job with this shell, such as `bash -e`."""
    script = stand_ins / "lines"
    script.write_text(lines)
    done = subprocess.run(
        [*shell, str(script)],
        cwd=repository,
        env={**os.environ, **variables, "PATH": f"{stand_ins}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


def bring_baseline(repository: Path) -> None:
    """Let a run of the base be the baseline that jobs judge by."""
    path = repository / BASELINE
    path.parent.mkdir()
    path.write_text(_baseline_of_base())


@cache
def _baseline_of_base() -> str:
    """The baseline of a run of the base, which has the same commit in every repository."""
    python = f"{sys.executable} bench.py"
    lines = f"""
        git checkout -q HEAD^1
        {python} run {MATRIX} --out reports/base
        mkdir baselines
        {python} baseline save {BASELINE} --run reports/base/* --why test
    """
    with tempfile.TemporaryDirectory() as folder:
        repository = make_repository(Path(folder) / "repository", slower)
        stand_ins = make_stand_ins(Path(folder) / "stand-ins")
        ended = run_lines(lines, repository, stand_ins, {}, "bash", "-e")
        assert ended.code == 0, ended.text
        return (repository / BASELINE).read_text()


def slower(repository: Path) -> None:
    """Let a step of the simulated kernel take four times as long, which shows in any noise."""
    _set_fixed_seconds(repository, "0.020")


def faster(repository: Path) -> None:
    """Let it take a third less."""
    _set_fixed_seconds(repository, "0.0005")


def _set_fixed_seconds(repository: Path, seconds: str) -> None:
    path = repository / "suite" / "kernels" / "simulated.py"
    before = path.read_text()
    after = before.replace("_FIXED_SECONDS = 0.002\n", f"_FIXED_SECONDS = {seconds}\n")
    assert after != before
    path.write_text(after)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", message)


def _git(folder: Path, *words: str) -> None:
    """Run git as always at the same moment, so that equal files give equal commits."""
    moment = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-02T03:04:05Z")
    subprocess.run(
        [*_GIT, "-C", str(folder), *words],
        check=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **moment},
    )
