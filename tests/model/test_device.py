"""suite.model.device: labels, matches and what a machine cannot run."""

from dataclasses import replace
from typing import Any

import pytest
from builders import CPU, make_cell

from suite.model.cell import Cell, Data, KernelName, Mode, Precision, Protocol
from suite.model.device import (
    Gpu,
    GpuProcess,
    Machine,
    device_label,
    device_mismatch,
    device_note,
    device_slug,
    printable,
    published_system,
    run_label,
    skip_reason,
    too_many_ranks,
    used_gpus,
    visible_devices,
    wrong_device,
    wrong_type,
)
from suite.model.distributed import Distributed, Host
from suite.model.facts import Facts
from suite.model.matrix import Matrix
from suite.model.systems import gpu_type


def machine(*names: str, capability: tuple[int, int] | None = (8, 0)) -> Machine:
    gpus = tuple(
        Gpu(index=index, name=name, compute_capability=capability)
        for index, name in enumerate(names)
    )
    return Machine(gpus=gpus, cpu=CPU, nvml="")


def cell(precision: Precision = Precision.FP32, gpus: int = 1) -> Cell:
    return make_cell(mode=Mode.TRAINING, precision=precision, xla=True, gpus=gpus)


HERE = Distributed()


def taking(slots: int) -> Distributed:
    """Two hosts that take so many ranks together."""
    return Distributed(hosts=(Host("node1", slots // 2), Host("node2", slots - slots // 2)))


def test_label_and_slug_name_the_device_that_runs() -> None:
    """Numbers carry the first GPU's name, or the CPU's with its cores."""
    assert device_label(machine("Tesla T4")) == "Tesla T4"
    assert device_slug(machine("NVIDIA A100-SXM4-40GB")) == "nvidia-a100-sxm4-40gb"
    assert device_label(machine()) == "AMD EPYC (2 cores)"
    assert device_slug(machine()) == "amd-epyc-2-cores"
    # Part of the name of a run directory, which has a length that file systems limit.
    assert device_slug(machine("A" * 300)) == "a" * 60
    assert device_slug(machine("\x1b\n")) == "unnamed"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Tesla T4", "t4"),
        ("Tesla V100-SXM2-16GB", "dgx1"),
        ("Tesla V100-SXM3-32GB", "dgx2"),
        ("A100-SXM4-40GB", "dgxa100"),
        ("NVIDIA A100-SXM4-40GB", "dgxa100"),
        ("NVIDIA A100-PCIE-40GB", None),
        ("NVIDIA A100-SXM4-80GB", None),
        ("Tesla V100-PCIE-16GB", None),
        ("NVIDIA H200", None),
    ],
)
def test_a_system_is_known_by_its_exact_board(name: str, key: str | None) -> None:
    """A PCIe card or one with other memory is not the published system's GPU."""
    system = published_system(machine(name))

    assert (system.key if system else None) == key


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Tesla T4", "t4"),
        ("NVIDIA T4", "t4"),
        ("t4", "t4"),
        ("Tesla V100-SXM2-16GB", "dgx1"),
        ("Tesla V100-SXM2-32GB", "v100-sxm2-32gb"),
        ("Tesla V100-SXM3-32GB", "dgx2"),
        ("NVIDIA A100-SXM4-40GB", "dgxa100"),
        ("dgxa100", "dgxa100"),
        ("NVIDIA A100-SXM4-40GB MIG 3g.20gb", "a100-sxm4-40gb-mig-3g-20gb"),
        ("NVIDIA H200", "h200"),
        ("../\n", ""),
    ],
)
def test_a_type_of_gpu_is_its_board_and_memory(name: str, kind: str) -> None:
    """Under any spelling, file-safe; a type names itself."""
    assert gpu_type(name) == kind
    assert gpu_type(kind) == kind


def test_a_run_has_the_label_of_the_gpus_that_its_cells_name() -> None:
    """Of several types all that it can use; what it cannot use gives no name."""
    here = machine("NVIDIA H200", "Tesla T4", "Tesla T4")
    t4, h200 = (replace(cell(), gpu=gpu) for gpu in ("t4", "h200"))

    assert run_label([cell()], here) == "NVIDIA H200"
    assert run_label([t4], here) == "Tesla T4"
    assert run_label([t4, h200], here) == "NVIDIA H200 and Tesla T4"
    assert run_label([replace(cell(), gpu="dgx1")], here) == "NVIDIA H200"
    assert run_label([t4], machine()) == "AMD EPYC (2 cores)"


