"""The examples for GitLab and Jenkins in docs/ci.md: every line runs, and ends as it should."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import junitparser
import pytest
import yaml
from ci_jobs import (
    ROOT,
    Ended,
    bring_baseline,
    installed,
    make_repository,
    make_stand_ins,
    run_lines,
    slower,
)

PAGE = (ROOT / "docs" / "ci.md").read_text()
(GITLAB_TEXT,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(JENKINS,) = re.findall(r"```groovy\n(.*?)```", PAGE, re.DOTALL)
GITLAB: dict[str, Any] = yaml.safe_load(GITLAB_TEXT)
# What GitLab's runner gives the lines of a job to, and Jenkins each line by itself.
GITLAB_SHELL = ("bash", "-eo", "pipefail")
JENKINS_SHELL = ("sh", "-xe")
CASE = "training-fp32-bs8-1gpu-simulated"


@pytest.fixture
def stand_ins(tmp_path: Path) -> Path:
    return make_stand_ins(tmp_path / "stand-ins")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One in which a change has made steps slower."""
    return make_repository(tmp_path / "repository", slower)


def git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_gitlab_would_read_it(tmp_path: Path) -> None:
    """By the schema of its files."""
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(GITLAB_TEXT)
    schema = ("--builtin-schema", "vendor.gitlab-ci")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def gitlab(name: str, repository: Path, stand_ins: Path, **variables: str) -> Ended:
    """The lines of a job, as its runner puts them together."""
    job = {**GITLAB[".gpu"], **GITLAB[name]}
    assert job["extends"] == ".gpu"
    lines = "\n".join([*job["before_script"], *job["script"]])
    return run_lines(lines, repository, stand_ins, {"CI": "true", **variables}, *GITLAB_SHELL)


def failed_cases(repository: Path, pattern: str, file: str) -> list[str]:
    """The failures in a JUnit file that a service would find by this pattern."""
    (path,) = (path for path in repository.glob(pattern) if path.name == file)
    (suite,) = junitparser.JUnitXml.fromfile(str(path))
    return [case.name for case in suite for result in case.result
            if isinstance(result, junitparser.Failure)]  # fmt: skip


def test_gitlab_fails_a_merge_request_that_slows_steps_down(
    repository: Path, stand_ins: Path
) -> None:
    """With 1 and not with the code that it would show as a warning, and with its test case."""
    base = git(repository, "rev-parse", "HEAD^1")
    ended = gitlab("merge-request", repository, stand_ins, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    job = GITLAB[".gpu"]

    assert ended.code == 1, ended.text
    assert job["allow_failure"] == {"exit_codes": [5]}
    assert installed(stand_ins) == [".[gpu]"]
    assert failed_cases(repository, job["artifacts"]["reports"]["junit"], "ab.xml") == [CASE]


@pytest.mark.slow
def test_gitlab_fails_main_where_steps_are_slower_than_in_the_baseline(
    repository: Path, stand_ins: Path
) -> None:
    """Once that was measured again."""
    bring_baseline(repository)
    ended = gitlab("main", repository, stand_ins)

    assert ended.code == 1, ended.text
    pattern = GITLAB[".gpu"]["artifacts"]["reports"]["junit"]
    assert failed_cases(repository, pattern, "gate.xml") == [CASE]


def test_every_job_of_gitlab_is_run_by_some_test() -> None:
    """Each is named above."""
    assert set(GITLAB) == {".gpu", "merge-request", "main"}


STAGES = dict(re.findall(r"stage\('([^']+)'\) \{\n(.*?)\n    \}\n", JENKINS, re.DOTALL))


def jenkins(stage: str, repository: Path, stand_ins: Path, **variables: str) -> Ended:
    """The steps of a stage up to the first that fails; a step that is no `sh` is an error."""
    (steps,) = re.findall(r"steps \{\n(.*?)\n      \}", STAGES[stage], re.DOTALL)
    ended = Ended(0, "")
    for step in steps.splitlines():
        line = re.fullmatch(r" *sh '([^']+)'", step)
        assert line, step
        ended = run_lines(line[1], repository, stand_ins, variables, *JENKINS_SHELL)
        if ended.code:
            break
    return ended


def test_jenkins_fails_a_pull_request_that_slows_steps_down(
    repository: Path, stand_ins: Path
) -> None:
    """What an earlier build left in the workspace is not taken for its own."""
    old = repository / "reports" / "ci" / "old"
    old.mkdir(parents=True)
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD^1")

    assert jenkins("Install", repository, stand_ins).code == 0
    assert not old.exists()
    ended = jenkins("Pull request", repository, stand_ins, CHANGE_TARGET="main")

    assert ended.code == 1, ended.text
    (pattern,) = re.findall(r"junit '([^']+)'", JENKINS)
    assert failed_cases(repository, pattern, "ab.xml") == [CASE]


@pytest.mark.slow
def test_jenkins_fails_main_where_steps_are_slower_than_in_the_baseline(
    repository: Path, stand_ins: Path
) -> None:
    """Once that was measured again."""
    bring_baseline(repository)
    assert jenkins("Install", repository, stand_ins).code == 0
    ended = jenkins("Main", repository, stand_ins)

    assert ended.code == 1, ended.text
    (pattern,) = re.findall(r"junit '([^']+)'", JENKINS)
    assert failed_cases(repository, pattern, "gate.xml") == [CASE]


def test_every_stage_of_jenkins_is_run_by_some_test() -> None:
    """Each is named above, and no line stands outside of them."""
    assert set(STAGES) == {"Install", "Pull request", "Main"}
    assert JENKINS.count("sh '") == sum(stage.count("sh '") for stage in STAGES.values()) == 6
