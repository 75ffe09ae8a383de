"""One launch in a process of its own: start it, wait for its result, end it at its deadline."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from suite import kernels
from suite.machine.cgroups import oom_kills
from suite.model.cell import Protocol
from suite.model.errors import InputError
from suite.model.launch import FAILURES, Launch, StartedBy, Status
from suite.run.bounded_log import BoundedLog, last_output
from suite.run.channel import Here, Progress, receive
from suite.run.child import (
    Child,
    ChildLostError,
    OomKills,
    Start,
    exit_reason,
    exit_status,
    last_lines,
    start_process,
)
from suite.run.order import LaunchOrder
from suite.run.stop import Stop
from suite.store.launches import decode_launch

# A worker that closed its channel is exiting; dumping core can take a while.
_EXIT_SECONDS = 30.0
# While a launch starts up, its progress is repeated this often: a compilation reports none.
_REPEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _End:
    """How the child ended, as the parent saw it: its result, its exit code, or why neither."""

    record: str | None
    status: Status = Status.CRASHED
    reason: str = ""
    code: int | None = None
    runner_cpu_seconds: float = 0.0


def run_launch(
    order: LaunchOrder,
    environment: Mapping[str, str],
    log: Path,
    on_progress: Callable[[Progress], None],
    start: Start = start_process,
    stop: Stop | None = None,
) -> Launch:
    """Execute an order in a fresh process and return its record, whatever happens to the process.

    The parent blocks on the channel; `on_progress` is called for each message, and once a second
    until the first step. stdout and stderr of the child go to `log`, less the middle of a very long
    output. `start` makes the process. A request to `stop` is passed on as SIGTERM: a worker that is
    measuring finishes its step and sends what it has, one that is still starting up ends. On any
    exception, a second Ctrl-C included, the child's process group is ended before it propagates.

    Raises:
        InputError: the log cannot be written.
    """
    stop = stop or Stop()
    earlier_oom_kills = oom_kills()
    began = time.monotonic()
    started_at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    with BoundedLog(log) as output:
        reader, writer = os.pipe()
        try:
            child = start(order, environment, writer, output.writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
            output.writer.close()
        fork_seconds = time.monotonic() - began if child.started_by is StartedBy.FORK else 0.0
        try:
            with stop.passed_to(child.terminate):
                end = _await_end(child, reader, output, order.protocol, on_progress)
            if stop.by is not None and end.record is None and child.returncode == -signal.SIGTERM:
                end = _End(None, Status.INTERRUPTED, "before its first step")
        finally:
            os.close(reader)
            child.end()
    launch = _launch_of(end, order, log, started_at, earlier_oom_kills)
    return replace(
        launch,
        startup_seconds={
            phase: seconds + (fork_seconds if phase == "import" else 0.0)
            for phase, seconds in launch.startup_seconds.items()
        },
        wall_seconds=time.monotonic() - began,
        started_by=child.started_by,
        fork_refused=child.fork_refused,
        runner_cpu_seconds=end.runner_cpu_seconds,
    )


class Deadline:
    """When the child must have reported next, and what it is doing until then."""

    def __init__(self, doing: str, limit_seconds: float) -> None:
        self.set(doing, limit_seconds)

    def set(self, doing: str, limit_seconds: float) -> None:
        """Start again from this moment."""
        self.reason = f"{doing} missed its deadline of {limit_seconds:g} s"
        self._at = time.monotonic() + limit_seconds

    def seconds_left(self) -> float:
        """Seconds until the deadline, 0 when it has passed."""
        return max(0.0, self._at - time.monotonic())


def _await_end(
    child: Child,
    reader: int,
    output: BoundedLog,
    protocol: Protocol,
    on_progress: Callable[[Progress], None],
) -> _End:
    deadline = Deadline("startup", protocol.startup_timeout_seconds)
    cpu_began = None
    doing: Progress | None = None

    def patience() -> float:
        """Seconds to wait; no timer wakes the runner while steps are measured."""
        left = deadline.seconds_left()
        return min(left, _REPEAT_SECONDS) if cpu_began is None else left

    for line in _lines(reader, output, deadline, patience):
        if line is None and deadline.seconds_left() > 0:
            if doing is not None:
                on_progress(doing)
            continue
        if line is None:
            return _End(None, Status.TIMED_OUT, deadline.reason)
        try:
            message = receive(line)
        except ValueError as error:
            return _End(None, Status.CRASHED, f"unreadable result: {error}")
        if isinstance(message, Here):
            continue
        if isinstance(message, str):
            cpu_seconds = 0.0 if cpu_began is None else time.process_time() - cpu_began
            return _End(message, runner_cpu_seconds=cpu_seconds)
        if message.total:
            cpu_began = time.process_time() if cpu_began is None else cpu_began
            step = min(message.done + 1, message.total)
            deadline.set(f"{message.phase} step {step}", protocol.step_timeout_seconds)
        doing = message
        on_progress(doing)
    return _end_without_result(child)


def _lines(
    reader: int, output: BoundedLog, deadline: Deadline, patience: Callable[[], float]
) -> Iterator[bytes | None]:
    """Lines from the channel as they come, None when patience or the deadline is over; ends at EOF.

    The child's output is read meanwhile, which extends no deadline.
    """
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        selector.register(output.reader, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select(patience())}
            if output.reader in ready and not output.pump():
                selector.unregister(output.reader)  # every writer has closed it
            if reader not in ready:
                if not ready or deadline.seconds_left() == 0:
                    yield None
                continue
            received = os.read(reader, 65536)
            if not received:
                return
            *lines, buffer = (buffer + received).split(b"\n")
            yield from lines


def _end_without_result(child: Child) -> _End:
    """How a child ended that closed its channel without a result."""
    try:
        return _End(None, code=child.wait(_EXIT_SECONDS))
    except subprocess.TimeoutExpired:
        return _End(None, Status.CRASHED, "closed its channel without a result")
    except ChildLostError as error:
        return _End(None, Status.CRASHED, f"ended without a result, exit code unknown ({error})")


def read_result(record: str, order: LaunchOrder) -> Launch:
    """The launch that a worker, or one of several ranks, sent for an order.

    Raises:
        InputError: it is not a record, is that of another launch, or has another protocol.
    """
    launch = decode_launch(record, "its record")
    if (launch.cell, launch.launch) != (order.cell, order.launch):
        raise InputError(f"its record: is that of {launch.cell.id}, launch {launch.launch}")
    if launch.protocol != order.protocol:
        raise InputError("its record: was measured by another protocol than ordered")
    return launch


def _launch_of(
    end: _End, order: LaunchOrder, log: Path, started_at: str, earlier_oom_kills: int | None
) -> Launch:
    if end.record is not None:
        try:
            launch = read_result(end.record, order)
        except InputError as error:
            end = _End(None, Status.CRASHED, f"unreadable result: {error}")
        else:
            failed = launch.status in FAILURES
            return replace(launch, output_tail=last_output(log) if failed else "")
    tail = last_output(log) if end.status in FAILURES else ""
    status, reason = end.status, end.reason
    if end.code is not None:
        kills = OomKills(earlier_oom_kills, oom_kills())
        framework = kernels.framework(order.cell.kernel)
        status = exit_status(end.code, tail, kills, framework)
        reason = exit_reason(end.code, kills)
    last_line = last_lines(tail, 1).strip()[:200]
    return Launch(
        cell=order.cell,
        protocol=order.protocol,
        launch=order.launch,
        status=status,
        reason=f"{reason}; last output: {last_line}" if last_line else reason,
        started_at=started_at,
        output_tail=tail,
    )
