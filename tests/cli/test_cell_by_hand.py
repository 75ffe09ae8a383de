"""`python -m suite.kernels`: what it refuses, what it calls its device, and what it keeps."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suite.cli.kernel import main
from suite.kernels import tensorflow
from suite.kernels.interface import KernelOptions
from suite.kernels.simulated import SimulatedKernel
from suite.machine.devices import detect_machine
from suite.model.cell import Cell
from suite.model.device import Gpu
from suite.model.errors import InputError
from suite.model.facts import Facts
from suite.run.flags import parse_order
from suite.run.order import encode_order
from suite.store.launches import decode_launch

REAL = ["--mode=inference_benchmark", "--batch_size=8"]
REAL += ["--warmup_steps=1", "--num_iter=5", "--iter_unit=batch"]
SIMULATED = [*REAL, "--kernel=simulated"]
UUID = "8932f937-d72c-4106-c12f-20bd9faed9f6"
T4 = Gpu(index=0, name="Tesla T4", uuid=f"GPU-{UUID}")


class KernelOn(SimulatedKernel):
    """Sleeps, and says that it ran on some device."""

    device_type = "CPU"

    def facts(self) -> Facts:
        """What a real kernel says of its device."""
        return Facts(device_type=self.device_type)


class MeterOfT4:
    """Readings of a GPU that nobody uses."""

    def __init__(self, *_: object) -> None:
        self.energy = 0.0

    def gauges(self) -> dict[str, float]:
        return {"gpu_power_watts": 30.0}

    def throttling(self) -> tuple[str, ...]:
        return ("heat (hardware)",)

    def energy_joules(self) -> float:
        self.energy += 100.0
        return self.energy

    def foreign_processes(self) -> tuple[str, ...]:
        return ("process 4711",)

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def beside_a_t4(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of which NVML shows a T4, and a framework that says on what it ran."""

    def build(cell: Cell, options: KernelOptions) -> KernelOn:
        return KernelOn(cell, options)

    here = replace(detect_machine(), gpus=(T4,), nvml="1 GPU found")
    for module in ("suite.cli.kernel", "suite.run.own_device"):
        monkeypatch.setattr(f"{module}.detect_machine", lambda: here)
    monkeypatch.setattr(tensorflow, "import_for", lambda _: None)
    monkeypatch.setattr(tensorflow, "build", build)
    monkeypatch.setattr(tensorflow, "environment", lambda *_, **__: {})
    monkeypatch.setattr("suite.machine.telemetry.GpuMeter", MeterOfT4)


