"""suite.formats.devices: whole documents for a GPU machine and for one without."""

from dataclasses import replace

import pytest

from suite.formats.devices import devices_text
from suite.model.device import Cpu, Gpu, GpuProcess, Machine

CPU = Cpu(
    model="Imaginary CPU",
    cores=4,
    physical_cores=8,
    memory_bytes=64 * 2**30,
    features=("AVX2", "AVX-512F"),
)

T4 = Gpu(
    index=0,
    name="Tesla T4",
    uuid="GPU-8932f937-d72c-4106-c12f-20bd9faed9f6",
    memory_bytes=15360 * 2**20,
    form_factor="PCIe",
    compute_capability=(7, 5),
    power_limit_watts=70.0,
    processes=(
        GpuProcess(pid=41, name="python3", memory_bytes=3 * 2**29),
        GpuProcess(pid=97, name=None, memory_bytes=None),
    ),
)

T4_TEXT = """\
GPU 0: Tesla T4
  type in a matrix    t4
  memory              15.0 GiB
  form factor         PCIe
  driver              550.54.15
  CUDA of the driver  12.4
  compute capability  7.5
  power limit         70 W
  MIG                 not told by the driver
  UUID                GPU-8932f937-d72c-4106-c12f-20bd9faed9f6
  foreign processes   python3 (pid 41, 1.5 GiB)
                      name unknown (pid 97, memory unknown)

NVML: 2 GPUs found; 1 visible with CUDA_VISIBLE_DEVICES=0

CPU: Imaginary CPU
  cores usable here  4 logical (8 physical in all)
  memory             64.0 GiB
  instruction sets   AVX2, AVX-512F
  native bfloat16    no: AMP cells will be slow

published system: t4, NVIDIA T4 (1x T4 16G)"""

CPU_TEXT = """\
no GPU (Driver Not Loaded); cells run on the CPU

CPU: Imaginary CPU
  cores usable here  4 logical (8 physical in all)
  memory             64.0 GiB
  instruction sets   AVX2, AVX-512F
  native bfloat16    no: AMP cells will be slow

published system: none; comparisons will say that the hardware differs"""


def test_a_gpu_machine_is_a_whole_document() -> None:
    """Every fact has its line, every foreign process its own, and the published system is named."""
    machine = Machine(
        gpus=(T4,),
        cpu=CPU,
        nvml="2 GPUs found; 1 visible with CUDA_VISIBLE_DEVICES=0",
        driver_version="550.54.15",
        cuda_version="12.4",
    )

    assert devices_text(machine) == T4_TEXT


def test_a_machine_without_a_gpu_is_a_whole_document() -> None:
    """The reason that NVML gave and the processor are told."""
    assert devices_text(Machine(gpus=(), cpu=CPU, nvml="Driver Not Loaded")) == CPU_TEXT


def test_facts_that_are_missing_say_so() -> None:
    """A driver that gives nothing but a name leaves no blank and no number."""
    text = devices_text(Machine(gpus=(Gpu(index=0, name="Old GPU"),), cpu=CPU, nvml="1 GPU found"))

    assert "  memory              not told by the driver\n" in text
    assert "  power limit         not told by the driver\n" in text
    assert "  form factor         not in the product name\n" in text
    assert "  MIG                 not told by the driver\n" in text
    assert "  foreign processes   unknown: they cannot be read\n" in text
    assert max(map(len, text.splitlines())) <= 100


def test_nobody_is_told_from_what_cannot_be_read() -> None:
    """An empty list of processes is an answer of the driver."""
    alone = Machine(gpus=(replace(T4, processes=()),), cpu=CPU, nvml="1 GPU found")

    assert "  foreign processes   none seen (" in devices_text(alone)


def test_a_mig_device_has_no_power_limit_of_its_own() -> None:
    """Its board's is neither its own nor unknown."""
    part = replace(T4, mig=True, power_limit_watts=None)
    text = devices_text(Machine(gpus=(part,), cpu=CPU, nvml="1 GPU found"))

    assert "  power limit         its board's, which MIG devices share\n" in text


@pytest.mark.parametrize(
    ("cores", "allowed", "words"),
    [
        (0.5, 2, "0.5 of 2"),
        (1.333333, 8, "1.33 of 8"),
        (2, 8, "2 of 8"),
        (8, 8, "8"),
        (8, None, "8"),
    ],
)
def test_a_quota_of_cores_is_told(cores: float, allowed: int | None, words: str) -> None:
    """What this process may use stands before what it may run on."""
    cpu = replace(CPU, cores=cores, allowed_cores=allowed)
    text = devices_text(Machine(gpus=(), cpu=cpu, nvml=""))

    assert f"  cores usable here  {words} logical (8 physical in all)\n" in text
