"""The ranks of one launch as the runner follows them, from the first message to the last."""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from suite.machine.cgroups import oom_kills
from suite.model.errors import InputError
from suite.model.launch import Launch, Status
from suite.run.bounded_log import BoundedLog
from suite.run.channel import Here, Lines, Progress, receive
from suite.run.child import OomKills, end_session
from suite.run.order import LaunchOrder
from suite.run.process import Deadline, read_result
from suite.run.ranks.ends import (
    ENDED_SILENTLY,
    HeardRank,
    LauncherEnd,
    interrupted,
    launch_of_ranks,
)
from suite.run.ranks.host_watch import HostWatch
from suite.run.ranks.link import ARE_YOU_THERE, STOP, Hello
from suite.run.ranks.listener import Listener

# Time for the other ranks and the launcher to report after the first rank has failed.
_GRACE_SECONDS = 3.0
# A launcher that notices a dead rank ends the others first, in about 4 s, and then names it.
_LAUNCHER_REPORT_SECONDS = 10.0
# Ranks that have sent results exit together; ending ranks on far hosts takes a launcher time.
_EXIT_SECONDS = 30.0
_TERMINATE_SECONDS = 10.0
_LOOK_SECONDS = 0.1
# While ranks start, how often the watch on their hosts is checked.
_WATCH_SECONDS = 1.0
# Limit of a rank's longest message, its record: bytes per step (ten times the usual size), and a
# fixed part.
_STEP_BYTES = 256
_RECORD_BYTES = 2**20


