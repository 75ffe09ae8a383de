"""How much memory a launch will need: from this device's history, else from the network's layers.

A warning for users, never a reason to skip a cell. The formula is a sum:

    the framework + copies of the parameters + images x bytes of an image's activations

Inference holds a few of the largest activations at a time; training keeps every one that the
backward pass reads. They are counted from the layers of ResNet50 v1.5; the constants below were
fitted to the largest resident memory of launches on a two-core CPU with TensorFlow 2.21, and give
between 0.88 and 1.34 times what was measured (too much for large batches of inference). On a GPU
the framework's part is a guess. On an H100 the formula gave between 0.43 and 1.10 times what the
allocator held, which it takes in pieces that double, so that half of it may be free; and the
published runs all fitted. `tests/analysis/test_memory.py` tests these.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from suite.model.cell import Cell, Graph, KernelName, Mode, Precision
from suite.model.device import Machine
from suite.model.launch import Launch, Status

_MIB = 2**20
PARAMETERS = 25_600_000
# After TensorFlow's import, tracing and the first step, without what scales with the batch.
FRAMEWORK_BYTES_ON_CPU = 620 * _MIB
# The driver's context, cuDNN, cuBLAS and their workspaces.
FRAMEWORK_BYTES_ON_GPU = 1024 * _MIB
# XLA's own buffers and compiled code.
XLA_BYTES = {Mode.INFERENCE: 250 * _MIB, Mode.TRAINING: 500 * _MIB}
# Copies made on the host while variables are folded into constants.
FREEZING_BYTES = 2600 * _MIB
# How many activations of the largest size an inference step holds: fp32 gave 4.3, amp 4.9.
LIVE_ACTIVATIONS = 4.5
# Gradients and the allocator's gaps, on top of the activations that training keeps.
TRAINING_FACTOR = 1.3
_ON_GPU, _RESIDENT = "gpu_memory_used_bytes", "resident_bytes"  # gauges of telemetry
# Blocks and bottleneck width of the four stages of the network; a block puts out 4 x its width.
_STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))


@dataclass(frozen=True, slots=True)
class MemoryEstimate:
    """Expected peak memory of one launch on its device, and where the expectation comes from.

    `ran_out` says that it ran out of memory on this device in an earlier run.
    """

    peak_bytes: float
    source: str
    ran_out: bool = False

    def fits(self, capacity_bytes: int | None) -> bool:
        """Whether it is expected to fit in this much memory; unknown counts as yes."""
        return not self.ran_out and (capacity_bytes is None or self.peak_bytes <= capacity_bytes)


def capacity_bytes(machine: Machine) -> int | None:
    """The memory of the device that launches run on: the first GPU's, else the machine's."""
    return machine.gpus[0].memory_bytes if machine.gpus else machine.cpu.memory_bytes


def peaks(launches: Iterable[Launch]) -> dict[Cell, MemoryEstimate]:
    """What each cell needed in earlier launches of one device; the last launch of a cell counts.

    Readings are taken between steps, when the framework's allocator still holds what a step needed;
    they do not include what only the build needed.
    """
    found = {}
    for launch in launches:
        peak = _peak_bytes(launch)
        if launch.status is Status.OUT_OF_MEMORY:
            found[launch.cell] = MemoryEstimate(0, "an earlier run", ran_out=True)
        elif launch.status is Status.OK and peak is not None:
            found[launch.cell] = MemoryEstimate(peak, "an earlier run")
    return found


def _peak_bytes(launch: Launch) -> float | None:
    """The most on any one GPU, or of all processes together on a CPU; None if not recorded."""
    recorded = [launch.telemetry, *(rank.telemetry for rank in launch.ranks)]
    gauges = [telemetry.gauges for telemetry in recorded if telemetry is not None]
    on_gpus = [each[_ON_GPU].highest for each in gauges if _ON_GPU in each]
    resident = [each[_RESIDENT].highest for each in gauges if _RESIDENT in each]
    return max(on_gpus) if on_gpus else sum(resident) or None


def estimate_memory(
    cell: Cell, history: dict[Cell, MemoryEstimate], *, on_gpu: bool
) -> MemoryEstimate | None:
    """Expected peak of one launch, from an earlier launch of this cell or by the formula.

    None for a simulated kernel, which only sleeps. On a GPU it is the memory of each GPU; on a
    CPU that of all ranks together, which share it.
    """
    if cell.kernel is KernelName.SIMULATED:
        return None
    return history.get(cell) or MemoryEstimate(formula_bytes(cell, on_gpu=on_gpu), "a formula")


def formula_bytes(cell: Cell, *, on_gpu: bool) -> float:
    """The formula of this module, in bytes."""
    fixed = FRAMEWORK_BYTES_ON_GPU if on_gpu else FRAMEWORK_BYTES_ON_CPU
    fixed += XLA_BYTES[cell.mode] if cell.xla else 0
    fixed += FREEZING_BYTES if cell.graph is Graph.FROZEN and not on_gpu else 0
    rank = fixed + _parameter_bytes(cell) + cell.batch_size * _image_bytes(cell)
    return rank if on_gpu else rank * cell.gpus


def _parameter_bytes(cell: Cell) -> float:
    """Float32 weights, in training gradients and momentum too, and for AMP a 2-byte copy."""
    copies = 3.0 if cell.mode is Mode.TRAINING else 1.0
    copies += 0.5 if cell.precision is Precision.AMP else 0.0
    return copies * PARAMETERS * 4


def _image_bytes(cell: Cell) -> float:
    """Activations of one image, and the image itself: as given and normalised, both float32.

    In training the image of the next step is staged as well.
    """
    width = 2 if cell.precision is Precision.AMP else 4
    image = 3 * cell.image_size**2 * 4
    if cell.mode is Mode.TRAINING:
        return 3 * image + TRAINING_FACTOR * width * kept_activations(cell.image_size)
    largest = max(elements for elements, _ in _convolutions(cell.image_size))
    return 2 * image + LIVE_ACTIVATIONS * width * largest


def kept_activations(image_size: int) -> int:
    """Elements per image that the backward pass reads: 20.9 million at 224 pixels.

    Batch normalisation reads each convolution's output, and the next convolution reads the ReLU's
    output (as the ReLU's own gradient does); the output of the stem's pooling comes on top.
    """
    pooled = _halved(_halved(image_size)) ** 2 * 64
    return pooled + sum(
        elements * (2 if rectified else 1) for elements, rectified in _convolutions(image_size)
    )


def _convolutions(image_size: int) -> Iterator[tuple[int, bool]]:
    """Output elements of each convolution for one image, and whether a ReLU follows.

    A block's ReLU comes after its sum, so it is counted once, with the third convolution.
    """
    side = _halved(image_size)
    yield side**2 * 64, True
    side = _halved(side)
    for stage, (blocks, width) in enumerate(_STAGES):
        for block in range(blocks):
            out = _halved(side) if stage and not block else side
            yield side**2 * width, True  # v1.5: the stride is on the second convolution
            yield out**2 * width, True
            yield out**2 * 4 * width, True
            if not block:
                yield out**2 * 4 * width, False  # the shortcut's projection
            side = out


def _halved(side: int) -> int:
    return -(-side // 2)
