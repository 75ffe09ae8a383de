"""suite.run.selfcheck.fresh_process: work in a process of its own."""

import os

import pytest

from suite.run.selfcheck.fresh_process import in_fresh_process


def chatter(number: int) -> int:
    """Write as TensorFlow does, past Python, and fail for 0."""
    os.write(2, b"I0000 a line of start-up\n")
    return 12 // number


def test_what_the_work_says_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """Lines on its standard error do not mix with the table of checks."""
    assert in_fresh_process({}, chatter, 4) == 3
    assert capfd.readouterr().err == ""


def test_what_failed_work_said_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """An error comes with the lines before it, which may tell why."""
    with pytest.raises(ZeroDivisionError):
        in_fresh_process({}, chatter, 0)

    assert capfd.readouterr().err == "I0000 a line of start-up\n"