def record(folder: Path, number: int = 0) -> dict[str, Any]:
    (path,) = folder.glob(f"*.{number}.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.usefixtures("beside_a_t4")
def test_a_cpu_beside_a_gpu_is_not_called_the_gpu(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invalid as in a run, under the name of the CPU and without the GPU's readings."""
    code = main([*REAL, f"--results_dir={tmp_path}"])
    printed = capsys.readouterr().out
    found = record(tmp_path)
    telemetry = found["telemetry"]

    assert code == 3
    assert "invalid: the launch ran on the CPU although Tesla T4 is present" in printed
    assert "img/s" not in printed
    assert found["status"] == "invalid"
    assert found["device"].endswith("cores)") or found["device"].endswith("core)")
    assert len(found["step_seconds"]) == 4
    assert not [name for name in telemetry["gauges"] if name.startswith("gpu_")]
    assert (telemetry["throttling"], telemetry["energy_joules"]) == ({}, None)
    assert telemetry["note"] == "the launch did not run on Tesla T4, which was read"
    assert not {"throttled", "foreign_process"} & {c["kind"] for c in found["cautions"]}


@pytest.mark.usefixtures("beside_a_t4")
@pytest.mark.parametrize(
    ("uuid", "code", "device"),
    [(UUID, 0, "Tesla T4"), ("another", 3, "unknown GPU"), (None, 0, "Tesla T4")],
)
def test_the_gpu_that_ran_gives_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uuid: str | None, code: int, device: str
) -> None:
    """The record holds which one CUDA used, and is invalid where NVML read another."""
    monkeypatch.setattr(KernelOn, "device_type", "GPU")
    monkeypatch.setattr("suite.run.worker.cuda_uuid", lambda _: uuid)

    assert main([*REAL, f"--results_dir={tmp_path}"]) == code
    found = record(tmp_path)
    assert found["device"] == device
    assert found["conditions"].get("gpu_uuid") == uuid
    assert ("gpu_power_watts" in found["telemetry"]["gauges"]) is (code == 0)


@pytest.mark.usefixtures("beside_a_t4")
def test_a_cell_by_hand_needs_the_type_of_gpu_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another GPU than the named one measures nothing; the right one is part of the id."""
    monkeypatch.setattr(KernelOn, "device_type", "GPU")
    monkeypatch.setattr("suite.run.worker.cuda_uuid", lambda _: UUID)
    with pytest.raises(InputError, match=r"^--gpu: needs a GPU of type dgx1, and this process has"):
        main([*REAL, "--gpu=dgx1", f"--results_dir={tmp_path}/none"])

    with pytest.raises(InputError, match=r"--gpu: '/' names no type of GPU such as t4"):
        main([*REAL, "--gpu=/", f"--results_dir={tmp_path}/none"])

    assert not (tmp_path / "none").exists()
    assert main([*REAL, "--gpu", "NVIDIA T4", f"--results_dir={tmp_path}"]) == 0
    assert (tmp_path / "inference-fp32-bs8-1gpu-on-t4.0.json").exists()


def test_a_simulated_cell_is_marked_by_hand_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doubts of a run are those of a cell by hand."""
    assert main([*SIMULATED, f"--results_dir={tmp_path}"]) == 0
    assert "simulated" in {caution["kind"] for caution in record(tmp_path)["cautions"]}
    assert "caution: a simulated kernel slept" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"PMI_SIZE": "2", "PMI_RANK": "0"}, "PMI_SIZE"),
        ({"PMI_SIZE": "2", "PMI_RANK": "1"}, "PMI_SIZE"),
        ({"PMIX_RANK": "1"}, "PMIX_RANK"),
        ({"LOCAL_WORLD_SIZE": "2"}, "LOCAL_WORLD_SIZE"),
    ],
)
def test_processes_of_an_unknown_launcher_do_not_measure_side_by_side(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    named: str,
) -> None:
    """Each of them would call itself the only one: all are refused, and the variable is named."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as refused:
        main([*SIMULATED, f"--results_dir={tmp_path}"])
    said = str(refused.value)

    assert said.startswith(f"{named}={variables[named]} says that this is one of several")
    assert f"unset {named} for a single process" in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_worker_of_a_run_within_a_launcher_is_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the runner itself was started by does not concern its launches."""
    monkeypatch.setenv("PMI_SIZE", "4")
    answer = os.open(tmp_path / "answer", os.O_RDWR | os.O_CREAT)
    monkeypatch.setattr("suite.cli.kernel.end_with_reader", lambda _: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)

    order = replace(parse_order(SIMULATED), channel=answer)

    assert main(["--order", encode_order(order)]) == 0


def test_no_record_is_ever_replaced_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next number is taken and told; every record says its own."""
    flags = [*SIMULATED, f"--results_dir={tmp_path}"]
    main(flags)
    first = (tmp_path / "inference-fp32-bs8-1gpu-simulated.0.json").read_text()
    capsys.readouterr()
    codes = [main(flags), main([*flags, "--launch=1"])]
    printed = capsys.readouterr().out

    assert codes == [0, 0]
    assert (tmp_path / "inference-fp32-bs8-1gpu-simulated.0.json").read_text() == first
    assert [record(tmp_path, number)["launch"] for number in range(3)] == [0, 1, 2]
    assert ".1.json (launch 0 already has a record, which is kept)" in printed
    assert ".2.json (launch 1 already has a record, which is kept)" in printed
    for path in tmp_path.glob("*.json"):
        decode_launch(path.read_text(), str(path))
