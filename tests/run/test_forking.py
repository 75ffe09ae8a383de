"""suite.run.forking: forked launches are as good as plain processes, and never in the way."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest
from builders import make_cell, make_order
from waiting import is_alive, wait_until

from suite.kernels.interface import KernelOptions
from suite.model.cell import (
    STEP_TIMEOUT_SECONDS,
    KernelName,
    Protocol,
)
from suite.model.launch import Launch, StartedBy, Status
from suite.run.channel import Progress
from suite.run.child import Child
from suite.run.forking import MOST_SERVERS, Forking
from suite.run.order import LaunchOrder
from suite.run.process import run_launch

# Put into the real worker through sitecustomize: what the launch is goes into its record.
PATCH = """
import json, os, sys, threading, time
from suite.model.facts import Facts
from suite.kernels import simulated
sys.leftover = 0
real = simulated.SimulatedKernel.__init__
def made(self, cell, options):
    self.told = [repr(cell), repr(options)]
    real(self, cell, options)
def facts(self):
    sys.leftover += 1
    return Facts(input=json.dumps(dict(
        pid=os.getpid(), group=os.getpgrp(), session=os.getsid(0), leftover=sys.leftover,
        variable=os.environ.get("OF_THE_CELL"), told=self.told,
        descriptors=len(os.listdir("/proc/self/fd")), children=threading.active_count(),
    )))
simulated.SimulatedKernel.__init__ = made
simulated.SimulatedKernel.facts = facts
"""
A_THREAD = """
import pathlib, threading, time
def sleep():
    pathlib.Path("/proc/thread-self/comm").write_text("a sleeper")
    named.set()
    time.sleep(600)