def test_a_process_on_another_type_is_told_which_to_take() -> None:
    """The line names the GPU that it has, and one of the type if it can see that."""
    first, second = (
        Gpu(index=index, name=name, uuid=f"GPU-{index}")
        for index, name in enumerate(("NVIDIA H200", "Tesla T4"))
    )
    here = Machine(gpus=(first, second), cpu=CPU, nvml="")
    t4 = replace(cell(), gpu="t4")

    assert wrong_type(t4, second, here) is None
    assert wrong_type(cell(), first, here) is None
    assert wrong_type(t4, first, here) == (
        "needs a GPU of type t4, and this process has NVIDIA H200 (h200); set CUDA_VISIBLE_DEVICES"
        " to GPU-1"
    )
    assert wrong_type(t4, None, machine()) == (
        "needs a GPU of type t4, and this process has no GPU, only AMD EPYC (2 cores); run it where"
        " there is one"
    )


@pytest.mark.parametrize(
    ("expected", "here", "words"),
    [
        (None, machine(), None),
        ("cpu", machine(), None),
        ("t4", machine("Tesla T4"), None),
        ("NVIDIA H200", machine("NVIDIA H200"), None),
        ("t4", machine(), "this matrix is for one T4 of NVIDIA T4 (1x T4 16G), but this machine"),
        ("t4", machine("NVIDIA H200"), "but this machine has NVIDIA H200"),
        ("cpu", machine("Tesla T4"), "this matrix is for a CPU, but this machine has Tesla T4"),
        ("NVIDIA H100", machine(), "no GPU, only AMD EPYC (2 cores)"),
    ],
)
def test_a_mismatch_is_one_sentence(expected: str | None, here: Machine, words: str | None) -> None:
    """The sentence names what was asked for and what is there."""
    said = device_mismatch(expected, here)

    assert said is None if words is None else said is not None and words in said


@pytest.mark.parametrize(
    ("cores", "label"),
    [(1, "(1 core)"), (0.5, "(0.5 cores)"), (1.5, "(1.5 cores)"), (4 / 3, "(1.33 cores)"),
     (2.0, "(2 cores)"), (2048, "(2048 cores)")],
)  # fmt: skip
def test_a_label_has_the_fraction_of_cores(cores: float, label: str) -> None:
    """Half a core has a name of its own; whole numbers are written as ever."""
    here = Machine(gpus=(), cpu=replace(CPU, cores=cores), nvml="")

    assert device_label(here) == f"AMD EPYC {label}"


HIDDEN = replace(
    machine(), nvml="2 GPUs found; 0 visible with CUDA_VISIBLE_DEVICES=-1", gpus_out_of_reach=True
)
WHY = "no GPU that can be used (NVML: 2 GPUs found; 0 visible with CUDA_VISIBLE_DEVICES=-1), only"


@pytest.mark.parametrize(
    ("expected", "here", "kernel", "words"),
    [
        (None, HIDDEN, KernelName.RESNET50, f"for any device, but this machine has {WHY} AMD"),
        ("t4", HIDDEN, KernelName.RESNET50, f"but this machine has {WHY} AMD EPYC (2 cores)"),
        ("cpu", HIDDEN, KernelName.RESNET50, None),
        (None, HIDDEN, KernelName.SIMULATED, None),
        (None, machine(), KernelName.RESNET50, None),
        (None, machine("Tesla T4"), KernelName.RESNET50, None),
    ],
    ids=["any", "t4", "cpu", "simulated", "no GPU at all", "a GPU"],
)
def test_gpus_that_cannot_be_used_are_told_before_a_run(
    expected: str | None, here: Machine, kernel: KernelName, words: str | None
) -> None:
    """A matrix that would take a GPU does not fall to the CPU without NVML's own phrase."""
    cells = (replace(cell(), kernel=kernel),)
    protocol = Protocol(warmup_steps=0, measured_steps=1)
    matrix = Matrix(
        name="mine", purpose="", device=expected, reference=None, protocol=protocol, cells=cells
    )
    said = device_note(matrix, here)

    assert said is None if words is None else said is not None and words in said


