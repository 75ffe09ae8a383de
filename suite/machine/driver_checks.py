"""GPUs that cannot be measured: without their driver, failed or out of reach."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from suite.machine.checks import line
from suite.machine.devices import HIDDEN
from suite.model.device import Machine, printable
from suite.model.finding import Finding, FindingKind, UncheckedError

_NVIDIA = "0x10de"
_DISPLAY_CLASS = "0x03"
# The driver of a GPU that a virtual machine has: taken from this system on purpose.
_PASSED_ON = "vfio-pci"


def out_of_reach(machine: Machine) -> Iterator[Finding]:
    """GPUs of which this process can use none; that the user hides them is a note."""
    if machine.gpus_out_of_reach:
        hidden = HIDDEN in machine.nvml
        yield Finding(
            kind=FindingKind.DRIVER,
            evidence=f"no GPU can be used: {machine.nvml}",
            remedy="unset CUDA_VISIBLE_DEVICES"
            if hidden
            else "mend what this names; nvidia-smi shows whether the driver works",
            is_note=hidden,
        )


def lost(nvml: ModuleType) -> Iterator[Finding]:
    """GPUs that fail beside those that work; one that is closed to this process does not fail."""
    try:
        count = nvml.nvmlDeviceGetCount()
    except nvml.NVMLError as error:
        raise UncheckedError(f"NVML: {error}") from None
    for index in range(count):
        try:
            nvml.nvmlDeviceGetHandleByIndex(index)
        except nvml.NVMLError_NoPermission:
            continue
        except nvml.NVMLError as error:
            yield Finding(
                kind=FindingKind.DRIVER,
                evidence=f"GPU {index} does not work: {error}",
                remedy=f"sudo nvidia-smi -i {index} --gpu-reset, or restart",
            )


def without_driver(root: Path) -> Iterator[Finding]:
    """GPUs on the PCI bus that NVIDIA's driver does not run."""
    for device in sorted((root / "sys/bus/pci/devices").iterdir()):
        if line(device / "vendor") != _NVIDIA:
            continue
        if not line(device / "class").startswith(_DISPLAY_CLASS):
            continue
        link = device / "driver"
        driver = link.readlink().name if link.is_symlink() else "none"
        if driver not in {"nvidia", _PASSED_ON}:
            yield Finding(
                kind=FindingKind.DRIVER,
                evidence=f"the NVIDIA GPU at {device.name} on the PCI bus has the driver"
                f" {printable(driver)}, so it cannot be measured",
                remedy="sudo apt install nvidia-driver (Ubuntu: sudo ubuntu-drivers install),"
                " and restart",
            )
