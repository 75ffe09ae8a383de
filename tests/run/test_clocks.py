"""suite.run.clocks: locked clocks are restored, however the run that locked them ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from fake_nvml import LOCKABLE
from waiting import wait_until

from suite.model.device import Gpu
from suite.model.errors import InputError
from suite.run.clocks import hold_clocks
from suite.run.locks import FOLDER_VARIABLE

ROOT = Path(__file__).parents[2]
ONE = Gpu(index=1, name="Tesla T4", uuid="GPU-t4")
TWO = Gpu(index=2, name="Tesla T4", uuid="GPU-t4b")


class Boards:
    """The GPUs of a fake NVML: what was done to their clocks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pynvml.py").write_text(LOCKABLE)
        (folder / "clocks.log").touch()
        self.problems: list[str] = []

    @property
    def log(self) -> list[str]:
        """Every change so far, in order."""
        return (self.folder / "clocks.log").read_text().splitlines()

    def refuse(self, gpu: Gpu, error: str) -> None:
        """From now on no clock of this GPU can be changed."""
        (self.folder / f"refuse-{gpu.uuid}").write_text(error)


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boards]:
    """Boards that the guards of this test see, and locks of its own; no guard stays."""
    locks = tmp_path / "locks"
    locks.mkdir(mode=0o700)
    monkeypatch.setenv(FOLDER_VARIABLE, str(locks))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    yield Boards(tmp_path)
    assert not guards()


def guards(of: int | None = None) -> list[psutil.Process]:
    """The guards that a process has started, this one by default."""
    return [
        child
        for child in psutil.Process(of).children()
        if child.status() != psutil.STATUS_ZOMBIE and "suite.cli.clock_guard" in child.cmdline()
    ]


def test_every_gpu_is_locked_meanwhile_and_restored_afterwards(boards: Boards) -> None:
    """At the clock that was asked for, which the GPUs are given back with."""
    with hold_clocks([ONE, TWO], 900, boards.problems.append) as held:
        assert [(gpu.name, gpu.locked_clock_mhz) for gpu in held] == [("Tesla T4", 900)] * 2
        assert boards.log == ["lock 900 900 GPU-t4", "lock 900 900 GPU-t4b"]

    assert boards.log[2:] == ["restore GPU-t4b", "restore GPU-t4"]
    assert boards.problems == []


def test_without_a_clock_each_gpu_has_its_default(boards: Boards) -> None:
    """Types of GPU differ in it."""
    other = Gpu(index=0, name="NVIDIA H200", uuid="GPU-h200")
    with hold_clocks([ONE, other], None, boards.problems.append) as held:
        assert [gpu.locked_clock_mhz for gpu in held] == [585, 1500]


def test_an_error_in_the_run_restores_them(boards: Boards) -> None:
    """It goes on as it is."""
    with pytest.raises(ZeroDivisionError), hold_clocks([ONE], 900, boards.problems.append):
        raise ZeroDivisionError

    assert boards.log[-1] == "restore GPU-t4"


def test_where_one_cannot_be_locked_none_is(boards: Boards) -> None:
    """The one before it is restored, and the line says what to do as root."""
    boards.refuse(TWO, "NVMLError_NoPermission")
    with (
        pytest.raises(InputError, match=r"only root .* GPU 2 \(Tesla T4\).* -i 2 -lgc 900"),
        hold_clocks([ONE, TWO], 900, boards.problems.append),
    ):
        pytest.fail("locked")

    assert boards.log == ["lock 900 900 GPU-t4", "restore GPU-t4"]
    assert boards.problems == []


def test_a_clock_that_stays_is_told_with_its_remedy(boards: Boards) -> None:
    """The measurement is good all the same, so it is no error."""
    with hold_clocks([ONE], 900, boards.problems.append):
        boards.refuse(ONE, "NVMLError")
    (problem,) = boards.problems

    assert "GPU 1 (Tesla T4) keeps its clock (the driver says no)" in problem
    assert "sudo nvidia-smi -i 1 -rgc" in problem


def test_a_guard_hears_no_signal(boards: Boards) -> None:
    """A shell that ends everything with SIGTERM takes the lock from no run."""
    with hold_clocks([ONE], 900, boards.problems.append):
        (guard,) = guards()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            guard.send_signal(number)
        assert os.getsid(guard.pid) == guard.pid
        assert boards.log == ["lock 900 900 GPU-t4"]

    assert boards.log[1:] == ["restore GPU-t4"]


def test_if_the_guard_is_killed_the_run_restores_the_clocks(
    boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same names."""
    restored: list[str] = []
    monkeypatch.setattr("suite.run.clocks.restore_clocks", restored.extend)
    with hold_clocks([ONE, TWO], 900, boards.problems.append):
        (guard,) = guards()
        guard.kill()
        wait_until(lambda: not guards())

    assert restored == ["GPU-t4", "GPU-t4b"]


def test_a_guard_that_cannot_start_locks_nothing(
    boards: Boards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And there is nothing to restore."""
    monkeypatch.setattr("suite.run.clocks.restore_clocks", lambda _: pytest.fail("restored"))
    (boards.folder / "pynvml.py").write_text("import gone")
    with (
        pytest.raises(InputError, match="--lock-clocks"),
        hold_clocks([ONE], 900, boards.problems.append),
    ):
        pytest.fail("locked")

    assert boards.log == []


def test_the_clocks_of_a_part_are_not_locked(boards: Boards) -> None:
    """They are those of the whole board, on which others may measure."""
    part = Gpu(index=0, name="NVIDIA A100 MIG 1g.5gb", uuid="MIG-1", mig=True)
    with (
        pytest.raises(InputError, match="a part of GPU 0"),
        hold_clocks([part], 900, boards.problems.append),
    ):
        pytest.fail("locked")

    assert boards.log == []


HOLD = """
import sys
from suite.model.device import Gpu
from suite.run.clocks import hold_clocks
with hold_clocks([Gpu(index=1, name="Tesla T4", uuid="GPU-t4")], int(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(mhz: int) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the clock of a GPU until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(mhz)],
        env={**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_a_killed_run_leaves_its_clocks_to_the_guard(boards: Boards) -> None:
    """Nobody but the runner holds the other end of its socket, so its death is heard."""
    with holder(900) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
        wait_until(lambda: boards.log == ["lock 900 900 GPU-t4", "restore GPU-t4"])


def test_a_second_run_waits_for_the_guard_of_the_first(boards: Boards) -> None:
    """So a late restoration takes no clock from it."""
    with holder(900) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with holder(800) as second:
            assert second.stdout is not None
            (slow,) = guards(first.pid)
            slow.suspend()
            first.kill()
            wait_until(lambda: any(has_opened_lock(each) for each in guards(second.pid)), second)
            assert boards.log == ["lock 900 900 GPU-t4"]
            slow.resume()
            assert second.stdout.readline() == "held\n"
            assert boards.log[1:] == ["restore GPU-t4", "lock 800 800 GPU-t4"]
    wait_until(lambda: boards.log[3:] == ["restore GPU-t4"])


def has_opened_lock(guard: psutil.Process) -> bool:
    """Whether it has come to the lock of the clocks."""
    return any("clocks-GPU-t4" in each.path for each in guard.open_files())
