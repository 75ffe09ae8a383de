"""suite.machine.user: the name in a log of people, whatever this machine knows of them."""

import getpass
import subprocess
from pathlib import Path

import pytest

from suite.machine.user import user_name


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of a user whom git does not know."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LOGNAME", "login")


def test_a_name_in_git_comes_first() -> None:
    """In any script, on one line."""
    subprocess.run(["git", "config", "--global", "user.name", "Ada Łukasiewicz"], check=True)

    assert user_name() == "Ada Łukasiewicz"


def test_without_one_it_is_the_login() -> None:
    """Also where a name in git is empty."""
    assert user_name() == "login"
    subprocess.run(["git", "config", "--global", "user.name", " "], check=True)
    assert user_name() == "login"


def test_without_git_it_is_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that measures needs no git."""
    monkeypatch.setenv("PATH", "")

    assert user_name() == "login"


def test_a_user_without_an_entry_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number."""

    def unnamed() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", unnamed)

    assert user_name() == "unknown"
