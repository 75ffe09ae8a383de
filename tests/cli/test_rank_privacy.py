"""While ranks start: nobody else on the machine, or at the port, can read, join or end a launch."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from two_hosts import TwoHosts
from waiting import wait_until

from suite.run.ranks.link import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE

ROOT = Path(__file__).parents[2]
SECRET = "hush-4711-hush"  # noqa: S105 - that of this test
MATRIX = """\
purpose: ranks among others
kernel: simulated
protocol: {{warmup_steps: 1, measured_steps: 5}}
axes: {{mode: [training], precision: [fp32], xla: [off], gpus: [2], batch_size: [2]}}
distributed: {{launcher: {launcher}, bind_to: none, environment: [FOR_RANKS]{hosts}}}
"""
# Python imports sitecustomize by itself: ranks wait before they report, until they are told to go.
WAIT = """
import os, sys, time
from pathlib import Path
if sys.orig_argv[1:3] == ["-m", "suite.kernels"] and "--order" in sys.orig_argv:
    from suite.model.distributed import rank_of
    folder = Path({folder!r})
    (folder / f"waiting-{{rank_of(os.environ).index}}").write_text(str(os.getpid()))
    while not (folder / "go").exists():
        time.sleep(0.05)
"""
LAUNCHERS = [
    pytest.param("mpirun", marks=pytest.mark.mpi),
    pytest.param("horovodrun", marks=[pytest.mark.slow, pytest.mark.horovod]),
]


class HeldRun:
    """`bench.py run` of one launch, whose two ranks wait for `go`."""

    def __init__(self, folder: Path, launcher: str, hosts: str, **start: Any) -> None:
        self.folder = folder
        (folder / "mine.yaml").write_text(MATRIX.format(launcher=launcher, hosts=hosts))
        (folder / "sitecustomize.py").write_text(WAIT.format(folder=str(folder)))
        prefix, environment = start.get("prefix", []), start.get("environment", {})
        self.process = subprocess.Popen(
            [
                *(*prefix, sys.executable, "bench.py", "run", str(folder / "mine.yaml")),
                *("--out", str(folder / "out")),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
                "MY_API_KEY": SECRET,
                "MY_SETTING": SECRET,
                "FOR_RANKS": "as it is here",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ranks(self) -> list[int]:
        """Their process ids, once both wait."""
        wait_until(lambda: len(self._waiting()) == 2, self.process)
        return [int(path.read_text()) for path in self._waiting()]

    def _waiting(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("waiting-*") if path.read_text())

    def end(self) -> tuple[int, dict[str, Any]]:
        """Let the ranks go on, and wait for the end: the exit code and the record."""
        (self.folder / "go").touch()
        printed, _ = self.process.communicate()
        (path,) = self.folder.glob("out/*/cells/*.json")
        assert "Traceback" not in printed
        return self.process.returncode, json.loads(path.read_text())


@contextmanager
def held(folder: Path, launcher: str, hosts: str = "", **start: Any) -> Iterator[HeldRun]:
    run = HeldRun(folder, launcher, hosts, **start)
    try:
        yield run
    finally:
        (folder / "go").touch()  # or ranks would wait on
        run.process.kill()
        run.process.wait()


def command_lines() -> str:
    """Those of all processes, which every user of a machine can read."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_text(errors="replace"))
    return "\n".join(found)


def environment_of(pid: int) -> dict[str, str]:
    """A process's environment, which only its owner can read."""
    text = Path(f"/proc/{pid}/environ").read_text()
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


def assert_kept_secret(run: HeldRun) -> set[Path]:
    """Ranks have the token and what the matrix names, and no command line shows a secret.

    The answer: the folders of the token's file, which must be gone with the launch.
    """
    folders = set()
    for pid in run.ranks():
        environment = environment_of(pid)
        token = environment.get(TOKEN_VARIABLE)
        if token is None:
            file = Path(environment[TOKEN_FILE_VARIABLE])
            token = file.read_text()
            folders.add(file.parent)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        shown = command_lines()

        assert "report_to" in shown
        assert len(token) == 32
        assert token not in shown
        assert SECRET not in shown.replace("\0", " ")
        assert SECRET not in environment.values()
        assert environment["FOR_RANKS"] == "as it is here"
        assert stat.S_IMODE(Path(f"/proc/{pid}/environ").stat().st_mode) == 0o400
    return folders


def assert_measured(code: int, record: dict[str, Any]) -> None:
    assert (code, record["status"]) == (0, "ok"), record["reason"]
    assert [rank["rank"] for rank in record["ranks"]] == [0, 1]
    assert len(record["step_seconds"]) == 5


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_other_users_of_the_machine_can_neither_read_nor_end_a_launch(
    launcher: str, tmp_path: Path
) -> None:
    """No secret on a command line; and whatever comes to the port, the launch is measured."""
    with held(tmp_path, launcher) as run:
        folders = assert_kept_secret(run)
        line = Path(f"/proc/{run.ranks()[0]}/cmdline").read_text().split("\0")
        (address,) = json.loads(line[line.index("--order") + 1])["report_to"]
        host, _, port = address.rpartition(":")
        callers = [socket.create_connection((host, int(port)), timeout=60) for _ in range(200)]
        for caller, said in zip(
            reversed(callers),
            [b'{"token": ' + b"[" * 100_000 + b"\n", b'{"rank": 0}\n', b"x" * 2**20],
            strict=False,
        ):
            with suppress(OSError):
                caller.sendall(said)
        code, record = run.end()
        for caller in callers:
            caller.close()

    assert host == "127.0.0.1"
    assert_measured(code, record)
    assert not [folder for folder in folders if folder.exists()]
    assert bool(folders) == (launcher == "horovodrun")


@pytest.mark.slow
@pytest.mark.horovod
@pytest.mark.parametrize("launcher", ["mpirun", "horovodrun"])
def test_no_secret_is_on_a_command_line_of_either_host(
    launcher: str, two_hosts: TwoHosts, tmp_path: Path
) -> None:
    """Nor on that of ssh, or of the daemons and shells that start ranks on the far host."""
    (tmp_path / "bin").mkdir()
    ssh = tmp_path / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {two_hosts.ssh_config} "$@"\n')
    ssh.chmod(0o755)
    hosts = ", hosts: [bench-a:1, bench-b:1], interface: veth0"
    path = f"{ssh.parent}{os.pathsep}{os.environ['PATH']}"
    with held(
        tmp_path,
        launcher,
        hosts,
        prefix=two_hosts.a.command(),
        environment={"PATH": path, "OMPI_MCA_plm_rsh_agent": str(ssh)},
    ) as run:
        folders = assert_kept_secret(run)
        code, record = run.end()

    assert_measured(code, record)
    assert [rank["host"] for rank in record["ranks"]] == ["bench-a", "bench-b"]
    assert not [folder for folder in folders if folder.exists()]
    assert bool(folders) == (launcher == "horovodrun")