def test_cells_that_a_machine_cannot_run_have_a_reason() -> None:
    """Missing GPUs and missing TF32 are told before anything starts."""
    old = machine("Tesla T4", capability=(7, 5))

    assert skip_reason(cell(), machine()) is None
    assert "has none" in (skip_reason(cell(Precision.TF32), machine()) or "")
    assert "Tesla T4 has 7.5" in (skip_reason(cell(Precision.TF32), old) or "")
    assert skip_reason(cell(Precision.TF32), machine("NVIDIA H200")) is None


def test_more_ranks_than_devices_have_a_reason() -> None:
    """Ranks need a GPU each, or a slot of a host; CPU cores stand in only where that is wanted."""
    eight, two = cell(gpus=8), cell(gpus=2)
    one_gpu = machine("Tesla T4")

    assert too_many_ranks(eight, one_gpu, HERE, cpu_ranks=True) == (
        "needs 8 GPUs, and this machine has 1"
    )
    assert too_many_ranks(two, machine(), HERE, cpu_ranks=False) == (
        "needs 2 GPUs, and this machine has none"
    )
    assert too_many_ranks(two, machine(), HERE, cpu_ranks=True) is None
    assert too_many_ranks(eight, machine(), HERE, cpu_ranks=True) == (
        "needs 8 ranks, and this machine has 2 CPU cores"
    )
    part = replace(machine(), cpu=replace(CPU, cores=1.5))
    assert too_many_ranks(two, part, HERE, cpu_ranks=True) == (
        "needs 2 ranks, and this machine has 1.5 CPU cores"
    )
    assert too_many_ranks(eight, machine(), taking(8), cpu_ranks=True) is None
    assert too_many_ranks(eight, machine(), taking(4), cpu_ranks=True) == (
        "needs 8 ranks, and its hosts take 4"
    )
    assert too_many_ranks(eight, machine(), taking(8), cpu_ranks=False) == (
        "needs 8 GPUs, and this machine has none"
    )
    # A single host is no other than this one, which is known.
    alone = Distributed(hosts=(Host("localhost", 8),))
    assert too_many_ranks(eight, one_gpu, alone, cpu_ranks=True) == (
        "needs 8 GPUs, and this machine has 1"
    )


def test_a_batch_on_the_device_needs_a_gpu() -> None:
    """On a CPU nothing is copied anyway: the cell would be another one under a second name."""
    kept = replace(cell(), data=Data.SYNTHETIC_DEVICE)

    assert "data synthetic is the same" in (skip_reason(kept, machine()) or "")
    assert skip_reason(kept, machine("Tesla T4")) is None


def test_the_simulated_kernel_runs_anywhere() -> None:
    """It has no precision and no GPUs to miss."""
    simulated = make_cell(precision=Precision.TF32, batch_size=1, kernel=KernelName.SIMULATED)

    assert skip_reason(simulated, machine()) is None


def test_a_cell_that_names_a_gpu_needs_one_of_its_type() -> None:
    """What is there instead is told."""
    h200 = replace(cell(), gpu="h200")

    assert skip_reason(h200, machine("NVIDIA H200")) is None
    assert skip_reason(h200, machine("Tesla T4")) == (
        "needs a GPU of type h200, and this machine has Tesla T4 (t4)"
    )
    assert skip_reason(h200, machine()) == (
        "needs a GPU of type h200, and this machine has no GPU, only AMD EPYC (2 cores)"
    )


def test_a_launch_sees_the_gpus_of_its_type_by_their_uuids() -> None:
    """Where there are no others nothing is hidden, and what the user has set stays."""
    here = machine("NVIDIA H200", "Tesla T4", "Tesla T4")
    uuids = tuple(replace(gpu, uuid=f"GPU-{gpu.index}") for gpu in here.gpus)
    mixed, alone = replace(here, gpus=uuids), replace(here, gpus=uuids[1:])
    t4 = replace(cell(), gpu="t4")

    assert visible_devices(t4, mixed) == "GPU-1,GPU-2"
    assert visible_devices(t4, alone) is visible_devices(cell(), mixed) is None
    assert visible_devices(cell(), machine()) is None


