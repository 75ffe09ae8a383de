"""The workflow for runners with a GPU: every line of it runs, and a job ends as it should."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import junitparser
import pytest
import yaml
from ci_jobs import (
    BASELINE,
    MATRIX,
    ROOT,
    SIMULATED,
    Ended,
    bring_baseline,
    faster,
    installed,
    make_repository,
    make_stand_ins,
    run_lines,
    slower,
)

from suite.store.baselines import read_baseline

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# YAML takes the key `on` for true.
WORKFLOW: dict[Any, Any] = yaml.safe_load(
    (ROOT / ".github/workflows/gpu-regression.yml").read_text()
)
(JOB,) = WORKFLOW["jobs"].values()
STEPS = JOB["steps"]
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # that of `shell: bash`

DOCTOR = "Look for what makes numbers noisy"
AB, MEASURE, GATE, UPDATE = (
    "Measure the pull request beside its base",
    "Measure",
    "Judge against the stored baseline",
    "Add the run to the baseline",
)


@dataclass
class Job:
    """A job under way: what started it and where it runs, how its steps ended, and what it kept.

    `given` are variables in place of those of the workflow.
    """

    event: str
    container: bool
    repository: Path
    stand_ins: Path
    summary: Path
    given: Mapping[str, str] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    failed: bool = False
    artifacts: dict[str, set[str]] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """Those of the workflow, and those that GitHub sets."""
        own = {name: self.value(str(value)) for name, value in WORKFLOW["env"].items()}
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_RUN_ID": "17",
            **own,
            **self.given,
        }

    def value(self, text: str) -> str:
        """The text with every expression worked out; one that is not known here is an error."""
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self._expression(found[1]), text)

    def _expression(self, expression: str) -> str:
        return {
            "inputs.matrix || vars.GPU_MATRIX || 'gpu_regression'": MATRIX,
            "vars.GPU_BASELINE || 'baselines/gpu.json'": BASELINE,
            "(inputs.container || vars.GPU_CONTAINER == 'true') && 'resnet50-bench:ci' || ''": (
                "resnet50-bench:ci" if self.container else ""
            ),
            "env.BASELINE": BASELINE,
        }[expression]

    def wants(self, condition: str | None) -> bool:
        """Whether a step with this `if` runs now."""
        good = not self.failed
        conditions: Mapping[str | None, Callable[[], bool]] = {
            None: lambda: good,
            "always()": lambda: True,
            "github.event_name == 'pull_request'": lambda: good and self.event == "pull_request",
            "github.event_name != 'pull_request'": lambda: good and self.event != "pull_request",
            "${{ !cancelled() && github.event_name == 'push'"
            " && steps.measure.outcome != 'skipped' }}": (
                lambda: self.event == "push" and MEASURE in self.ended
            ),
            "github.event_name == 'schedule' || github.event_name == 'workflow_dispatch'": (
                lambda: good and self.event in {"schedule", "workflow_dispatch"}
            ),
        }
        return conditions[condition]()

    def do(self, step: Mapping[str, Any]) -> None:
        """Do a step as the runner would."""
        assert set(step) <= {"name", "id", "if", "uses", "with", "run", "continue-on-error"}
        if not self.wants(step.get("if")):
            return
        if "uses" in step:
            self._use(step["uses"].partition("@")[0], step["with"])
            return
        ended = run_lines(step["run"], self.repository, self.stand_ins, self.variables, *SHELL)
        self.ended[step["name"]] = ended
        self.failed |= ended.code != 0 and not step.get("continue-on-error", False)

    def _use(self, action: str, given: Mapping[str, Any]) -> None:
        if action == "actions/upload-artifact":
            found = {
                str(path.relative_to(self.repository))
                for line in self.value(given["path"]).split()
                for place in self.repository.glob(line.rstrip("/"))
                for path in (place.rglob("*") if place.is_dir() else [place])
            }
            self.artifacts[given["name"]] = found
        else:
            # The repository is there, with its history and without a token.
            assert action == "actions/checkout"
            assert given == {"fetch-depth": 0, "persist-credentials": False}


def do_job(
    folder: Path,
    event: str,
    change: Callable[[Path], object],
    *,
    container: bool = False,
    matrix: str = SIMULATED,
    given: Mapping[str, str] | None = None,
    prepare: Callable[[Job], object] | None = None,
) -> Job:
    """The job, started by this event in a repository with this change, once that is prepared."""
    job = Job(
        event=event,
        container=container,
        repository=make_repository(folder / "repository", change, matrix),
        stand_ins=make_stand_ins(folder / "stand-ins"),
        summary=folder / "summary.md",
        given=given or {},
    )
    if prepare is not None:
        prepare(job)
    for step in STEPS:
        job.do(step)
    return job


def cases(job: Job, name: str) -> list[tuple[str, list[str]]]:
    """The outcomes in a JUnit file among the artifacts: test case, and what is not passed."""
    (path,) = (each for each in job.artifacts["junit"] if each.endswith(f"/{name}"))
    (suite,) = junitparser.JUnitXml.fromfile(str(job.repository / path))
    return [(case.name, [type(result).__name__ for result in case.result]) for case in suite]


def with_baseline(job: Job) -> None:
    bring_baseline(job.repository)


BARE = pytest.param(False, id="bare")
# An A/B that shows something takes twenty launches at least.
CONTAINER = pytest.param(True, id="container", marks=pytest.mark.slow)


@pytest.mark.parametrize("container", [BARE, CONTAINER])
def test_a_pull_request_that_slows_steps_down_fails(tmp_path: Path, container: bool) -> None:  # noqa: FBT001
    """With 1, its test case, its mark, its summary and its artifacts; the base is unchanged."""
    job = do_job(tmp_path, "pull_request", slower, container=container)
    ended = job.ended[AB]

    assert ended.code == 1, ended.text
    assert job.failed
    # What it finds on this machine is no matter of the change.
    assert job.ended[DOCTOR].code in {0, 3}, job.ended[DOCTOR].text
    assert MEASURE not in job.ended
    assert cases(job, "ab.xml") == [("training-fp32-bs8-1gpu-simulated", ["Failure"])]
    assert "\n::error title=training-fp32-bs8-1gpu-simulated::regressed: time b/a " in ended.text
    assert "1 cell: 1 regressed" in job.summary.read_text()
    assert {path.rpartition("/")[2] for path in job.artifacts["junit"]} == {"ab.xml"}
    assert any(path.endswith("-ab/ab.json") for path in job.artifacts["reports"])
    assert installed(job.stand_ins) == ([] if container else [".[gpu]"])


@pytest.mark.slow
def test_a_pull_request_that_changes_what_is_installed_compares_both_environments(
    tmp_path: Path,
) -> None:
    """Another TensorFlow is a change too: the base runs on what its own project file asks for."""

    def change(repository: Path) -> None:
        faster(repository)
        with (repository / "pyproject.toml").open("a") as file:
            file.write("# another version\n")

    job = do_job(tmp_path, "pull_request", change)
    (path,) = (each for each in job.artifacts["reports"] if each.endswith("/ab.json"))
    report = json.loads((job.repository / path).read_text())

    assert job.ended[AB].code == 0, job.ended[AB].text
    assert installed(job.stand_ins) == [".[gpu]", ".venv/base-source[gpu]"]
    assert report["a"].endswith(", python=.venv/base")
    assert cases(job, "ab.xml") == [("training-fp32-bs8-1gpu-simulated", [])]


@pytest.mark.parametrize("container", [BARE, CONTAINER])
def test_a_push_of_what_slows_steps_down_fails_once_it_was_measured_again(
    tmp_path: Path,
    container: bool,  # noqa: FBT001
) -> None:
    """The baseline raises the suspicion, and pairs with its commit show it: exit code 1."""
    job = do_job(tmp_path, "push", slower, container=container, prepare=with_baseline)
    ended = job.ended[GATE]
    name = "training-fp32-bs8-1gpu-simulated"

    assert ended.code == 1, ended.text
    assert job.ended[MEASURE].code == 0
    assert cases(job, "gate.xml") == [(name, ["Failure"])]
    assert f"\n::error title={name}::regressed in 5 pairs, measured again: " in ended.text
    assert "regressed" in job.summary.read_text()
    files = {path.rpartition("/")[2] for path in job.artifacts["reports"]}
    assert {"run.json", "gate.md", "gate.json", "ab.json"} <= files
    assert {path.rpartition("/")[2] for path in job.artifacts["junit"]} == {
        "ab.xml",
        "gate.xml",
        "junit.xml",
    }


@pytest.mark.parametrize("container", [False, True], ids=["bare", "container"])
def test_a_push_measures_and_keeps_what_it_measured(tmp_path: Path, container: bool) -> None:  # noqa: FBT001
    """Even if the gate then has no baseline to judge by."""
    job = do_job(tmp_path, "push", lambda repository: (repository / "note").touch(),
                 container=container)  # fmt: skip

    assert job.ended[MEASURE].code == 0, job.ended[MEASURE].text
    assert AB not in job.ended
    assert UPDATE not in job.ended
    assert cases(job, "junit.xml") == [("training-fp32-bs8-1gpu-simulated", [])]
    assert "training-fp32-bs8-1gpu-simulated" in job.summary.read_text()
    assert sum(path.endswith("/run.json") for path in job.artifacts["reports"]) == 1
    assert job.ended[GATE].code == 2
    assert BASELINE in job.ended[GATE].text


def test_a_nightly_run_becomes_a_baseline_and_is_added_to_one(tmp_path: Path) -> None:
    """The file is kept beside its run, for a person to commit."""

    def change_nothing(repository: Path) -> None:
        (repository / "note").touch()

    first = do_job(tmp_path / "first", "schedule", change_nothing)

    def with_the_first(job: Job) -> None:
        folder = job.repository / "baselines"
        folder.mkdir()
        (folder / "gpu.json").write_text((first.repository / BASELINE).read_text())

    second = do_job(tmp_path / "second", "schedule", change_nothing, prepare=with_the_first)

    for number, job in enumerate((first, second), 1):
        assert not job.failed, job.ended
        assert not {AB, GATE} & set(job.ended)
        assert BASELINE in job.artifacts["reports"]
        assert sum(path.endswith("/run.json") for path in job.artifacts["reports"]) == 1
        stored = read_baseline(job.repository / BASELINE)
        assert len(stored.sessions) == number
        assert stored.changes[-1].why == "schedule, run 17"


def test_every_line_is_run_by_some_test() -> None:
    """Each step with lines is one that a test above asserts on, or that all of them begin with."""
    begun = {
        "A GPU is there",
        "Install, or build the image",
        DOCTOR,
    }

    assert {step["name"] for step in STEPS if "run" in step} == begun | {AB, MEASURE, GATE, UPDATE}


def test_no_expression_stands_in_a_line() -> None:
    """What GitHub puts into a line becomes part of the program; variables stay text."""
    assert not [step for step in STEPS if "${{" in step.get("run", "")]


def test_the_job_may_read_and_nothing_else() -> None:
    """Neither a secret nor a right to write reaches a machine that others may use as well."""
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "secrets" not in json.dumps({str(key): value for key, value in WORKFLOW.items()})
    assert "permissions" not in JOB
    assert "github.event.pull_request.head.repo.full_name == github.repository" in JOB["if"]
    assert "pull_request_target" not in WORKFLOW[True]


def test_jobs_do_not_share_a_gpu() -> None:
    """One at a time on the runners of the same labels, and the suite waits for its own lock."""
    labels = "inputs.labels || vars.GPU_RUNNER"

    assert JOB["runs-on"] == f"${{{{ fromJSON({labels}) }}}}"
    assert JOB["concurrency"] == {
        "group": f"gpu-regression-${{{{ {labels} }}}}",
        "cancel-in-progress": False,
    }
    for step in STEPS:
        if step.get("name") in {AB, MEASURE}:
            assert " --wait " in step["run"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=[path.name for path in WORKFLOWS])
def test_github_would_read_it(path: Path) -> None:
    """By the schema of workflows."""
    schema = ("--builtin-schema", "vendor.github-workflows")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


REAL = """\
purpose: a test
device: any
protocol: {warmup_steps: 1, measured_steps: 4}
axes: {mode: [inference], precision: [fp32], xla: [false], batch_size: [1]}
"""


@pytest.mark.slow
def test_a_pull_request_is_measured_on_the_real_network(tmp_path: Path) -> None:
    """As on a GPU, but on this CPU: whatever is found, the exit code and the test case agree."""
    job = do_job(
        tmp_path,
        "pull_request",
        lambda repository: (repository / "note").touch(),
        matrix=REAL,
        given={"MAX_TIME": "20s"},  # a pair at least; more would end as it may as well
    )
    ((name, outcome),) = cases(job, "ab.xml")

    assert name == "inference-fp32-bs1-1gpu"
    expected = {"Failure": 1, "Error": 3, "Skipped": 0}[outcome[0]] if outcome else 0
    assert job.ended[AB].code == expected, job.ended[AB].text
    assert "img/s" in job.ended[AB].text


@pytest.mark.slow
def test_a_push_measures_the_real_network(tmp_path: Path) -> None:
    """As on a GPU, but on this CPU."""
    job = do_job(tmp_path, "push", lambda repository: (repository / "note").touch(), matrix=REAL)

    assert job.ended[MEASURE].code == 0, job.ended[MEASURE].text
    assert cases(job, "junit.xml") == [("inference-fp32-bs1-1gpu", [])]