class RankMonitor:
    """Follows every rank of a launch on a connection of its own, and ends them all together.

    `cpu_seconds` is the runner's own CPU time since the first step.
    """

    def __init__(
        self,
        order: LaunchOrder,
        listener: Listener,
        process: subprocess.Popen[bytes],
        output: BoundedLog,
        watch: HostWatch,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._order = order
        self._process = process
        self._output = output
        self._watch = watch
        self._on_progress = on_progress
        self._earlier_oom_kills = oom_kills()
        self._ranks: dict[int, HeardRank] = {}
        self._of: dict[socket.socket, HeardRank] = {}
        self._lines: dict[socket.socket, Lines] = {}
        self._startup = Deadline("startup", order.protocol.startup_timeout_seconds)
        self._until: float | None = None
        self._code: int | None = None
        self._stopped_early = False
        self._cpu_began: float | None = None
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._ended = os.pidfd_open(process.pid)
        listener.attend(self._selector, self._join)
        self._selector.register(self._ended, selectors.EVENT_READ, self._launcher_ended)
        self._selector.register(output.reader, selectors.EVENT_READ, self._pump)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of this process since the first step, 0 before."""
        return 0.0 if self._cpu_began is None else time.process_time() - self._cpu_began

    def wait(self) -> None:
        """Return once every rank has sent its result, or one failed and was fully reported."""
        while not self._is_settled():
            for key, _ in self._selector.select(self._seconds_left()):
                key.data(key.fileobj)
            self._listener.dismiss_late()
            self._note_deadlines()
            if not all(rank.is_well for rank in self._ranks.values()):
                lost = any(rank.lost is not None for rank in self._ranks.values())
                self._end_within(_LAUNCHER_REPORT_SECONDS if lost else _GRACE_SECONDS)

    def ask_to_stop(self) -> None:
        """Let the ranks finish their current step; ranks still in startup end at once."""
        stepping = [rank for rank in self._ranks.values() if rank.progress.total]
        if len(stepping) < self._order.cell.gpus:
            self._stopped_early = True
            # This runs in a signal handler, which a second Ctrl-C may interrupt: a lock that Popen
            # takes to send a signal would stay locked, and waiting for the process would hang.
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._ended, signal.SIGTERM)
            return
        for connection in self._of:
            with suppress(OSError):
                connection.send(STOP)

    def end(self) -> None:
        """Wait for every rank to end: those that are well exit by themselves, others are ended."""
        if self._all_over() and all(rank.is_well for rank in self._ranks.values()):
            self._await_launcher(_EXIT_SECONDS)
        self._watch.close()
        self._listener.close()
        for connection in self._of:
            connection.close()  # ends a rank that is still running, on any host
        if self._process.poll() is None:
            self._process.terminate()
            self._await_launcher(_TERMINATE_SECONDS)
        end_session(self._process.pid)
        self._process.wait()
        self._selector.close()
        os.close(self._ended)

    def outcome(self, launcher: str, said: str, places: Sequence[Sequence[str]]) -> Launch:
        """The record of the launch, given all that its launcher and ranks have printed.

        `places` is the host of each rank where the matrix names hosts: that name, and its address.
        """
        if self._stopped_early:
            return interrupted(self._order, "before its first step")
        unheard = not self._everyone_reported and self._startup.seconds_left() == 0
        end = LauncherEnd(
            launcher,
            self._code,
            said,
            startup=self._startup.reason if unheard else None,
            silent_host=None if self._everyone_reported else self._watch.lost,
            host=socket.gethostname(),
            kills=OomKills(self._earlier_oom_kills, oom_kills()),
        )
        return launch_of_ranks(self._order, list(self._ranks.values()), end, places)

    @property
    def _everyone_reported(self) -> bool:
        return len(self._ranks) == self._order.cell.gpus

    def _all_over(self) -> bool:
        return self._everyone_reported and all(rank.is_over for rank in self._ranks.values())

    def _is_settled(self) -> bool:
        """Whether no further report on the ranks can arrive, or the time for it is over."""
        is_time_over = self._until is not None and time.monotonic() >= self._until
        if is_time_over or (self._stopped_early and self._code is not None):
            return True
        ranks = self._ranks.values()
        if not self._all_over() or any(rank.owes_reply for rank in ranks):
            return False
        # The launcher ends after the ranks, and then reports how the first one ended. If several
        # are late, Horovod may still report which of them the others wait for.
        lost = any(rank.lost is not None for rank in ranks)
        late = sum(rank.is_late for rank in ranks)
        return late < 2 and (not lost or self._code is not None)

    def _end_within(self, seconds: float) -> None:
        """Follow the ranks at most this long from now, or until an earlier deadline."""
        until = time.monotonic() + seconds
        self._until = until if self._until is None else min(self._until, until)

    def _seconds_left(self) -> float:
        if self._until is not None:
            return max(0.0, self._until - time.monotonic())
        waiting = [rank.deadline for rank in self._ranks.values() if not rank.is_over]
        if self._everyone_reported:
            return min(deadline.seconds_left() for deadline in waiting)
        waiting.append(self._startup)
        left = min(deadline.seconds_left() for deadline in waiting)
        return min(left, self._listener.seconds_left(), _WATCH_SECONDS)

    def _note_deadlines(self) -> None:
        """Mark the ranks that are late now, unless one has failed: the others may wait for it."""
        ranks = self._ranks.values()
        if self._code is None and all(rank.is_well or rank.is_late for rank in ranks):
            late = [rank for rank in ranks if not (rank.is_over or rank.deadline.seconds_left())]
            if late and not any(rank.is_late for rank in ranks):
                self._ask_who_responds()
            for rank in late:
                rank.failure = (Status.TIMED_OUT, rank.deadline.reason)
        is_over = self._startup.seconds_left() == 0 or self._watch.lost is not None
        if not self._everyone_reported and is_over:
            self._end_within(0)

    def _await_launcher(self, seconds: float) -> None:
        """Wait this long for its end, and read its output meanwhile, so that it cannot block."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._output.pump()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_SECONDS)
                return

    def _pump(self, reader: object) -> None:
        if not self._output.pump():
            self._selector.unregister(reader)  # type: ignore[arg-type] # a descriptor

    def _ask_who_responds(self) -> None:
        """Ranks that wait for another one still respond; one that is stopped or stuck does not."""
        for connection, rank in self._of.items():
            if rank.result is None:
                rank.responds = False
                with suppress(OSError):
                    connection.send(ARE_YOU_THERE)

    def _launcher_ended(self, _: object) -> None:
        """Read what ranks have sent and is still in transit."""
        self._selector.unregister(self._ended)
        self._code = self._process.wait()
        self._end_within(_GRACE_SECONDS)

    def _join(self, hello: Hello, connection: socket.socket) -> None:
        """Listen to a rank that has proved to belong to this launch."""
        limit = self._order.protocol.startup_timeout_seconds
        rank = HeardRank(hello.rank, hello.host, Progress("import"), Deadline("startup", limit))
        self._ranks[hello.rank] = self._of[connection] = rank
        steps = self._order.protocol.num_iter
        self._lines[connection] = Lines(_RECORD_BYTES + _STEP_BYTES * steps)
        self._selector.register(connection, selectors.EVENT_READ, self._read)
        if self._everyone_reported:
            self._watch.close()

    def _read(self, connection: socket.socket) -> None:
        rank = self._of[connection]
        try:
            received = connection.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError as error:
            received = b""
            lost = f"the connection to its host is lost ({error.strerror})"
        else:
            lost = ENDED_SILENTLY
        try:
            for line in self._lines[connection].take(received):
                self._take(rank, line)
        except ValueError as error:
            rank.failure = rank.failure or (Status.CRASHED, f"unreadable result: {error}")
            received = b""
        if not received:
            self._selector.unregister(connection)
            if not rank.is_over:
                rank.lost_first = all(other.lost is None for other in self._ranks.values())
                rank.lost = lost

    def _take(self, rank: HeardRank, line: bytes) -> None:
        if rank.responds is False:
            rank.responds = True
        try:
            message = receive(line)
            if isinstance(message, Here):
                rank.place = message.place
            if isinstance(message, Here) or rank.failure is not None:
                return
            if isinstance(message, str):
                rank.result = read_result(message, self._order)
                return
        except (ValueError, InputError) as error:
            rank.failure = rank.failure or (Status.CRASHED, f"unreadable result: {error}")
            return
        if message.total:
            self._cpu_began = self._cpu_began or time.process_time()
            step = min(message.done + 1, message.total)
            limit = self._order.protocol.step_timeout_seconds
            rank.deadline.set(f"{message.phase} step {step}", limit)
        rank.progress = message
        if rank.index == 0:
            self._on_progress(message)
