"""The child's work: build a cell's kernel, compile it, time its steps, say what really ran."""

import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone

from suite import kernels
from suite.core.launch import Caution, CautionKind, Launch, Status
from suite.kernels.interface import InvalidLaunchError, MissingComponentError, is_out_of_memory
from suite.measure.timing import time_steps
from suite.runner.channel import Progress
from suite.runner.command import LaunchOrder

Notify = Callable[[Progress], None]


def execute(order: LaunchOrder, notify: Notify) -> Launch:
    """Measure one cell in this process.

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
        return _measure(order, launch, notify)
    except MissingComponentError as error:
        return replace(launch, status=Status.SKIPPED, reason=str(error))
    except InvalidLaunchError as error:
        return replace(launch, status=Status.INVALID, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises ends as a record
        if is_out_of_memory(error):
            return replace(launch, status=Status.OUT_OF_MEMORY, reason=_first_line(error))
        traceback.print_exc()
        return replace(launch, status=Status.CRASHED, reason=_first_line(error))


def _measure(order: LaunchOrder, launch: Launch, notify: Notify) -> Launch:
    startup: dict[str, float] = {}
    with _phase("import", startup, notify):
        kernels.import_framework(order.cell)
    with _phase("build", startup, notify):
        kernel = kernels.build(order.cell, order.options)
    with _phase("compile", startup, notify):
        kernel.compile()
    stop_requested = _on_request(order)

    def tell(phase: str, done: int, total: int) -> None:
        notify(Progress(phase, done, total))
        if phase == "warm-up" and done == total:  # a hang from here on is not the warm-up's
            notify(Progress("measuring", 0, order.protocol.measured_steps))

    notify(Progress("warm-up", 0, order.protocol.warmup_steps or order.protocol.measured_steps))
    timing = time_steps(
        kernel.step,
        order.protocol,
        on_step=tell,
        should_stop=stop_requested,
    )
    launch = replace(
        launch,
        startup_seconds=startup,
        warmup_seconds=timing.warmup_seconds,
        step_seconds=timing.step_seconds,
    )
    if timing.truncated and stop_requested():
        measured = f"{len(timing.step_seconds)} of {order.protocol.measured_steps} measured steps"
        return replace(launch, status=Status.INTERRUPTED, reason=f"after {measured}")
    return replace(
        launch,
        conditions=kernel.conditions(),
        cautions=_cautions(order, len(timing.step_seconds), truncated=timing.truncated),
    )


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


def _cautions(order: LaunchOrder, measured: int, *, truncated: bool) -> tuple[Caution, ...]:
    if not truncated:
        return ()
    text = (
        f"the time cap of {order.protocol.max_seconds:g} s ended the launch after {measured} of"
        f" {order.protocol.measured_steps} measured steps; raise max_seconds for all of them"
    )
    return (Caution(CautionKind.TRUNCATED, text),)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:300]}"
