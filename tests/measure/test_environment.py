"""suite.measure.environment: what is recorded of the surroundings, and what never is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from suite.measure.devices import detect_machine
from suite.measure.environment import _commit, fingerprint


def test_versions_are_recorded_without_importing_frameworks() -> None:
    """The fingerprint is JSON and knows Python's and the suite's version."""
    before = set(sys.modules)
    facts = fingerprint(detect_machine())

    assert json.loads(json.dumps(facts)) == facts
    assert facts["python"] == sys.version.split()[0]
    assert not {"tensorflow", "keras", "horovod"} & (set(sys.modules) - before)


def test_only_known_settings_are_recorded_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables outside the list, names like secrets and users in URLs stay out."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("TF_API_TOKEN", "hunter2")
    monkeypatch.setenv("HOROVOD_STORE", "s3://user:hunter2@bucket")
    monkeypatch.setenv("HOROVOD_LOG", "https://user:hun/ter2@hunter2@host/path")
    monkeypatch.setenv("TF_CONFIG", '{"api_key": "hunter2"}')
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math --auth-token=hunter2")
    monkeypatch.setenv("MY_PASSWORD", "hunter2")
    monkeypatch.setenv("HOME_SWEET", "hunter2")
    facts = fingerprint(detect_machine())
    variables = facts["variables"]

    assert isinstance(variables, dict)
    assert variables["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert variables["HOROVOD_STORE"] == "s3://bucket"
    assert variables["HOROVOD_LOG"] == "https://host/path"
    assert variables["TF_CONFIG"] == variables["XLA_FLAGS"] == "(withheld: looks like a secret)"
    assert "hunter2" not in json.dumps(facts)


def test_an_nvidia_container_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """NVIDIA's images are known by the variables that they set."""
    monkeypatch.setenv("NVIDIA_BUILD_ID", "13409399")
    monkeypatch.setenv("NVIDIA_TENSORFLOW_VERSION", "20.06-tf1")

    assert fingerprint(detect_machine())["container"] == (
        "NVIDIA TensorFlow 20.06-tf1 (build 13409399)"
    )


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit of one file of code."""
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "code.py").write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path.resolve()


def test_the_commit_and_changes_of_the_code_are_recorded(checkout: Path) -> None:
    """Code that is new or changed makes a checkout dirty; a file beside the code does not."""
    commit = git(checkout, "rev-parse", "HEAD")
    (checkout / "notes.txt").write_text("")
    clean = _commit(checkout)
    (checkout / "suite" / "new.py").write_text("")

    assert clean == {"commit": commit, "dirty": False}
    assert _commit(checkout) == {"commit": commit, "dirty": True}


def test_the_commit_of_another_repository_is_not_claimed(checkout: Path) -> None:
    """Installed somewhere inside a repository, or outside of any, the suite has no commit."""
    nowhere = {"commit": None, "dirty": None}

    assert _commit(checkout / "suite") == nowhere
    assert _commit(checkout / "missing") == nowhere
