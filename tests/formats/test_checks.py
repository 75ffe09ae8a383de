"""The table of promises."""

from suite.formats.checks import checks_text, left_out_text, verdict
from suite.kernels.tensorflow import INSTALL_DALI
from suite.model.check import Check, LeftOut


def test_a_promise_that_is_not_kept_is_said_plainly() -> None:
    """Each line has the spread beside the median, and the verdict in words where one was asked."""
    fast = Check(
        name="fast", values=(1.2, 1.1, 1.3), unit="x", target=1.0, at_least=True, note="speed"
    )
    slow = Check(name="slow", values=(25.0,), unit="us", target=20.0, at_least=False, note="cost")

    known = Check(name="known", values=(0.6,), unit="x", note="only told")

    assert checks_text([fast, slow, known]) == (
        "check  median    min to max            n  target\n"
        "-----  --------  --------------------  -  --------  -------\n"
        "fast   1.20 x    1.10 x to 1.30 x      3  >= 1 x    met\n"
        "slow   25.00 us  25.00 us to 25.00 us  1  <= 20 us  NOT MET\n"
        "known  0.60 x    0.60 x to 0.60 x      1\n"
        "\n"
        "what was measured:\n"
        "  fast   speed\n"
        "  slow   cost\n"
        "  known  only told\n"
        "\n"
        "1 of 2 targets met"
    )
    assert [verdict(check) for check in (fast, slow, known)] == ["met", "not met", "0.60 x"]


def test_a_long_note_is_wrapped_beside_its_name() -> None:
    """What was measured stays within 100 columns, however much there is to say."""
    check = Check(name="overhead", values=(1.0,), unit="s", note="server's import " * 12)

    lines = checks_text([check]).splitlines()
    told = lines[lines.index("what was measured:") + 1 : -2]

    assert max(map(len, lines)) <= 100
    assert [line[:12] for line in told] == ["  overhead  ", " " * 12, " " * 12]
    assert " ".join(" ".join(told).split()) == f"overhead {check.note.strip()}"


def test_checks_without_targets_are_not_judged() -> None:
    """Numbers alone are told, and nothing about targets that were met."""
    check = Check(name="known", values=(0.6,), unit="x", note="only told")

    assert checks_text([check]).endswith("\n\nno target was judged")


def test_what_a_left_out_check_needs_can_be_copied() -> None:
    """The command that installs it stands alone on its line, which a terminal does not wrap."""
    missing = LeftOut(
        "pipeline, DALI", f"NVIDIA DALI or its plugin is not installed; {INSTALL_DALI}"
    )
    reason, command = left_out_text(missing).splitlines()

    assert reason == "  pipeline, DALI: left out, NVIDIA DALI or its plugin is not installed"
    assert command.strip() == INSTALL_DALI
    assert len(command) <= 100
    assert left_out_text(LeftOut("memory", "no counter")) == "  memory: left out, no counter"
