"""How long a launch will take: from this device's history, a published rate, or a rough guess."""

from collections.abc import Iterable
from dataclasses import dataclass

from suite.analysis.nearest_batch import NearestBatch
from suite.analysis.summary import launch_summary
from suite.model.cell import Cell, KernelName, Mode, Protocol
from suite.model.launch import Launch, Status

# img/s per core, float32: ResNet50 at batch 16 (inference) and 8 (training) with TensorFlow 2.21
# on two Zen 4 cores gave 17-20 and 4.6 img/s.
NOMINAL_CPU_RATE = {Mode.INFERENCE: 9.0, Mode.TRAINING: 2.3}
# Import, build and compile on the same machine: 10-20 s, most of it tracing; XLA adds to it.
NOMINAL_STARTUP_SECONDS = 15.0
# The simulated kernel imports no framework, and its steps sleep for milliseconds.
SIMULATED_PACE_IMAGES_PER_SECOND = 500.0
SIMULATED_STARTUP_SECONDS = 0.1
_GUESS = "a rough guess"


@dataclass(frozen=True, slots=True)
class Pace:
    """How a cell ran before: throughput in images/s and the seconds of its startup."""

    images_per_second: float
    startup_seconds: float


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """The reference's images/s for a cell, and the system that it is of: None for this device."""

    images_per_second: float
    other_system: str | None = None

    @property
    def phrase(self) -> str:
        """Where it comes from, in words."""
        of = f" of {self.other_system}, another device" if self.other_system else ""
        return f"the published rate{of}"


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected seconds of one launch, and where the expectation comes from."""

    seconds: float
    source: str


def paces(launches: Iterable[Launch]) -> NearestBatch[Pace]:
    """The pace of each cell in earlier launches of one device; the last launch of a cell counts."""
    found: NearestBatch[Pace] = NearestBatch()
    for launch in launches:
        summary = launch_summary(launch)
        if launch.status is Status.OK and summary is not None:
            startup = sum(launch.startup_seconds.values())
            found.learn(launch.cell, Pace(summary.images_per_second, startup))
    return found


def estimate(
    cell: Cell,
    protocol: Protocol,
    history: NearestBatch[Pace],
    published: PublishedRate | None,
    cpu_cores: float | None,
) -> Estimate | None:
    """Expected time of one launch, or None if nothing is known.

    A rate `published` for another GPU is off by the ratio of the two, yet it tells short cells of a
    run from long ones, and the run's first launches correct it. `cpu_cores` are the cores that will
    run the cell on a machine without a GPU.
    """
    pace, source = _expected_pace(cell, history, published, cpu_cores)
    if pace is None:
        return None
    steps = protocol.num_iter * cell.global_batch_size / pace.images_per_second
    capped = min(steps, protocol.max_seconds or steps)
    return Estimate(capped + pace.startup_seconds, source)


def _expected_pace(
    cell: Cell,
    history: NearestBatch[Pace],
    published: PublishedRate | None,
    cpu_cores: float | None,
) -> tuple[Pace | None, str]:
    known = history.nearest(cell)
    if known is not None:
        size, pace = known
        same = size == cell.batch_size
        return pace, "an earlier run" if same else f"batch {size} of an earlier run"
    if cell.kernel is KernelName.SIMULATED:
        return Pace(SIMULATED_PACE_IMAGES_PER_SECOND, SIMULATED_STARTUP_SECONDS), _GUESS
    if published is not None:
        return Pace(published.images_per_second, NOMINAL_STARTUP_SECONDS), published.phrase
    if cpu_cores is not None:
        return Pace(NOMINAL_CPU_RATE[cell.mode] * cpu_cores, NOMINAL_STARTUP_SECONDS), _GUESS
    return None, ""
