"""suite.machine.environment: what is recorded of the surroundings, and what never is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from suite.kernels import packages
from suite.machine.devices import detect_machine
from suite.machine.environment import _code, _commit, fingerprint


def test_versions_are_recorded_without_importing_frameworks() -> None:
    """The fingerprint is JSON and knows Python's and the suite's version."""
    before = set(sys.modules)
    facts = fingerprint(detect_machine(), packages())

    assert json.loads(json.dumps(facts)) == facts
    assert facts["python"] == sys.version.split()[0]
    assert not {"tensorflow", "keras", "horovod"} & (set(sys.modules) - before)


def variables() -> dict[str, str]:
    """The settings in the fingerprint of this moment."""
    found = fingerprint(detect_machine(), packages())["variables"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_ENABLE_ONEDNN_OPTS", "1"),
        ("CUDA_LAUNCH_BLOCKING", "1"),
        ("CUDA_VISIBLE_DEVICES", "GPU-8a56a4bc-52d4-11ee-be56-0242ac120002"),
        ("NVIDIA_TF32_OVERRIDE", "0"),
        ("XLA_FLAGS", "--xla_disable_hlo_passes=fusion --xla_gpu_autotune_level=4"),
        ("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"),
        ("NCCL_SOCKET_IFNAME", "=eth0"),
    ],
)
def test_settings_that_change_the_speed_are_recorded(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """As they are, so that a number can be explained and a change be named."""
    monkeypatch.setenv(name, value)

    assert variables()[name] == value


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("TF_API_TOKEN", "hunter2", None),
        ("TF_VAR_db", "hunter2", None),
        ("AWS_SECRET_ACCESS_KEY", "hunter2", None),
        ("MY_PASSWORD", "hunter2", None),
        ("HOME_SWEET", "hunter2", None),
        ("HOROVOD_STORE", "s3://user:hunter2@bucket", "s3://bucket"),
        ("HOROVOD_LOG", "https://user:hun/ter2@hunter2@host/path", "https://host/path"),
        ("TF_CONFIG", '{"api_key": "hunter2"}', "withheld"),
        ("XLA_FLAGS", "--xla_cpu_enable_fast_math --auth-token=hunter2", "withheld"),
        ("HOROVOD_OPTIONS", "--password hunter2", "withheld"),
        ("HOROVOD_URL", "https://host/path?token=hunter2", "withheld"),
        ("HOROVOD_BLOB", "https://host/path?sv=1&sig=hunter2", "withheld"),
        ("NCCL_HEADER", "Bearer hunter2", "withheld"),
        ("NCCL_ID", "AKIAhunter2EXAMPLEhunter2", "withheld"),
        ("NCCL_JWT", "eyJhbGciOiJIUzI1NiIsInR5.hunter2", "withheld"),
    ],
)
def test_no_secret_is_recorded(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, kept: str | None
) -> None:
    """Variables outside the list, names and values like secrets, and users in URLs stay out."""
    monkeypatch.setenv(name, value)
    facts = fingerprint(detect_machine(), packages())
    found = variables().get(name)

    assert "hunter2" not in json.dumps(facts)
    assert found == ("(withheld: looks like a secret)" if kept == "withheld" else kept)


def test_versions_of_an_image_without_packages_are_those_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NVIDIA's images have CUDA, cuDNN and NCCL outside of Python, and say which."""
    monkeypatch.setenv("CUDNN_VERSION", "9.6.0.74")
    monkeypatch.setattr("suite.machine.environment._PACKAGES", {"cudnn": ("no-such-package",)})

    assert fingerprint(detect_machine(), packages())["cudnn"] == "9.6.0.74"


def test_an_nvidia_container_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """NVIDIA's images are known by the variables that they set."""
    monkeypatch.setenv("NVIDIA_BUILD_ID", "13409399")
    monkeypatch.setenv("NVIDIA_TENSORFLOW_VERSION", "20.06-tf1")

    assert fingerprint(detect_machine(), packages())["container"] == (
        "NVIDIA TensorFlow 20.06-tf1 (build 13409399)"
    )


@pytest.mark.parametrize(
    ("variable", "kind"),
    [("APPTAINER_CONTAINER", "Apptainer"), ("KUBERNETES_SERVICE_HOST", "Kubernetes")],
)
def test_the_kind_of_a_container_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, kind: str
) -> None:
    """Where the image has no name that is known."""
    for name in ("NVIDIA_BUILD_ID", "NVIDIA_TENSORFLOW_VERSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, "x")

    assert fingerprint(detect_machine(), packages())["container"] == kind


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


def test_two_uncommitted_states_are_told_apart(checkout: Path) -> None:
    """Code that was changed and then changed again is another, at the same commit."""
    (checkout / "suite" / "code.py").write_text("a = 1")
    first = _code(checkout)
    (checkout / "suite" / "code.py").write_text("a = 2")
    second = _code(checkout)
    (checkout / "notes.txt").write_text("")

    assert first != second
    assert _code(checkout) == second
    assert _commit(checkout)["dirty"] is True


def test_the_commit_of_another_repository_is_not_claimed(checkout: Path) -> None:
    """Installed somewhere inside a repository, or outside of any, the suite has no commit."""
    nowhere = {"commit": None, "dirty": None}

    assert _commit(checkout / "suite") == nowhere
    assert _commit(checkout / "missing") == nowhere
