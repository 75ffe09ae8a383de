"""suite.machine.doctor: a machine in order is clean, and a failing check stops no other."""

import shutil
from dataclasses import replace
from pathlib import Path

import pynvml
import pytest
from fake_board import T4, WITH_GPU, WITHOUT_GPU, FakeBoard

from suite.machine.devices import detect_machine
from suite.machine.doctor import examine
from suite.model.finding import FindingKind

GPU_KINDS = {
    FindingKind.FOREIGN_PROCESS,
    FindingKind.PERSISTENCE,
    FindingKind.CLOCKS,
    FindingKind.POWER_LIMIT,
    FindingKind.ECC,
    FindingKind.MEMORY_ERRORS,
    FindingKind.REMAPPED_ROWS,
    FindingKind.MIG,
    FindingKind.PCIE_LINK,
    FindingKind.NUMA,
}
# Of a framework its own folder knows.
KINDS = set(FindingKind) - {FindingKind.FRAMEWORK}


def test_a_machine_in_order_has_no_finding(board: FakeBoard, root: Path) -> None:
    """Every kind is checked, each is clean, and NVML is closed again."""
    found = examine(WITH_GPU, root, {0, 1})

    # Two of four CPUs is a note.
    assert [each.kind for each in found.found] == [FindingKind.ALLOWED_CPUS]
    assert not found.findings
    assert not found.unchecked
    assert set(found.clean) == KINDS - {FindingKind.ALLOWED_CPUS}
    assert board.opened == 0


@pytest.mark.usefixtures("board")
def test_without_a_gpu_only_the_rest_is_checked(root: Path) -> None:
    """Nothing is said of a GPU that is not there, neither good nor bad."""
    found = examine(WITHOUT_GPU, root, range(4))

    assert not found.found
    assert not found.unchecked
    assert set(found.clean) == KINDS - GPU_KINDS


def test_what_cannot_be_read_is_said_and_is_not_clean(
    board: FakeBoard, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no file and no answer every check is unchecked, with its reason, and none is clean."""
    for name in ("sys", "proc", "dev"):
        shutil.rmtree(root / name)
    board.facts.clear()
    for name in ("nvmlDeviceGetTotalEccErrors", "nvmlDeviceGetRemappedRows"):
        monkeypatch.delattr(pynvml, name)  # older bindings

    def no_such(path: Path) -> None:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr("shutil.disk_usage", no_such)
    machine = replace(WITH_GPU, gpus=(replace(T4, mig=None),))
    found = examine(machine, root, {0})

    assert not found.found
    assert not found.clean
    assert {each.kind for each in found.unchecked} == KINDS
    assert f"{root}/sys/bus/pci/devices: No such file or directory" in {
        each.reason for each in found.unchecked if each.kind is FindingKind.DRIVER
    }
    reasons = {each.kind: each.reason for each in found.unchecked}
    assert reasons[FindingKind.PERSISTENCE] == "GPU 0 (Tesla T4): Not Supported"
    assert "nvmlDeviceGetRemappedRows" in reasons[FindingKind.REMAPPED_ROWS]
    assert reasons[FindingKind.SWAP] == f"{root}/proc/meminfo: No such file or directory"
    assert board.opened == 0


@pytest.mark.usefixtures("board")
def test_nvml_that_fails_leaves_the_rest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that stops answering costs the checks of GPUs, which say so."""

    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_DRIVER_NOT_LOADED)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    found = examine(WITH_GPU, root, range(4))

    assert {each.kind for each in found.unchecked} == GPU_KINDS
    assert {each.reason for each in found.unchecked} == {"NVML: Driver Not Loaded"}
    assert set(found.clean) == KINDS - GPU_KINDS


def test_a_lost_gpu_leaves_the_others(
    board: FakeBoard, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one board does not answer is not clean, although the other board answers."""

    def handle(index: int) -> str:
        if index:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
        return "board"

    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", handle)
    board.facts["PersistenceMode"] = 0
    machine = replace(WITH_GPU, gpus=(T4, replace(T4, index=1)))
    found = examine(machine, root, {0, 1})

    assert [each.kind for each in found.findings] == [FindingKind.DRIVER, FindingKind.PERSISTENCE]
    assert {each.kind for each in found.unchecked} == GPU_KINDS
    assert all(each.reason.startswith("GPU 1 (Tesla T4): ") for each in found.unchecked)
    assert not set(found.clean) & GPU_KINDS


def test_this_machine_is_examined() -> None:
    """The real files are understood: whatever they say, every host check has an answer."""
    found = examine(detect_machine())
    answered = {*found.checked, *(each.kind for each in found.unchecked)}

    assert answered >= KINDS - GPU_KINDS
    assert all(each.evidence and each.remedy for each in found.found)
