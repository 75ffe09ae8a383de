"""The ranks of one launch as the runner hears them, from their first word to their last."""

import os
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from suite.core.errors import InputError
from suite.core.launch import Launch, Status
from suite.core.ranks import RankEnd, merge_ranks
from suite.files.runs import decode_launch
from suite.runner.bounded_log import BoundedLog
from suite.runner.channel import Here, Progress, receive
from suite.runner.child import end_session
from suite.runner.command import LaunchOrder
from suite.runner.launcher_words import complaint, deaths, stalled_ranks
from suite.runner.process import Deadline
from suite.runner.rank_link import ARE_YOU_THERE, STOP, keep_alive, read_hello

# After a first rank has failed: time for the others, and the launcher, to say what they know.
_GRACE_SECONDS = 3.0
# Ranks that have answered leave together; a launcher told to end them takes a moment on far hosts.
_EXIT_SECONDS = 30.0
_TERMINATE_SECONDS = 10.0
_LOOK_SECONDS = 0.1


@dataclass(slots=True)
class _Rank:
    """A rank that has reported: what it said last, and how it ended: answer or failure.

    `reacts` is None until it is asked, and False until it has replied.
    """

    index: int
    host: str
    progress: Progress
    deadline: Deadline
    answer: Launch | None = None
    failure: tuple[Status, str] | None = None
    reacts: bool | None = None

    @property
    def is_over(self) -> bool:
        return self.answer is not None or self.failure is not None

    @property
    def is_well(self) -> bool:
        return self.failure is None and (self.answer is None or self.answer.status is Status.OK)


