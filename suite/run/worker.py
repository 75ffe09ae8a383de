"""The child's work: build a cell's kernel, compile it, time its steps, say what really ran."""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone

from suite import kernels
from suite.analysis.cautions import contention, measured_cautions
from suite.analysis.input_wait import input_wait
from suite.kernels.interface import (
    InvalidLaunchError,
    Kernel,
    MissingComponentError,
    is_out_of_memory,
)
from suite.machine.cuda import cuda_uuid
from suite.machine.devices import detect_machine
from suite.machine.telemetry import Recorder
from suite.model.cell import KernelName
from suite.model.device import Gpu, Machine, wrong_device
from suite.model.distributed import ONLY_RANK, Rank, rank_of
from suite.model.errors import InputError
from suite.model.launch import MEASURING, WARM_UP, Caution, CautionKind, Launch, Status
from suite.model.telemetry import without_gpu
from suite.run.channel import Progress
from suite.run.order import LaunchOrder
from suite.run.timing import Timing, time_steps

# Lines of a TensorFlow error before the one that says what happened.
_WHERE = ("Graph execution error:", "Detected at node", "File ", "<stack traces unavailable>")

Notify = Callable[[Progress], None]


def execute(
    order: LaunchOrder, notify: Notify, stop_requested: Callable[[], bool] | None = None
) -> Launch:
    """Measure one cell, or one rank of it, in this process.

    `stop_requested` says whether the runner wants no further step; without it SIGTERM does.

    Never raises for what a launch can meet: every end is a status with a reason. An unexpected
    error leaves its traceback on stderr.
    """
    launch = Launch(
        cell=order.cell,
        protocol=order.protocol,
        launch=order.launch,
        status=Status.OK,
        started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    try:
        return _measure(order, launch, notify, stop_requested)
    except MissingComponentError as error:
        return replace(launch, status=Status.SKIPPED, reason=str(error))
    except (InvalidLaunchError, InputError) as error:
        return replace(launch, status=Status.INVALID, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises ends as a record
        if is_out_of_memory(error):
            return replace(launch, status=Status.OUT_OF_MEMORY, reason=_cause(error))
        traceback.print_exc()
        return replace(launch, status=Status.CRASHED, reason=_cause(error))


def _measure(
    order: LaunchOrder,
    launch: Launch,
    notify: Notify,
    stop_requested: Callable[[], bool] | None,
) -> Launch:
    startup: dict[str, float] = {}
    rank = rank_of(os.environ) if order.cell.gpus > 1 else ONLY_RANK
    machine = detect_machine()
    gpu = _own_gpu(order, rank, machine)
    # Beside a launch that sleeps, others do no harm.
    computes = order.cell.kernel is not KernelName.SIMULATED
    recorder = Recorder(gpu=gpu, watch_others=computes) if order.telemetry else None
    kernel = _started(order, startup, notify)
    stop_requested = stop_requested or _on_request(order)

    def tell(phase: str, done: int, total: int) -> None:
        if recorder is not None:
            recorder.on_step(phase, done, total)
        notify(Progress(phase, done, total))
        if phase == WARM_UP and done == total:  # a hang from here on is not the warm-up's
            notify(Progress(MEASURING, 0, order.protocol.measured_steps))

    notify(Progress(WARM_UP, 0, order.protocol.warmup_steps or order.protocol.measured_steps))
    timing = time_steps(
        kernel.step,
        order.protocol,
        tell,
        should_stop=stop_requested,
        consensus=kernel.consensus,
    )
    # The energy counter of a CPU is that of its whole host.
    images = order.cell.batch_size * (1 if gpu else rank.local_size)
    telemetry = recorder.finish(images) if recorder is not None else None
    waited = input_wait(kernel.input_wait_seconds(), timing.step_seconds)
    # Another rank may have been told first.
    capped = order.protocol.max_seconds is not None
    interrupted = timing.truncated and (stop_requested() or not capped)
    conditions = {} if interrupted else _conditions(kernel, rank)
    mistake = wrong_device(conditions, gpu, machine)
    if gpu and mistake and telemetry:
        telemetry = without_gpu(telemetry, f"the launch did not run on {gpu.name}, which was read")
    doubts = (
        None if interrupted else _truncated(order, timing),
        waited.caution(order.cell.data) if waited else None,
        *measured_cautions(timing.step_seconds, telemetry),
        # One of several ranks does not know the others of its host.
        contention([telemetry]) if telemetry and rank == ONLY_RANK else None,
    )
    launch = replace(
        launch,
        startup_seconds=startup,
        warmup_seconds=timing.warmup_seconds,
        step_seconds=timing.step_seconds,
        telemetry=telemetry,
        cautions=tuple(doubt for doubt in doubts if doubt is not None),
    )
    if interrupted:
        measured = f"{len(timing.step_seconds)} of {order.protocol.measured_steps} measured steps"
        return replace(launch, status=Status.INTERRUPTED, reason=f"after {measured}")
    widened = _widened(conditions)
    return replace(
        launch,
        status=Status.INVALID if mistake else Status.OK,
        reason=mistake or "",
        device=gpu.name if gpu and not mistake else "",
        conditions={**conditions, **(waited.conditions() if waited else {})},
        all_reduce_seconds=tuple(kernel.all_reduce_seconds()),
        cautions=(*launch.cautions, *([widened] if widened else [])),
    )


def _started(order: LaunchOrder, startup: dict[str, float], notify: Notify) -> Kernel:
    """The kernel, built and compiled, with the seconds of each phase put into `startup`."""
    with _phase("import", startup, notify):
        kernels.import_framework(order.cell)
    with _phase("build", startup, notify):
        kernel = kernels.build(order.cell, order.options)
    with _phase("compile", startup, notify):
        kernel.compile()
    return kernel


def _own_gpu(order: LaunchOrder, rank: Rank, machine: Machine) -> Gpu | None:
    """The GPU that this rank will use, None on a CPU."""
    simulated = order.cell.kernel is KernelName.SIMULATED
    gpus = () if simulated else machine.gpus
    return gpus[rank.local_index] if rank.local_index < len(gpus) else None


def _conditions(kernel: Kernel, rank: Rank) -> dict[str, object]:
    """What really ran, and on a GPU which one that was."""
    found = dict(kernel.conditions())
    if found.get("device_type") == "GPU":
        found["gpu_uuid"] = cuda_uuid(rank.local_index)
    return found


def _on_request(order: LaunchOrder) -> Callable[[], bool]:
    """From here to its end, SIGTERM asks a worker of the runner to finish its present step only.

    Before, it ends the worker: startup has nothing to keep, and a compilation hears no request.
    """
    requested = threading.Event()
    if order.channel is not None:
        signal.signal(signal.SIGTERM, lambda *_: requested.set())
    return requested.is_set


@contextmanager
def _phase(name: str, startup: dict[str, float], notify: Notify) -> Iterator[None]:
    notify(Progress(name))
    began = time.perf_counter()
    yield
    startup[name] = time.perf_counter() - began


def _truncated(order: LaunchOrder, timing: Timing) -> Caution | None:
    if not timing.truncated:
        return None
    text = (
        f"the time cap of {order.protocol.max_seconds:g} s ended the launch after"
        f" {len(timing.step_seconds)} of {order.protocol.measured_steps} measured steps; raise"
        " max_seconds for all of them"
    )
    return Caution(CautionKind.TRUNCATED, text)


def _widened(conditions: Mapping[str, object]) -> Caution | None:
    """XLA has no bfloat16 convolution on most CPUs and does without saying so."""
    declared, computed = conditions.get("compute_type"), conditions.get("xla_compute_type")
    if computed in {None, "unknown", declared}:
        return None
    text = (
        f"XLA computed the {declared} convolutions in {computed} on this CPU; run without XLA for"
        f" the speed of {declared}"
    )
    return Caution(CautionKind.WIDENED, text)


def _cause(error: BaseException) -> str:
    """What an error says first, less where in a graph it happened, which TensorFlow puts before."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or ["no message"]
    cause = next((line for line in lines if not line.startswith(_WHERE)), lines[0])
    return f"{type(error).__name__}: {cause[:300]}"
