"""suite.run.labels: the label of a launch, and the cautions on it."""

from dataclasses import replace

import pytest
from builders import CPU_ONLY, WITH_T4, make_cell, make_launch

from suite.model.cell import KernelName, Protocol, quick_protocol
from suite.model.device import GpuProcess, Machine
from suite.model.facts import Facts
from suite.model.launch import Caution, CautionKind, Launch, Status
from suite.run.labels import ForeignProcesses, invalid_unless_alone, labelled, with_cautions

PROTOCOL = Protocol(warmup_steps=50, measured_steps=350, launches=2)


def launch(ran_on: str, protocol: Protocol = PROTOCOL, kernel: str = "resnet50") -> Launch:
    measured = make_cell(kernel=KernelName(kernel))
    return make_launch(
        cell=measured,
        protocol=protocol,
        step_seconds=(0.1, 0.1),
        conditions=Facts(device_type=ran_on),
    )


@pytest.mark.parametrize(
    ("samples", "protocol", "status"),
    [
        (2, PROTOCOL, Status.INVALID),
        (3, PROTOCOL, Status.OK),
        (2, quick_protocol(PROTOCOL), Status.OK),
    ],
)
def test_a_cap_that_leaves_too_few_samples_leaves_no_number(
    samples: int, protocol: Protocol, status: Status
) -> None:
    """The samples stay in the record with what to do; a first look is marked as such anyway."""
    text = f"the time cap of 9 s ended the launch after {samples} steps; raise max_seconds"
    capped = replace(
        launch("CPU", protocol),
        step_seconds=(0.1,) * samples,
        cautions=(Caution(CautionKind.TRUNCATED, text),),
    )
    record = labelled(capped, CPU_ONLY, None)

    assert record.status is status
    assert record.reason == (f"too few samples: {text}" if status is Status.INVALID else "")
    assert len(record.step_seconds) == samples


def test_a_protocol_of_few_steps_is_kept() -> None:
    """Whoever declares two steps gets two."""
    assert labelled(launch("CPU"), CPU_ONLY, None).status is Status.OK


FOREIGN = GpuProcess(pid=4711, name="python", memory_bytes=2**31)


@pytest.mark.parametrize(
    ("machine", "ran_on", "words", "label"),
    [
        (WITH_T4, "CPU", "ran on the CPU although Tesla T4 is present", "AMD EPYC (2 cores)"),
        (
            CPU_ONLY,
            "GPU",
            "ran on a GPU that NVML does not show (no NVIDIA driver)",
            "unknown GPU",
        ),
    ],
)
def test_a_launch_on_another_device_than_its_label_is_invalid(
    machine: Machine, ran_on: str, words: str, label: str
) -> None:
    """No number carries the name of a device that did not run it."""
    record = labelled(launch(ran_on), machine, None)

    assert record.status is Status.INVALID
    assert words in record.reason
    assert record.device == label


def test_the_label_is_the_device_that_ran() -> None:
    """A launch where it was expected has the label and no doubt attached."""
    record = labelled(launch("GPU"), WITH_T4, "t4")

    assert (record.status, record.device, record.cautions) == (Status.OK, "Tesla T4", ())


@pytest.mark.parametrize(
    ("record", "device", "kind", "words"),
    [
        (
            launch("CPU"),
            "t4",
            CautionKind.OTHER_DEVICE,
            "measured on AMD EPYC (2 cores), not on the matrix's t4; use --require-device",
        ),
        (
            launch("CPU", quick_protocol(PROTOCOL)),
            None,
            CautionKind.QUICK,
            "quick protocol with 2 measured steps; run without --quick for a number",
        ),
        (
            launch("", kernel="simulated"),
            "t4",
            CautionKind.SIMULATED,
            "a simulated kernel slept instead of computing; run a matrix of the real one",
        ),
    ],
)
def test_doubts_are_attached_to_the_number(
    record: Launch, device: str | None, kind: CautionKind, words: str
) -> None:
    """Another device, a quick protocol and a simulated kernel are told with what to do about it."""
    assert labelled(record, CPU_ONLY, device).cautions == (Caution(kind, words),)


def test_foreign_processes_on_the_gpu_are_named_beside_the_number() -> None:
    """Whoever was there right before or right after the launch is told once, with its memory."""
    (caution,) = with_cautions(launch("GPU"), (), [((FOREIGN,),), ((FOREIGN,),)]).cautions

    assert caution.kind is CautionKind.FOREIGN_PROCESS
    assert "also on the GPU: python (process 4711, 2.0 GiB); end them" in caution.text


def test_foreign_processes_on_another_gpu_are_no_doubt() -> None:
    """A launch on one GPU does not care who computes on the next."""
    assert with_cautions(launch("GPU"), (), [((), (FOREIGN,)), ((), ())]).cautions == ()


def test_a_crash_stays_a_crash_whoever_was_there() -> None:
    """--exclusive judges numbers; a launch without one keeps its own reason."""
    crashed = replace(launch("GPU"), status=Status.CRASHED, reason="ended by SIGSEGV")
    seen = [((FOREIGN,),)]

    assert invalid_unless_alone(with_cautions(crashed, (), seen), seen).reason == "ended by SIGSEGV"


UUID = "8932f937-d72c-4106-c12f-20bd9faed9f6"


@pytest.mark.parametrize(
    ("nvml", "cuda", "status"),
    [
        (f"GPU-{UUID}", UUID, Status.OK),
        (f"MIG-{UUID}", UUID, Status.OK),
        (f"GPU-{UUID}", None, Status.OK),
        (None, UUID, Status.OK),
        (f"GPU-{UUID}", UUID.replace("8", "9"), Status.INVALID),
    ],
    ids=["same", "same MIG device", "CUDA does not tell", "NVML does not tell", "another"],
)
def test_the_label_is_that_of_the_very_gpu(
    nvml: str | None, cuda: str | None, status: Status
) -> None:
    """Where NVML and CUDA disagree on which GPU is the first, energy and name are another's."""
    gpu = replace(WITH_T4.gpus[0], uuid=nvml)
    ran = replace(launch("GPU"), conditions=Facts(device_type="GPU", gpu_uuid=cuda))
    record = labelled(ran, replace(WITH_T4, gpus=(gpu,)), None)

    assert record.status is status
    if status is Status.INVALID:
        assert record.device == "unknown GPU"
        assert f"ran on the GPU with the UUID {cuda}" in record.reason


@pytest.mark.parametrize("seen", [[(None,), ((),)], [((),), (None,)]], ids=["before", "after"])
def test_exclusive_needs_to_see_who_is_there(seen: list[ForeignProcesses]) -> None:
    """Processes that cannot be read are not nobody: no caution, and no promise either."""
    record = with_cautions(launch("GPU"), (), seen)

    assert record.cautions == ()
    assert invalid_unless_alone(record, seen).reason == (
        "--exclusive: the processes on the GPU could not be read"
    )
    assert invalid_unless_alone(record, [((),), ((), None)]).status is Status.OK