class RankSession:
    """Hears every rank of a launch on a connection of its own, and ends them all together.

    `cpu_seconds` is the runner's own CPU time since the first step.
    """

    def __init__(
        self,
        order: LaunchOrder,
        listener: socket.socket,
        token: str,
        process: subprocess.Popen[bytes],
        output: BoundedLog,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._order = order
        self._token = token
        self._process = process
        self._output = output
        self._on_progress = on_progress
        self._ranks: dict[int, _Rank] = {}
        self._of: dict[socket.socket, _Rank] = {}
        self._buffers: dict[socket.socket, bytes] = {}
        self._startup = Deadline("startup", order.protocol.startup_timeout_seconds)
        self._until: float | None = None
        self._stopped_early = False
        self._cpu_began: float | None = None
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._ended = os.pidfd_open(process.pid)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._ended, selectors.EVENT_READ, self._launcher_ended)
        self._selector.register(output.reader, selectors.EVENT_READ, self._pump)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of this process since the first step, 0 before."""
        return 0.0 if self._cpu_began is None else time.process_time() - self._cpu_began

    def hear(self) -> None:
        """Until every rank has answered; or one has failed and the others had time to say so."""
        while not self._all_over():
            events = self._selector.select(self._seconds_left())
            for key, _ in events:
                key.data(key.fileobj)
            if not events and self._until is None:
                self._note_deadlines()
                self._ask_who_is_there()
            if self._until is None and not all(rank.is_well for rank in self._ranks.values()):
                self._until = time.monotonic() + _GRACE_SECONDS
            if self._until is not None and time.monotonic() >= self._until:
                self._note_deadlines()
                return

    def ask_to_stop(self) -> None:
        """Have the ranks finish their present step; ranks that still start up end at once."""
        stepping = [rank for rank in self._ranks.values() if rank.progress.total]
        if len(stepping) < self._order.cell.gpus:
            self._stopped_early = True
            self._process.terminate()
            return
        for connection in self._of:
            with suppress(OSError):
                connection.send(STOP)

    def end(self) -> None:
        """See every rank gone: those that are well leave by themselves, others are ended."""
        if self._all_over() and all(rank.is_well for rank in self._ranks.values()):
            self._await_launcher(_EXIT_SECONDS)
        for connection in [*self._of, *self._buffers]:
            connection.close()  # a rank that is still there ends by this, wherever it is
        if self._process.poll() is None:
            self._process.terminate()
            self._await_launcher(_TERMINATE_SECONDS)
        end_session(self._process.pid)
        self._process.wait()
        self._selector.close()
        os.close(self._ended)

    def outcome(self, said: str) -> Launch:
        """The record of the launch, given all that its launcher and ranks have printed."""
        missing = [i for i in range(self._order.cell.gpus) if i not in self._ranks]
        if self._stopped_early:
            return self._record(Status.INTERRUPTED, "before its first step")
        if missing and all(rank.is_well for rank in self._ranks.values()):
            return self._never_reported(missing, said)
        died = deaths(said)
        silent = {rank.index for rank in self._ranks.values() if rank.reacts is False}
        guilty = silent or stalled_ranks(said)
        return merge_ranks(
            [
                RankEnd(rank.index, rank.host, self._end_of(rank, died, guilty))
                for rank in self._ranks.values()
            ]
        )

    def _never_reported(self, missing: Sequence[int], said: str) -> Launch:
        which = f"rank{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}"
        code = self._process.returncode
        if self._startup.seconds_left() == 0:
            return self._record(Status.TIMED_OUT, f"{which}: {self._startup.reason}")
        return self._record(
            Status.CRASHED,
            f"the launcher ended with code {code} before {which} reported: {complaint(said)}",
        )

    def _end_of(self, rank: _Rank, died: dict[int, str], guilty: set[int]) -> Launch:
        if rank.answer is not None:
            return rank.answer
        status, reason = rank.failure or (Status.INTERRUPTED, "ended with the launch")
        if rank.failure is None and rank.index in guilty:
            status, reason = Status.TIMED_OUT, rank.deadline.reason
        if status is Status.CRASHED and died:
            if rank.index not in died:
                return self._record(Status.INTERRUPTED, "ended with the launch")
            reason = died[rank.index]
        if status is Status.TIMED_OUT and guilty:
            if rank.index not in guilty:
                return self._record(Status.INTERRUPTED, "waited for another rank")
            reason = (
                f"{reason}; {'the others waited for it' if rank.reacts else 'it reacts no more'}"
            )
        return self._record(status, reason)

    def _record(self, status: Status, reason: str) -> Launch:
        order = self._order
        return Launch(
            cell=order.cell,
            protocol=order.protocol,
            launch=order.launch,
            status=status,
            reason=reason,
        )

    def _all_over(self) -> bool:
        everyone = len(self._ranks) == self._order.cell.gpus
        return everyone and all(rank.is_over for rank in self._ranks.values())

    def _seconds_left(self) -> float:
        if self._until is not None:
            return max(0.0, self._until - time.monotonic())
        waiting = [rank.deadline for rank in self._ranks.values() if not rank.is_over]
        if len(self._ranks) < self._order.cell.gpus:
            waiting.append(self._startup)
        return min(deadline.seconds_left() for deadline in waiting)

    def _note_deadlines(self) -> None:
        for rank in self._ranks.values():
            if not rank.is_over and rank.deadline.seconds_left() == 0:
                rank.failure = (Status.TIMED_OUT, rank.deadline.reason)
        if len(self._ranks) < self._order.cell.gpus and self._startup.seconds_left() == 0:
            self._until = time.monotonic()

    def _await_launcher(self, seconds: float) -> None:
        """Wait that long for its end, and meanwhile take what it prints, or it would be stuck."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._output.pump()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_SECONDS)
                return

    def _pump(self, reader: object) -> None:
        if not self._output.pump():
            self._selector.unregister(reader)  # type: ignore[arg-type] # a descriptor

    def _ask_who_is_there(self) -> None:
        """Ranks that wait for another one still react; one that is stopped or stuck does not."""
        for connection, rank in self._of.items():
            if rank.answer is None:
                rank.reacts = False
                with suppress(OSError):
                    connection.send(ARE_YOU_THERE)

    def _launcher_ended(self, _: object) -> None:
        """What ranks sent before may still be on its way."""
        self._selector.unregister(self._ended)
        self._until = self._until or time.monotonic() + _GRACE_SECONDS

    def _accept(self, _: object) -> None:
        connection, _address = self._listener.accept()
        connection.setblocking(False)
        keep_alive(connection)
        self._buffers[connection] = b""
        self._selector.register(connection, selectors.EVENT_READ, self._read)

    def _read(self, connection: socket.socket) -> None:
        try:
            received = connection.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError as error:
            received = b""
            lost = f"the connection to its host is lost ({error.strerror})"
        else:
            lost = "ended without an answer"
        if not received:
            self._hang_up(connection, lost)
            return
        *lines, self._buffers[connection] = (self._buffers[connection] + received).split(b"\n")
        for line in lines:
            if connection in self._of:
                self._take(self._of[connection], line)
            elif not self._greet(connection, line):
                self._hang_up(connection, "")
                return

    def _hang_up(self, connection: socket.socket, why: str) -> None:
        self._selector.unregister(connection)
        rank = self._of.get(connection)
        if rank is None:
            del self._buffers[connection]
            connection.close()
        elif not rank.is_over:
            rank.failure = (Status.CRASHED, why)

    def _greet(self, connection: socket.socket, line: bytes) -> bool:
        """Whether this is a rank of the launch, which it says first."""
        hello = read_hello(line, self._token)
        if hello is None or hello.rank in self._ranks:
            return False
        limit = self._order.protocol.startup_timeout_seconds
        rank = _Rank(hello.rank, hello.host, Progress("import"), Deadline("startup", limit))
        self._ranks[hello.rank] = self._of[connection] = rank
        return True

    def _take(self, rank: _Rank, line: bytes) -> None:
        try:
            message = receive(line)
            if isinstance(message, Here):
                rank.reacts = True
                return
            if isinstance(message, str):
                rank.answer = decode_launch(message, "its answer")
                return
        except (ValueError, InputError) as error:
            rank.failure = (Status.CRASHED, f"unreadable answer: {error}")
            return
        if message.total:
            self._cpu_began = self._cpu_began or time.process_time()
            step = min(message.done + 1, message.total)
            limit = self._order.protocol.step_timeout_seconds
            rank.deadline.set(f"{message.phase} step {step}", limit)
        rank.progress = message
        if rank.index == 0:
            self._on_progress(message)