def test_the_gpus_that_cells_use_are_those_of_their_type_as_many_as_they_need() -> None:
    """Each once, whatever else the machine has; a CPU has none."""
    mixed = machine("NVIDIA H200", "Tesla T4", "Tesla T4", "Tesla T4")
    t4, two = replace(cell(), gpu="t4"), replace(cell(gpus=2), gpu="t4")

    assert [gpu.index for gpu in used_gpus([cell()], mixed)] == [0]
    assert [gpu.index for gpu in used_gpus([t4, two, t4], mixed)] == [1, 2]
    assert [gpu.index for gpu in used_gpus([two, cell()], mixed)] == [1, 2, 0]
    assert used_gpus([cell()], machine()) == ()


T4 = Gpu(index=0, name="Tesla T4", uuid="GPU-1234-5678")
ON_GPU = {"device_type": "GPU", "gpu_uuid": "1234-5678"}


@pytest.mark.parametrize(
    ("conditions", "gpu", "words"),
    [
        (ON_GPU, T4, None),
        ({"device_type": "GPU", "gpu_uuid": None}, T4, None),
        (ON_GPU, replace(T4, uuid=None), None),
        ({"device_type": "CPU"}, None, None),
        ({}, T4, None),
        ({}, None, None),
        ({"device_type": "CPU"}, T4, "the launch ran on the CPU although Tesla T4 is present"),
        (ON_GPU, None, "the launch ran on a GPU that NVML does not show (no driver)"),
        (
            {**ON_GPU, "gpu_uuid": "8765-4321"},
            T4,
            "the launch ran on the GPU with the UUID 8765-4321, but NVML has Tesla T4 with GPU-",
        ),
    ],
)
def test_a_launch_runs_on_the_device_that_labels_it(
    conditions: dict[str, Any], gpu: Gpu | None, words: str | None
) -> None:
    """What ran is held against what NVML shows, as far as both tell."""
    said = wrong_device(Facts(**conditions), gpu, Machine(gpus=(), cpu=CPU, nvml="no driver"))

    assert said is None if words is None else said is not None and said.startswith(words)


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (GpuProcess(pid=7, name="python", memory_bytes=3 * 2**29), "python (process 7, 1.5 GiB)"),
        (GpuProcess(pid=7, name="python", memory_bytes=None), "python (process 7)"),
        (GpuProcess(pid=7, name=None, memory_bytes=None), "a process (process 7)"),
    ],
)
def test_a_foreign_process_is_told_as_far_as_it_is_known(process: GpuProcess, words: str) -> None:
    """A container hides names, and some drivers hide memory."""
    assert process.phrase == words


@pytest.mark.parametrize(("feature", "native"), [("AVX-512 BF16", True), ("AVX-512", False)])
def test_a_cpu_has_bfloat16_by_an_instruction_set_of_its_own(feature: str, *, native: bool) -> None:
    """Without one, AMP computes in float32 with conversions between."""
    assert replace(CPU, features=("AVX2", feature)).native_bfloat16 is native


def test_a_product_name_is_printed_on_one_line() -> None:
    """Whatever a driver or the firmware says, no character in it acts."""
    assert printable(" Tesla\x1b T4\n") == "Tesla\ufffd T4"


def test_a_part_of_the_gpus_is_enough_for_as_many_ranks() -> None:
    """Hosts that were named are asked for their devices when the run begins."""
    two = machine("Tesla T4", "Tesla T4")
    broken = replace(two, nvml="1 GPU is faulty")

    assert too_many_ranks(cell(gpus=2), two, HERE, cpu_ranks=False) is None
    assert too_many_ranks(cell(gpus=8), two, taking(8), cpu_ranks=False) is None
    assert too_many_ranks(cell(gpus=4), broken, HERE, cpu_ranks=False) == (
        "needs 4 GPUs, and this machine has 2 (NVML: 1 GPU is faulty)"
    )
