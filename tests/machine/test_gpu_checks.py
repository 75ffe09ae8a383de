"""suite.machine.gpu_checks: each fault of a GPU is found with its numbers and what mends it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest
from fake_board import T4, WITH_GPU, WITHOUT_GPU, FakeBoard, give_driver, write

from suite.machine.doctor import examine
from suite.model.device import Machine
from suite.model.finding import Finding, FindingKind

NAMED = "GPU 0 (Tesla T4): "


@pytest.fixture
def only(board: FakeBoard, root: Path) -> Callable[..., Finding]:
    """Examine the machine with some facts of its board changed, which has one finding or note."""

    def examined(machine: Machine = WITH_GPU, **facts: object) -> Finding:
        board.facts |= facts
        write(root, {"sys/devices/system/cpu/online": "0-1\n"})
        (found,) = examine(machine, root, {0, 1}).found
        return found

    return examined


@pytest.mark.parametrize(
    ("kind", "facts", "evidence", "remedy"),
    [
        (
            FindingKind.PERSISTENCE,
            {"PersistenceMode": 0},
            "off, so the driver starts anew",
            "sudo nvidia-smi -i 0 -pm 1",
        ),
        (
            FindingKind.POWER_LIMIT,
            {"EnforcedPowerLimit": 60_500},
            "60.5 W, below its default of 70 W",
            "sudo nvidia-smi -i 0 -pl 70",
        ),
        (
            FindingKind.ECC,
            {"EccMode": [0, 0]},
            "off; errors in its memory",
            "sudo nvidia-smi -i 0 -e 1 && sudo nvidia-smi -i 0 --gpu-reset",
        ),
        (
            FindingKind.ECC,
            {"EccMode": [0, 1]},
            "off, and on after a reset; errors",
            "sudo nvidia-smi -i 0 --gpu-reset",
        ),
        (
            FindingKind.REMAPPED_ROWS,
            {"RemappedRows": (2, 1, 1, 0)},
            "3 rows of its memory remapped, more wait for a reset",
            "sudo nvidia-smi -i 0 --gpu-reset",
        ),
        (
            FindingKind.REMAPPED_ROWS,
            {"RemappedRows": (0, 8, 0, 1)},
            "8 rows of its memory remapped, and a row could not be remapped",
            "have the board replaced",
        ),
        (
            FindingKind.PCIE_LINK,
            {"CurrPcieLinkWidth": 4},
            "4 lanes of generation 3, of 16 lanes of generation 3 that are possible",
            "nvidia-smi -i 0 --query-gpu=pcie.link.gen.current,pcie.link.width.current",
        ),
        (
            FindingKind.PCIE_LINK,
            {"CurrPcieLinkGeneration": 1},
            "16 lanes of generation 1, of 16 lanes of generation 3 that are possible",
            "see the slot",
        ),
        (
            FindingKind.PCIE_LINK,
            {"CurrPcieLinkGeneration": 1, "CurrPcieLinkWidth": 8, "PerformanceState": 8},
            "8 lanes of generation 1, of 16 lanes of generation 3 that are possible (idle in",
            "see the slot",
        ),
        (
            FindingKind.FOREIGN_PROCESS,
            {"ComputeRunningProcesses": [SimpleNamespace(pid=7, usedGpuMemory=2**31)]},
            "process 7 with 2.0 GiB",
            "end them or wait for them; nvidia-smi -i 0 names them",
        ),
        (
            FindingKind.FOREIGN_PROCESS,
            {"MemoryInfo": SimpleNamespace(used=2**32, total=2**34)},
            "an invisible process that held 4.0 GiB",
            "end them",
        ),
    ],
)
def test_a_fault_is_a_finding(
    only: Callable[..., Finding],
    kind: FindingKind,
    facts: dict[str, object],
    evidence: str,
    remedy: str,
) -> None:
    """It names the GPU and the numbers that were read, and what to do."""
    found = only(**facts)

    assert (found.kind, found.is_note) == (kind, False)
    assert found.evidence.startswith(NAMED + evidence)
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("kind", "facts", "evidence", "remedy"),
    [
        (
            FindingKind.CLOCKS,
            {"CurrentClocksEventReasons": 0x4},
            "not seen to be locked, so the clock may follow heat and power up to 1590 MHz",
            "sudo nvidia-smi -i 0 -lgc 585",
        ),
        (
            FindingKind.ECC,
            {"EccMode": [0, 0], "DefaultEccMode": 0},
            "off, its default; errors",
            "sudo nvidia-smi -i 0 -e 1 && sudo nvidia-smi -i 0 --gpu-reset",
        ),
        (
            FindingKind.REMAPPED_ROWS,
            {"RemappedRows": (2, 1, 0, 0)},
            "3 rows of its memory remapped",
            "sudo nvidia-smi -i 0 -q -d ROW_REMAPPER",
        ),
    ],
)
def test_what_is_no_fault_by_itself_is_a_note(
    only: Callable[..., Finding],
    kind: FindingKind,
    facts: dict[str, object],
    evidence: str,
    remedy: str,
) -> None:
    """It is said all the same, with its numbers."""
    found = only(**facts)

    assert (found.kind, found.is_note, found.remedy) == (kind, True, remedy)
    assert found.evidence.startswith(NAMED + evidence)


def test_a_driver_without_a_base_clock_has_the_user_choose(
    board: FakeBoard, only: Callable[..., Finding]
) -> None:
    """No clock is made up, and the note is not lost."""
    del board.facts["DefaultApplicationsClock"]

    assert only(CurrentClocksEventReasons=0).remedy.startswith("sudo nvidia-smi -i 0 -lgc MHZ, ")


def test_ecc_of_an_unknown_default_is_a_finding(
    board: FakeBoard, only: Callable[..., Finding]
) -> None:
    """A driver that does not know the default is no reason to think that off is usual."""
    del board.facts["DefaultEccMode"]

    assert not only(EccMode=[0, 0]).is_note


@pytest.mark.parametrize(("lost", "corrected"), [(2, 5), (0, 5)])
def test_memory_errors_are_counted(
    board: FakeBoard, only: Callable[..., Finding], lost: int, corrected: int
) -> None:
    """Since the driver started; those that were corrected changed no result, so they are a note."""
    board.errors.update({0: corrected, 1: lost})
    found = only()

    assert found.kind is FindingKind.MEMORY_ERRORS
    assert f"{lost} uncorrected and {corrected} corrected errors" in found.evidence
    assert found.is_note is not bool(lost)
    assert found.remedy.startswith("sudo nvidia-smi -i 0 --gpu-reset")


def test_mig_is_a_finding(only: Callable[..., Finding]) -> None:
    """A part of a board is no board."""
    machine = replace(WITH_GPU, gpus=(replace(T4, mig=True),))
    found = only(machine)

    assert (found.kind, found.remedy) == (FindingKind.MIG, "sudo nvidia-smi -i 0 -mig 0")


def test_the_link_of_an_idle_gpu_is_not_judged(board: FakeBoard, root: Path) -> None:
    """It is slow to save power: whether it rises is unknown, so it is neither clean nor a fault."""
    board.facts |= {"CurrPcieLinkGeneration": 1, "PerformanceState": 8}
    found = examine(WITH_GPU, root, {0, 1})
    (unchecked,) = found.unchecked

    assert found.findings == ()
    assert unchecked.kind is FindingKind.PCIE_LINK
    assert unchecked.reason == (
        f"{NAMED}idle in state P8, with its link at generation 1 of 3, which should rise under load"
    )


@pytest.mark.usefixtures("board")
class TestNuma:
    """Where the process may run, beside where the GPU is."""

    def test_a_process_far_from_the_gpu_is_a_finding(self, root: Path) -> None:
        """None of its CPUs is near."""
        (found,) = examine(WITH_GPU, root, {2, 3}).findings

        assert found.kind is FindingKind.NUMA
        assert found.evidence == (
            f"{NAMED}0 of the 2 CPUs that this process may use are near it, on NUMA node 0"
        )
        assert found.remedy == "allow this process the CPUs 0-1"

    def test_a_process_that_may_be_near_or_far_is_a_note(self, root: Path) -> None:
        """Launches may land on either node, and a command keeps them near."""
        (found,) = examine(WITH_GPU, root, range(4)).found

        assert (found.kind, found.is_note) == (FindingKind.NUMA, True)
        assert "2 of the 4 CPUs" in found.evidence
        assert found.remedy == "taskset -c 0-1 python bench.py run MATRIX"

    def test_one_node_is_near_everything(self, root: Path) -> None:
        """Also where the kernel does not say where the GPU is."""
        (root / "sys/devices/system/node/node1/cpulist").unlink()
        (root / "sys/devices/system/node/node1").rmdir()
        write(root, {"sys/bus/pci/devices/0000:17:00.0/numa_node": "-1\n"})

        assert FindingKind.NUMA in examine(WITH_GPU, root, range(4)).clean

    @pytest.mark.parametrize("said", ["-1\n", "near\n", ""])
    def test_an_unknown_node_is_said(self, root: Path, said: str) -> None:
        """On a machine of several nodes, the place of the GPU matters."""
        write(root, {"sys/bus/pci/devices/0000:17:00.0/numa_node": said})
        (unchecked,) = examine(WITH_GPU, root, range(4)).unchecked

        assert unchecked.kind is FindingKind.NUMA


@pytest.mark.parametrize("driver", [None, "nouveau"])
@pytest.mark.usefixtures("board")
def test_a_gpu_without_its_driver_is_a_finding(root: Path, driver: str | None) -> None:
    """A GPU on the PCI bus that NVML does not know is named, with the driver that holds it."""
    if driver is None:
        (root / "sys/bus/pci/devices/0000:17:00.0/driver").unlink()
    else:
        give_driver(root, driver)
    (found,) = examine(WITHOUT_GPU, root, range(4)).found

    assert (found.kind, found.is_note) == (FindingKind.DRIVER, False)
    assert f"0000:17:00.0 on the PCI bus has the driver {driver or 'none'}" in found.evidence
    assert found.remedy.startswith("sudo apt install nvidia-driver")


@pytest.mark.usefixtures("board")
def test_a_gpu_of_a_virtual_machine_is_none_of_this_one(root: Path) -> None:
    """It was taken from this system on purpose, and so is an audio device no GPU."""
    give_driver(root, "vfio-pci")
    write(
        root,
        {
            "sys/bus/pci/devices/0000:17:00.1/vendor": "0x10de\n",
            "sys/bus/pci/devices/0000:17:00.1/class": "0x040300\n",
        },
    )

    assert FindingKind.DRIVER in examine(WITHOUT_GPU, root, range(4)).clean


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize(
    ("error", "is_found"),
    [(pynvml.NVML_ERROR_GPU_IS_LOST, True), (pynvml.NVML_ERROR_NO_PERMISSION, False)],
)
def test_a_gpu_that_fails_beside_others_is_a_finding(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, error: int, is_found: bool
) -> None:
    """It is not among the GPUs of the machine, so nothing else would say it."""

    def handle(index: int) -> str:
        if index == 1:
            raise pynvml.NVMLError(error)
        return "board"

    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 2)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", handle)
    found = examine(WITH_GPU, root, {0, 1}).findings

    assert [(each.kind, each.evidence, each.remedy) for each in found] == [
        (
            FindingKind.DRIVER,
            "GPU 1 does not work: GPU is lost",
            "sudo nvidia-smi -i 1 --gpu-reset, or restart",
        )
    ] * is_found


@pytest.mark.usefixtures("board")
def test_gpus_out_of_reach_are_a_finding(root: Path) -> None:
    """What NVML said is the evidence; a GPU that the user hides is a note."""
    lost = replace(WITHOUT_GPU, nvml="GPU 0: GPU is lost", gpus_out_of_reach=True)
    away = replace(lost, nvml='1 GPU found; 0 visible with CUDA_VISIBLE_DEVICES=""')
    (found,) = examine(lost, root, range(4)).found
    (hidden,) = examine(away, root, range(4)).found

    assert found.evidence == "no GPU can be used: GPU 0: GPU is lost"
    assert not found.is_note
    assert "nvidia-smi" in found.remedy
    assert (hidden.is_note, hidden.remedy) == (True, "unset CUDA_VISIBLE_DEVICES")
