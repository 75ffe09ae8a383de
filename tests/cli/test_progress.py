"""The live table of a run, watched on a pseudo-terminal, and the plain lines elsewhere."""

import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


SLOW = """\
purpose: time to press Ctrl-C
kernel: simulated
protocol: {warmup_steps: 2, measured_steps: 1000}
axes: {mode: [training], precision: [fp32], xla: [off], batch_size: [32]}
"""


def shown(
    tmp_path: Path, matrix: str = "matrices/demo.yaml", stop_at: bytes = b"", **environment: str
) -> str:
    """What a run sends to a terminal of 100 columns; Ctrl-C is pressed when `stop_at` is there."""
    master, slave = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "CI"}
    with subprocess.Popen(
        [sys.executable, "bench.py", "run", matrix, "--out", str(tmp_path)],
        cwd=ROOT,
        env={**inherited, "TERM": "xterm", "COLUMNS": "100", **environment},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        received = b""
        with suppress(OSError):  # how Linux tells that the other side is gone
            while part := os.read(master, 65536):
                received += part
                if stop_at and stop_at in received:
                    process.send_signal(signal.SIGINT)
                    stop_at = b""
        os.close(master)
    assert process.returncode == (130 if matrix.endswith("slow.yaml") else 0)
    return received.decode()


def screens(text: str) -> list[str]:
    """One for each redrawing, which erases line by line what was there."""
    return [ESCAPE.sub("", part) for part in re.split(r"(?:\r?\x1b\[(?:1A|2K))+", text)]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The screens of a run of the demo matrix."""
    return screens(shown(tmp_path_factory.mktemp("watched")))


def test_the_first_screen_says_that_a_launch_is_starting(watched: list[str]) -> None:
    """Before any worker has spoken there is something to see: the cell and the whole run."""
    first = next(screen for screen in watched if "running" in screen)

    assert re.search(r"inference-fp32-bs1-1gpu-simulated +starting\s", first)
    assert re.search(r"0 done, 1 running, 6 left, 0 failed; \d+ s left \(estimated\)", first)


def test_each_launch_is_followed_to_its_end(watched: list[str]) -> None:
    """Phases and steps of the launch under way, those that ended, and the counts of the run."""
    last = [screen for screen in watched if "6 done, 1 running, 0 left, 0 failed; " in screen][-1]
    rows = last.splitlines()

    assert any("warm-up 0/2" in screen for screen in watched)
    assert any(
        re.search(r"training-amp-xla-bs8-1gpu-simulated +measuring \d+/20, \d+ s", row)
        for row in rows
    )
    assert sum("img/s, p50" in row for row in rows) == 5
    assert "left (by this run's own launches)" in last


def test_no_line_is_wider_than_a_terminal(watched: list[str]) -> None:
    """The longest names of the demo matrix and all there is to say fit into 100 columns."""
    lines = [line.rstrip() for screen in watched[:-1] for line in screen.splitlines()]

    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)


def test_a_run_fits_a_narrow_terminal(tmp_path: Path) -> None:
    """In 80 columns the live table is cut and the report wrapped, but for what is one word.

    That is the run's directory, and rows of the report's table, which cautions may widen.
    """
    *drawn, report = screens(shown(tmp_path, COLUMNS="80"))
    head, _, rest = report.partition("\ncell ")
    table, _, below = rest.partition("\nimg/s = ")
    printed = [line for line in (head + below).splitlines() if str(tmp_path) not in line]

    assert "training-amp-xla-bs8-1gpu-simulated" in table
    assert max(len(line.rstrip()) for screen in drawn for line in screen.splitlines()) <= 80
    assert max(map(len, printed)) <= 80


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "xterm-256color"}], ids=str)
def test_no_colour_is_needed(tmp_path: Path, environment: dict[str, str]) -> None:
    """The table is drawn in bold and faint alone, so NO_COLOR has nothing to turn off."""
    styles = set(
        re.findall(r"\x1b\[([0-9;]*)m", shown(tmp_path, "matrices/demo.yaml", b"", **environment))
    )

    assert styles == {"0", "1", "2"}


def test_a_pipe_gets_text_alone(tmp_path: Path) -> None:
    """Whatever the terminal that it was started from and whatever colours it asks for."""
    done = subprocess.run(
        [sys.executable, "bench.py", "run", "demo", "--out", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color", "FORCE_COLOR": "1", "COLUMNS": "40"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "\x1b" not in done.stdout + done.stderr
    assert "[7/7] training-amp-xla-bs8-1gpu-simulated  " in done.stderr
    printed = [line for line in done.stdout.splitlines() if str(tmp_path) not in line]
    assert 80 < max(map(len, printed)) <= 100


def test_ctrl_c_is_answered_within_the_table(tmp_path: Path) -> None:
    """The last line says so at once and again with each redrawing, and leaves nothing behind."""
    (tmp_path / "slow.yaml").write_text(SLOW)
    found = screens(shown(tmp_path, str(tmp_path / "slow.yaml"), b"measuring 2"))
    said = [screen for screen in found if "Ctrl-C again ends at once" in screen]

    assert said[0].strip() == (
        "stopping after the current step, then the report; Ctrl-C again ends at once"
    )
    assert found[-1].count("training-fp32-bs32") == 2
    assert "Ctrl-C again" not in found[-1]


def test_the_table_gives_way_to_the_results(watched: list[str]) -> None:
    """After the last redrawing comes the run's report, without a trace of the table."""
    assert "img/s = images / elapsed time" in watched[-1]
    assert "running" not in watched[-1]


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"TERM": "dumb"}], ids=str)
def test_where_nobody_watches_each_end_is_a_plain_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """In CI and on a terminal that cannot redraw: no escape sequence, one line a launch."""
    text = shown(tmp_path, "matrices/demo.yaml", b"", **environment)

    assert "\x1b" not in text
    assert "[1/7] inference-fp32-bs1-1gpu-simulated  " in text
    assert "running" not in text
