"""suite.runner.device_lock: one run at a time on a device, and no lock outlives its owner."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.core.device import Cpu, Gpu, Machine
from suite.core.errors import InputError
from suite.runner.device_lock import hold_devices, lock_names

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from suite.runner.device_lock import hold_devices
with hold_devices(["GPU-1", "GPU-2"]) as announce:
    announce(Path("reports/theirs"))
    print("held", flush=True)
    sys.stdin.read()
"""
CPU = Cpu(model="", cores=2, physical_cores=2, memory_bytes=2**34, features=())


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds two devices until its input ends."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_device_in_use_is_refused_with_its_owner_named(owner: "subprocess.Popen[str]") -> None:
    """The line says which process on which host, and where its records go."""
    with pytest.raises(InputError) as refused, hold_devices(["GPU-0", "GPU-2"]):
        pass

    assert f"in use by process {owner.pid} on " in str(refused.value)
    assert "running reports/theirs; wait for its end with --wait" in str(refused.value)


def test_another_device_is_free(owner: "subprocess.Popen[str]") -> None:
    """Runs on different GPUs of one machine do not hinder each other."""
    with hold_devices(["GPU-3"]):
        assert owner.poll() is None


def test_the_lock_of_a_killed_owner_is_gone(owner: "subprocess.Popen[str]") -> None:
    """Nobody has to remove a file after a crash."""
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    with hold_devices(["GPU-1", "GPU-2"]):
        pass

    assert owner.returncode == -signal.SIGKILL


def test_waiting_names_the_owner_and_ends_with_it(owner: "subprocess.Popen[str]") -> None:
    """--wait says once for whom, and goes on when that one is done."""
    told: list[str] = []

    def on_wait(text: str) -> None:
        told.append(text)
        assert owner.stdin is not None
        owner.stdin.close()

    with hold_devices(["GPU-1"], on_wait):
        pass

    assert len(told) == 1
    assert str(owner.pid) in told[0]


def test_a_folder_of_somebody_else_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link planted where the locks go is refused, not followed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"resnet50-bench-{os.getuid()}").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InputError, match="is not a folder of this user"), hold_devices(["cpu"]):
        pass


def test_the_names_are_those_of_the_devices_that_launches_see() -> None:
    """GPUs by UUID where there is one, MIG devices too; the CPU where there is no GPU."""
    gpus = (Gpu(index=1, name="b", uuid="MIG-7/1"), Gpu(index=0, name="a"))

    assert lock_names(Machine(gpus=gpus, cpu=CPU, nvml="")) == ("MIG-7-1", "gpu-0")
    assert lock_names(Machine(gpus=(), cpu=CPU, nvml="")) == ("cpu",)