named = threading.Event()
threading.Thread(target=sleep, daemon=True).start()
named.wait()
"""

OPTIONS = KernelOptions(seed=7)

# What code that is put into a child begins with.
IMPORT = "from suite.kernels import simulated\n"


def witness(record: Launch) -> dict[str, Any]:
    """What the patched worker says of itself."""
    found: dict[str, Any] = json.loads(record.conditions.input or "")
    return found


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[Forking]:
    """A forking whose servers have ended, with all their children, when the test has."""
    with Forking(tmp_path / "fork_server.log") as made:
        yield made
        servers = servers_of(os.getpid())
    assert not any(server.is_running() for server in servers)


def servers_of(pid: int) -> list[psutil.Process]:
    """The fork servers that a process has started."""
    children = psutil.Process(pid).children()
    found = []
    for child in children:
        with suppress(psutil.Error):  # gone, or a corpse, such as a git that has just answered
            if "suite.cli.fork_server" in child.cmdline():
                found.append(child)
    return found


def launch(
    forking: Forking,
    folder: Path,
    patch: str = PATCH,
    steps: int = 2,
    step_timeout_seconds: float = STEP_TIMEOUT_SECONDS,
    on_progress: Callable[[Progress], None] = lambda _: None,
    **variables: str,
) -> Launch:
    """One launch of the simulated kernel, patched, under an environment of its own."""
    (folder / "sitecustomize.py").write_text(patch)
    cell = make_cell(batch_size=100, kernel=KernelName.SIMULATED)
    return run_launch(
        make_order(
            cell=cell,
            protocol=Protocol(
                warmup_steps=0,
                measured_steps=steps,
                step_timeout_seconds=step_timeout_seconds,
            ),
            options=OPTIONS,
        ),
        {**os.environ, "PYTHONPATH": str(folder), **variables},
        folder / "worker.log",
        on_progress,
        forking.start,
    )


def test_each_launch_is_a_fresh_child_in_a_group_of_its_own(
    forking: Forking, tmp_path: Path
) -> None:
    """Nothing that a launch did to its process is there for the next."""
    records = [launch(forking, tmp_path) for _ in range(3)]
    seen = [witness(record) for record in records]

    assert [record.started_by for record in records] == [StartedBy.FORK] * 3
    assert len({item["pid"] for item in seen}) == 3
    assert all(item["pid"] == item["group"] == item["session"] for item in seen)
    assert [item["leftover"] for item in seen] == [1, 1, 1]
    assert len({item["descriptors"] for item in seen}) == 1
    assert len(servers_of(os.getpid())) == 1


def test_a_forked_launch_is_told_what_a_plain_one_is(forking: Forking, tmp_path: Path) -> None:
    """The cell, the options and the protocol are the same, and the samples are as many."""
    forked = launch(forking, tmp_path)
    with Forking(tmp_path / "missing" / "log") as broken:
        plain = launch(broken, tmp_path)

    assert (forked.status, plain.status) == (Status.OK, Status.OK)
    assert plain.started_by is StartedBy.PROCESS
    assert "no fork server could be started" in plain.fork_refused
    assert witness(forked)["told"] == witness(plain)["told"]
    assert witness(plain)["told"] == [repr(plain.cell), repr(OPTIONS)]
    assert forked.protocol == plain.protocol
    assert len(forked.step_seconds) == len(plain.step_seconds)
    assert set(forked.startup_seconds) == set(plain.startup_seconds)


def test_each_environment_has_a_server_and_the_surplus_plain_processes(
    forking: Forking, tmp_path: Path
) -> None:
    """A variable is right from the start of the process on; no server serves two environments."""
    values = [str(number) for number in range(MOST_SERVERS + 1)]
    records = [launch(forking, tmp_path, OF_THE_CELL=value) for value in [*values, "0"]]

    assert [witness(record)["variable"] for record in records] == [*values, "0"]
    kinds = [StartedBy.FORK] * MOST_SERVERS + [StartedBy.PROCESS, StartedBy.FORK]
    assert [record.started_by for record in records] == kinds
    assert records[-2].fork_refused == f"{MOST_SERVERS} fork servers have other environments"


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        (A_THREAD, "the import left 1 running thread: a sleeper"),
        ("import sys\nif 'suite.cli.fork_server' in sys.orig_argv: sys.exit(3)", "ended"),
    ],
)
def test_where_forking_is_unsafe_the_launch_is_a_plain_process(
    forking: Forking, tmp_path: Path, patch: str, reason: str
) -> None:
    """A thread or a server that does not start costs no launch, and the record has the reason."""
    records = [launch(forking, tmp_path, patch) for _ in range(2)]

    for record in records:
        assert (record.status, record.started_by) == (Status.OK, StartedBy.PROCESS)
        assert reason in record.fork_refused


def test_a_launch_outlives_its_server_and_the_next_has_a_new_one(
    forking: Forking, tmp_path: Path
) -> None:
    """A server killed while a launch measures loses no number, and nothing hangs."""

    def kill(progress: Progress) -> None:
        if progress.phase == "warm-up":
            (server,) = servers_of(os.getpid())
            server.kill()
            killed.append(server.pid)

    killed: list[int] = []
    first = launch(forking, tmp_path, steps=20, on_progress=kill)
    second = launch(forking, tmp_path)
    (server,) = servers_of(os.getpid())

    assert len(killed) == 1
    assert (first.status, second.status) == (Status.OK, Status.OK)
    assert len(first.step_seconds) == 20
    assert second.started_by is StartedBy.FORK
    assert server.pid not in killed


def test_a_crash_after_the_server_is_gone_is_still_a_crash(
    forking: Forking, tmp_path: Path
) -> None:
    """Nobody can say how such a child ended, and the reason says so."""
    fault = "os.kill(os.getppid(), 9); os._exit(5)"
    patch = f"import os\n{IMPORT}def step(self):\n    {fault}\n"
    record = launch(forking, tmp_path, patch + "simulated.SimulatedKernel.step = step\n")

    assert record.status is Status.CRASHED
    assert "exit code unknown (the fork server ended)" in record.reason


def test_a_stopped_server_is_given_up(
    forking: Forking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that hangs is ended after a while, and the launch is a plain process."""
    launch(forking, tmp_path)
    (server,) = servers_of(os.getpid())
    server.suspend()
    monkeypatch.setattr("suite.run.forking._ANSWER_SECONDS", 0.3)
    record = launch(forking, tmp_path)

    assert (record.status, record.started_by) == (Status.OK, StartedBy.PROCESS)
    assert record.fork_refused == "the fork server did not answer within 0.3 s"
    assert not server.is_running()


