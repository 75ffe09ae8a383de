"""The work of a launched process: build a cell's kernel, time its steps, say what really ran."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

from suite import kernels
from suite.analysis.cautions import contention, measured_cautions
from suite.analysis.input_wait import InputWait, input_wait
from suite.kernels.interface import Framework, InvalidLaunchError, Kernel, MissingComponentError
from suite.machine.cuda import cuda_uuid
from suite.machine.telemetry import Recorder
from suite.model.distributed import Rank
from suite.model.errors import InputError
from suite.model.facts import Facts
from suite.model.launch import MEASURING, WARM_UP, Caution, CautionKind, Launch, Status
from suite.model.telemetry import Telemetry
from suite.run.channel import Progress
from suite.run.evaluation import evaluate
from suite.run.order import LaunchOrder
from suite.run.own_device import finish, own_device, recorder_of
from suite.run.phases import phase
from suite.run.requests import stop_on_request
from suite.run.timing import Timing, time_steps
from suite.run.training import train

Notify = Callable[[Progress], None]


def execute(
    order: LaunchOrder, notify: Notify, stop_requested: Callable[[], bool] | None = None
) -> Launch:
    """Measure one cell, or one rank of it, in this process; or train or evaluate, if so ordered.

    `stop_requested` says whether the runner wants no further step; without it SIGTERM does.

    Raises no error of a launch: however it ends, there is a status with a reason. The traceback of
    an unexpected error goes to stderr.
    """
    framework = kernels.framework(order.cell.kernel)
    launch = Launch(
        cell=order.cell,
        protocol=order.protocol,
        launch=order.launch,
        status=Status.OK,
        started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    try:
        return _work_of(order)(order, framework, launch, notify, stop_requested)
    except MissingComponentError as error:
        return replace(launch, status=Status.SKIPPED, reason=str(error))
    except (InvalidLaunchError, InputError) as error:
        return replace(launch, status=Status.INVALID, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a framework raises ends as a record
        cause = framework.cause(error)
        if framework.is_out_of_memory(error):
            return replace(launch, status=Status.OUT_OF_MEMORY, reason=cause)
        traceback.print_exc()
        return replace(launch, status=Status.CRASHED, reason=cause)


def _work_of(order: LaunchOrder) -> Callable[..., Launch]:
    if order.evaluation is not None:
        return evaluate
    return _measure if order.training is None else train


def _measure(
    order: LaunchOrder,
    framework: Framework,
    launch: Launch,
    notify: Notify,
    stop_requested: Callable[[], bool] | None,
) -> Launch:
    device = own_device(order)
    recorder = recorder_of(order, device)
    startup: dict[str, float] = {}
    kernel = _started(order, framework, startup, notify)
    stop_requested = stop_requested or stop_on_request(order)
    timing = _timed(order, kernel, recorder, notify, stop_requested)
    telemetry = finish(recorder, order, device)
    waited = input_wait(kernel.input_wait_seconds(), timing.step_seconds)
    # Without a time cap, another rank was asked to stop first.
    capped = order.protocol.max_seconds is not None
    interrupted = timing.truncated and (stop_requested() or not capped)
    facts = Facts() if interrupted else _facts(kernel, device.rank, waited)
    mistake = device.mistake(facts)
    telemetry = device.own_readings(telemetry, facts)
    launch = replace(
        launch,
        startup_seconds=startup,
        warmup_seconds=timing.warmup_seconds,
        step_seconds=timing.step_seconds,
        telemetry=telemetry,
        cautions=_cautions(order, timing, telemetry, waited, facts, interrupted=interrupted),
    )
    if interrupted:
        measured = f"{len(timing.step_seconds)} of {order.protocol.measured_steps} measured steps"
        return replace(launch, status=Status.INTERRUPTED, reason=f"after {measured}")
    return replace(
        launch,
        status=Status.INVALID if mistake else Status.OK,
        reason=mistake or "",
        device=device.gpu.name if device.gpu and not mistake else "",
        conditions=facts,
        all_reduce_seconds=tuple(kernel.all_reduce_seconds()),
    )


def _started(
    order: LaunchOrder, framework: Framework, startup: dict[str, float], notify: Notify
) -> Kernel:
    """The kernel, built and compiled, with the seconds of each phase put into `startup`."""
    with phase("import", startup, notify):
        framework.import_for(order.cell)
    with phase("build", startup, notify):
        kernel = framework.build(order.cell, order.options)
    with phase("compile", startup, notify):
        kernel.compile()
    return kernel


def _timed(
    order: LaunchOrder,
    kernel: Kernel,
    recorder: Recorder | None,
    notify: Notify,
    stop_requested: Callable[[], bool],
) -> Timing:
    """Time the steps, with progress and readings of the machine between them."""
    protocol = order.protocol

    def on_step(phase: str, done: int, total: int) -> None:
        if recorder is not None:
            recorder.on_step(phase, done, total)
        notify(Progress(phase, done, total))
        if phase == WARM_UP and done == total:  # a hang from here on is not the warm-up's
            notify(Progress(MEASURING, 0, protocol.measured_steps))

    notify(Progress(WARM_UP, 0, protocol.warmup_steps or protocol.measured_steps))
    return time_steps(
        kernel.step, protocol, on_step, should_stop=stop_requested, consensus=kernel.consensus
    )


def _facts(kernel: Kernel, rank: Rank, waited: InputWait | None) -> Facts:
    """What really ran, on a GPU which one that was, and how long steps waited for images."""
    facts = kernel.facts()
    if facts.device_type == "GPU":
        facts |= Facts(gpu_uuid=cuda_uuid(rank.local_index))
    if waited is not None:
        facts |= Facts(input_wait_seconds=waited.seconds, input_wait_share=waited.share)
    return facts


def _cautions(
    order: LaunchOrder,
    timing: Timing,
    telemetry: Telemetry | None,
    waited: InputWait | None,
    facts: Facts,
    *,
    interrupted: bool,
) -> tuple[Caution, ...]:
    found = (
        None if interrupted else _truncated(order, timing),
        waited.caution(order.cell.data) if waited else None,
        *measured_cautions(timing.step_seconds, telemetry),
        # Of several ranks, each would take the others on its host for foreign processes.
        contention([telemetry]) if telemetry and order.cell.gpus == 1 else None,
        _widened(facts),
    )
    return tuple(caution for caution in found if caution is not None)


def _truncated(order: LaunchOrder, timing: Timing) -> Caution | None:
    if not timing.truncated:
        return None
    return CautionKind.TRUNCATED.caution(
        f"the time cap of {order.protocol.max_seconds:g} s ended the launch after"
        f" {len(timing.step_seconds)} of {order.protocol.measured_steps} measured steps"
    )


def _widened(facts: Facts) -> Caution | None:
    """XLA has no bfloat16 convolution on most CPUs and does without saying so."""
    declared, computed = facts.compute_type, facts.xla_compute_type
    if computed in {None, "unknown", declared}:
        return None
    return CautionKind.WIDENED.caution(
        f"XLA computed the {declared} convolutions in {computed} on this CPU",
        f"run without XLA for the speed of {declared}",
    )
