"""suite.run.ranks.monitor: what a rank that proved itself may say, and what it may not."""

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from builders import make_cell, make_launch, make_order
from waiting import wait_until

from suite.model.cell import STARTUP_TIMEOUT_SECONDS, Mode
from suite.model.distributed import Rank
from suite.model.launch import Launch, Status
from suite.run.bounded_log import BoundedLog
from suite.run.channel import Sender
from suite.run.child import PlainProcess
from suite.run.ranks import monitor
from suite.run.ranks.host_watch import HostWatch
from suite.run.ranks.link import ARE_YOU_THERE, TOKEN_VARIABLE, join_runner
from suite.run.ranks.listener import Listener
from suite.run.ranks.monitor import RankMonitor
from suite.store.launches import encode_launch

TOKEN = "0123456789abcdef"  # noqa: S105
CELL = make_cell(mode=Mode.TRAINING, batch_size=4, gpus=2)
ORDER = make_order(cell=CELL)
ANSWER = make_launch(cell=CELL, protocol=ORDER.protocol, step_seconds=(0.1, 0.2))


def result(launch: Launch) -> bytes:
    """A rank's last message."""
    return json.dumps({"result": encode_launch(launch)}).encode() + b"\n"


Words = bytes | Callable[[RankMonitor], bytes]


def outcome(folder: Path, *said: Words) -> Launch:
    """The launch whose ranks say these things, under a launcher that only waits."""
    listener = Listener(["127.0.0.1"], TOKEN, len(said))
    all_joined = threading.Barrier(len(said))

    def speak(index: int, words: Words) -> None:
        rank = Rank(index, len(said), index, len(said))
        connection = join_runner(listener.addresses, {TOKEN_VARIABLE: TOKEN}, rank)
        with connection, suppress(OSError):
            all_joined.wait()
            connection.sendall(words if isinstance(words, bytes) else words(heard))
            while connection.recv(1) == ARE_YOU_THERE:  # until the runner has what it wants
                Sender(connection.fileno()).here()

    with BoundedLog(folder / "log") as output:
        process = subprocess.Popen(["sleep", "600"], start_new_session=True)
        output.writer.close()
        heard = RankMonitor(ORDER, listener, process, output, HostWatch([]), lambda _: None)
        ranks = [threading.Thread(target=speak, args=pair) for pair in enumerate(said)]
        for rank in ranks:
            rank.start()
        heard.wait()
        process.terminate()
        heard.end()
        for rank in ranks:
            rank.join()
    return heard.outcome("mpirun", "", ())


def test_ranks_that_answer_are_one_launch(tmp_path: Path) -> None:
    """The other tests refuse what they change."""
    launch = outcome(tmp_path, result(ANSWER), result(ANSWER))

    assert (launch.status, launch.reason) == (Status.OK, "")
    assert launch.step_seconds == (0.1, 0.2)


def test_a_rank_that_does_not_end_its_startup_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own deadline has passed, and it still reacts; the other one has answered."""
    now = 0.0
    monkeypatch.setattr("suite.run.process.time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(monitor, "_GRACE_SECONDS", 60.0)  # as long as its reply may take

    def late(heard: RankMonitor) -> bytes:
        nonlocal now
        wait_until(lambda: any(rank.result for rank in [*heard._ranks.values()]))
        now += STARTUP_TIMEOUT_SECONDS
        return b'{"progress": {"phase": "compile", "done": 0, "total": 0}}\n'

    launch = outcome(tmp_path, result(ANSWER), late)

    assert launch.status is Status.TIMED_OUT
    assert (
        launch.reason == f"rank 1 on {socket.gethostname()}: startup missed its deadline of 900 s"
    )


# What rank 1 says in place of its answer -> why it is none.
UNREADABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "another cell": (
        lambda: result(replace(ANSWER, cell=replace(CELL, batch_size=8))),
        "is that of training-fp32-bs8-2gpu, launch 0",
    ),
    "another launch": (lambda: result(replace(ANSWER, launch=3)), ", launch 3"),
    "more steps": (
        lambda: result(replace(ANSWER, step_seconds=(0.1,) * 3)),
        "step_seconds: 3 of them",
    ),
    "nested": (lambda: b'{"result": ' + b"[" * 100_000 + b"\n", "is nested more than"),
    "nested record": (
        lambda: json.dumps({"result": '{"schema_version":' + "[" * 100_000}).encode() + b"\n",
        "",
    ),
    "no end": (lambda: b'{"result": "' + b"x" * 3000, "a message of more than 2768 bytes"),
    "no text": (lambda: b"\xff\xfe\n", ""),
}


@pytest.mark.parametrize(("said", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_is_none_is_a_crashed_launch_with_its_reason(
    said: Callable[[], bytes], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never an exception of the runner, which has other launches to make."""
    monkeypatch.setattr(monitor, "_RECORD_BYTES", 2000 if words.startswith("a message") else 2**20)
    monkeypatch.setattr(monitor, "_STEP_BYTES", 256)
    monkeypatch.setattr(monitor, "_GRACE_SECONDS", 0.1)
    launch = outcome(tmp_path, result(ANSWER), said())

    assert launch.status is Status.CRASHED
    assert launch.reason.startswith("rank 1 on ")
    assert ": unreadable result: " in launch.reason
    assert words in launch.reason


def test_a_request_to_stop_takes_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes in a handler of signals: a second Ctrl-C there would leave the lock locked."""

    def locks(*_: object) -> None:
        raise KeyboardInterrupt

    with BoundedLog(tmp_path / "log") as output:
        process = subprocess.Popen(["sleep", "600"], start_new_session=True)
        output.writer.close()
        listener = Listener(["127.0.0.1"], TOKEN, 2)
        heard = RankMonitor(ORDER, listener, process, output, HostWatch([]), lambda _: None)
        single = PlainProcess(["sleep", "600"], start_new_session=True)
        with monkeypatch.context() as patched:
            patched.setattr(subprocess.Popen, "send_signal", locks)
            heard.ask_to_stop()
            single.terminate()
        heard.wait()
        heard.end()
        single.wait()

    assert (process.returncode, single.returncode) == (-signal.SIGTERM, -signal.SIGTERM)
    assert heard.outcome("mpirun", "", ()).status is Status.INTERRUPTED
