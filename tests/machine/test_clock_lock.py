"""suite.machine.clock_lock: one clock for every GPU, or one line that says why not."""

from collections.abc import Callable
from typing import Any

import pynvml
import pytest
from fake_board import FakeBoard

from suite.machine.clock_lock import locked_clocks, restore_clocks
from suite.model.errors import InputError


class Lockable:
    """Boards whose clocks can be locked; each change of one is in `changes`."""

    def __init__(self, board: FakeBoard, patch: pytest.MonkeyPatch) -> None:
        self.board = board
        self.changes: list[str] = []
        self.faults: dict[str, int] = {}
        patch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda uuid: uuid)
        patch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", str)
        patch.setattr(pynvml, "nvmlDeviceGetIndex", lambda board: int(board[-1]))
        patch.setattr(pynvml, "nvmlDeviceGetName", lambda _: b"Tesla T4")
        patch.setattr(pynvml, "nvmlDeviceSetGpuLockedClocks", self._call("lock"))
        patch.setattr(pynvml, "nvmlDeviceResetGpuLockedClocks", self._call("restore"))
        self.tell(patch, "SupportedMemoryClocks", [405, 5001])
        self.tell(patch, "SupportedGraphicsClocks", [1590, 900, 585, 300])

    def tell(self, patch: pytest.MonkeyPatch, fact: str, value: object) -> None:
        self.board.facts[fact] = value
        patch.setattr(pynvml, f"nvmlDeviceGet{fact}", self.board._answer(fact))

    def _call(self, name: str) -> Callable[..., None]:
        def call(board: str, *clocks: int) -> None:
            fault = self.faults.get(f"{name} {board}")
            if fault is not None:
                raise pynvml.NVMLError(fault)
            self.changes.append(" ".join([name, board, *map(str, clocks)]))

        return call


@pytest.fixture
def boards(board: FakeBoard, monkeypatch: pytest.MonkeyPatch) -> Lockable:
    return Lockable(board, monkeypatch)


def refusal(*names: str, mhz: int | None = 900) -> str:
    """What is said instead of locking these."""
    with pytest.raises(InputError) as refused, locked_clocks(names, mhz):
        pytest.fail("locked")
    return str(refused.value)


def test_boards_are_locked_in_turn_and_nvml_stays_open(boards: Lockable) -> None:
    """By UUID or by number; the driver forgets the clocks of a GPU that nobody has open."""
    with locked_clocks(["GPU-0", "1"], 900) as clocks:
        assert clocks == (900, 900)
        assert boards.changes == ["lock GPU-0 900 900", "lock 1 900 900"]
        assert boards.board.opened == 1

    assert boards.changes[2:] == ["restore 1", "restore GPU-0"]
    assert boards.board.opened == 0


def test_the_default_is_the_clock_that_doctor_names(boards: Lockable) -> None:
    """The default application clock."""
    with locked_clocks(["0"], None) as clocks:
        assert clocks == (585,)
        assert boards.changes == ["lock 0 585 585"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (pynvml.NVML_ERROR_NO_PERMISSION, "only root may lock the clocks of GPU 1 (Tesla T4)"),
        (pynvml.NVML_ERROR_NOT_SUPPORTED, "GPU 1 (Tesla T4) cannot be locked at 900 MHz (Not"),
        (pynvml.NVML_ERROR_GPU_IS_LOST, "GPU 1 (Tesla T4) cannot be locked at 900 MHz (GPU is"),
    ],
)
def test_a_refusal_restores_what_was_locked_before(
    boards: Lockable, fault: int, words: str
) -> None:
    """In one line that names the board."""
    boards.faults["lock 1"] = fault

    assert refusal("GPU-0", "1").startswith(f"--lock-clocks: {words}")
    assert boards.changes == ["lock GPU-0 900 900", "restore GPU-0"]
    assert boards.board.opened == 0


def test_a_user_without_permission_gets_the_command(boards: Lockable) -> None:
    """With the clock, so that it can be copied."""
    boards.faults["lock 1"] = pynvml.NVML_ERROR_NO_PERMISSION

    assert refusal("1").endswith(
        "run this with sudo, or drop the flag and lock them by hand: sudo nvidia-smi -i 1 -lgc 900"
    )


@pytest.mark.parametrize(("asked", "nearest"), [(1, 300), (750, 900), (5000, 1590), (740, 585)])
def test_a_clock_that_the_gpu_does_not_have_is_refused(
    boards: Lockable, asked: int, nearest: int
) -> None:
    """A driver would take another one, and the record would have the wrong number."""
    assert f"no clock of {asked} MHz; the nearest is {nearest}" in refusal("0", mhz=asked)
    assert boards.changes == []


@pytest.mark.parametrize("told", [[], None])
def test_a_driver_that_lists_no_clocks_is_asked_all_the_same(boards: Lockable, told: Any) -> None:
    """It refuses by itself."""
    if told is None:
        del boards.board.facts["SupportedMemoryClocks"]
    else:
        boards.board.facts["SupportedMemoryClocks"] = told
    with locked_clocks(["0"], 1234) as clocks:
        assert clocks == (1234,)


def test_without_a_default_clock_the_user_gives_one(boards: Lockable) -> None:
    """None is made up."""
    del boards.board.facts["DefaultApplicationsClock"]

    assert "GPU 0 (Tesla T4) does not tell its default clock; give one" in refusal("0", mhz=None)


def test_one_that_stays_locked_hinders_no_other(boards: Lockable) -> None:
    """It is named, with the command, and the rest is restored."""
    boards.faults["restore 1"] = pynvml.NVML_ERROR_UNKNOWN
    with pytest.raises(InputError, match=r"GPU 1 \(Tesla T4\) keeps its clock .* -i 1 -rgc"):
        restore_clocks(["0", "1", "2"])

    assert sorted(boards.changes) == ["restore 0", "restore 2"]
    assert boards.board.opened == 0


def test_nvml_that_does_not_answer_is_one_line(
    boards: Lockable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after."""

    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)

    assert refusal("0") == "--lock-clocks: NVML does not answer (Driver Not Loaded)"
    with pytest.raises(InputError, match="NVML does not answer"):
        restore_clocks(["0"])
    assert boards.changes == []