def test_a_deadline_ends_the_childs_group_and_not_the_server(
    forking: Forking, tmp_path: Path
) -> None:
    """A hung launch and what it started are ended; the server forks the next."""
    pid_file = tmp_path / "pid"
    # What comes before the step that hangs is done in `compile`, whose deadline is far away.
    patch = (
        f"{IMPORT}import os, subprocess, time\n"
        "def compile(self):\n"
        f"    if not os.path.exists({str(pid_file)!r}):\n"
        "        p = subprocess.Popen(['sleep', '600'])\n"
        f"        open({str(pid_file)!r}, 'w').write(str(p.pid))\n"
        "        simulated.SimulatedKernel.step = lambda _: time.sleep(600)\n"
        "simulated.SimulatedKernel.compile = compile\n"
    )
    hung = launch(forking, tmp_path, patch, step_timeout_seconds=0.3)
    (server,) = servers_of(os.getpid())
    after = launch(forking, tmp_path, patch)
    helper = int(pid_file.read_text())
    wait_until(lambda: not is_alive(helper))

    assert hung.status is Status.TIMED_OUT
    assert (after.status, after.started_by) == (Status.OK, StartedBy.FORK)
    assert [process.pid for process in servers_of(os.getpid())] == [server.pid]


def test_the_log_holds_what_the_child_prints_and_the_servers_what_the_import_does(
    forking: Forking, tmp_path: Path
) -> None:
    """No line of one launch lands in another's log, also not one from below Python."""
    printing = "def compile(self): print('from Python'); os.system('echo from a program')\n"
    patch = f"import os\nprint('from the import')\n{IMPORT}{printing}"
    patch += "simulated.SimulatedKernel.compile = compile\n"
    logs = []
    for _ in range(2):
        launch(forking, tmp_path, patch)
        logs.append((tmp_path / "worker.log").read_text())

    assert (tmp_path / "fork_server.log").read_text() == "from the import\n"
    for log in logs:
        assert sorted(log.splitlines()) == ["from Python", "from a program"]


def test_a_child_can_be_asked_to_terminate(forking: Forking, tmp_path: Path) -> None:
    """SIGTERM reaches the launch itself, which finishes its step and answers."""
    children: list[Child] = []
    start = forking.start

    def noted(
        order: LaunchOrder, environment: Mapping[str, str], channel: int, output: BinaryIO
    ) -> Child:
        children.append(start(order, environment, channel, output))
        return children[-1]

    def terminate(progress: Progress) -> None:
        if progress.phase == "warm-up":
            children[-1].terminate()

    forking.start = noted  # type: ignore[method-assign]
    record = launch(forking, tmp_path, steps=1000, on_progress=terminate)

    assert record.status is Status.INTERRUPTED
    assert record.reason.endswith("of 1000 measured steps")


@pytest.mark.parametrize("phase", ["import", "warm-up"])
def test_no_process_outlives_a_killed_runner(tmp_path: Path, phase: str) -> None:
    """After kill -9 of the runner, its servers and launches end by themselves."""
    slow = "import time; time.sleep(2)" if phase == "import" else ""
    (tmp_path / "sitecustomize.py").write_text(
        f"import sys\nif 'suite.cli.fork_server' in sys.orig_argv:\n    pass\n    {slow}\n"
    )
    path = tmp_path / "long.yaml"
    path.write_text(
        "purpose: a test\ndevice: any\nkernel: simulated\n"
        "protocol: {warmup_steps: 0, measured_steps: 100000}\n"
        "axes: {mode: [inference], precision: [fp32], xla: [off], batch_size: [1]}\n"
    )
    root = Path(__file__).parents[2]
    runner = subprocess.Popen(
        [sys.executable, str(root / "bench.py"), "run", str(path), "--out", str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    processes: list[psutil.Process] = []
    try:
        wait_until(lambda: bool(servers_of(runner.pid)))
        (server,) = servers_of(runner.pid)
        processes.append(server)
        if phase != "import":
            wait_until(lambda: launches_of(server))
            processes += launches_of(server)
    finally:
        runner.kill()
        runner.wait()
    wait_until(lambda: not any(is_alive(process.pid) for process in processes))

    assert len(processes) == (1 if phase == "import" else 2)
    assert not any(is_alive(process.pid) for process in processes)


def launches_of(server: psutil.Process) -> list[psutil.Process]:
    """Its children that have become launches: each leads a session of its own."""
    found = []
    for child in server.children():
        with suppress(ProcessLookupError):
            if os.getsid(child.pid) == child.pid:
                found.append(child)
    return found
