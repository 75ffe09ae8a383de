"""Hosts are asked before anything starts: one clear line for each that cannot be used as it is."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from two_hosts import TwoHosts
from waiting import wait_until

from suite.model.distributed import Distributed, Host, RankLauncher
from suite.model.errors import InputError
from suite.run.ranks import command, hosts
from suite.run.ranks.hosts import check_hosts, describe_host

ROOT = Path(__file__).parents[2]
OWN: dict[str, Any] = json.loads(describe_host())
# Addresses that every Linux has, as names of hosts that are not called this machine.
HERE, THERE = "127.0.0.2", "127.0.0.3"
TWO = Distributed(hosts=(Host(HERE, 1), Host(THERE, 1)))
# A launcher that answers as the host of its -H would: with facts, or as an mpirun that fails.
STAND_IN = """\
#!{python}
import json, sys
host = sys.argv[sys.argv.index("-H") + 1].partition(":")[0]
answer = json.loads({answers!r})[host]
if isinstance(answer, str):
    sys.exit(answer)
print("a line of somebody's login script")
print(json.dumps(answer))
"""
MATRIX = """\
purpose: hosts
kernel: simulated
protocol: {{warmup_steps: 1, measured_steps: 3}}
axes: {{mode: [training], precision: [fp32], xla: [off], gpus: {gpus}, batch_size: [1]}}
distributed: {{bind_to: none, {distributed}}}
"""


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def answering(folder: Path, answers: Mapping[str, object]) -> str:
    """A PATH on which the stand-in for mpirun comes first."""
    text = STAND_IN.format(python=sys.executable, answers=json.dumps(answers))
    executable(folder / "bin" / "mpirun", text)
    return f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def refusal(distributed: Distributed, environment: Mapping[str, str] = os.environ) -> str:
    """The one line with which hosts are refused."""
    with pytest.raises(InputError) as caught:
        check_hosts(distributed, RankLauncher.MPIRUN, environment)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def run(matrix: Path, out: Path, *, start: tuple[str, ...] = (), **changed: str) -> tuple[int, str]:
    """`bench.py run` to its end: its exit code and what it printed, errors too."""
    done = subprocess.run(
        [*start, sys.executable, "bench.py", "run", str(matrix), "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, **changed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


# What another machine answers that is like this one.
OTHER = {"host": "there", "machine": "another boot", "gpu_uuids": []}
ELSEWHERE: dict[str, Any] = {**OWN, **OTHER}


# What the second host answers unlike the first -> what is said of it.
UNLIKE: dict[str, tuple[object, str]] = {
    "suite": ({"suite": "0.0.1"}, f"has suite 0.0.1, this machine {OWN['suite']}; install the"),
    "commit": ({"commit": "abc"}, "has commit abc, this machine "),
    "TensorFlow": ({"tensorflow": "2.20.0"}, "has tensorflow 2.20.0, this machine "),
    "no Horovod": ({"horovod": None}, "has no horovod, this machine "),
    "same machine": ({"machine": OWN["machine"]}, f"is the same machine as {HERE}; give it once"),
    "same machine, untold": (
        {"host": OWN["host"], "machine": None},
        f"is the same machine as {HERE}; give it once",
    ),
    "same name": ({"host": OWN["host"]}, f"calls itself {OWN['host']}, as {HERE} does, and ranks"),
    "same GPU": ({"gpu_uuids": ["GPU-1"]}, f"has a GPU that {HERE} has as well; give each"),
    "older suite": (
        {"suite": "0.0.1", "gpus": None},
        "answers as another version of the suite does, suite '0.0.1'; install the same as on this",
    ),
    "another program": (
        {"suite": ["a"] * 100, "tensorflow": {"version": 1}},
        "answers as another version of the suite does, suite ",
    ),
    "unreachable": (
        "ssh: connect to host 127.0.0.3 port 22: No route to host\n" + "-" * 76 + "\nORTE was"
        " unable to reliably start one or more daemons.\nThis usually is caused by:\n",
        "cannot be used: ssh: connect to host 127.0.0.3 port 22: No route to host",
    ),
}


@pytest.mark.parametrize(("change", "words"), UNLIKE.values(), ids=UNLIKE)
def test_a_host_unlike_this_one_is_refused_by_name(
    change: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One number must be of one thing, and a wrong host is found before anything is measured."""
    like = {**OWN, "horovod": OWN["horovod"] or "0.28.1", "gpu_uuids": ["GPU-1"]}
    monkeypatch.setattr(hosts, "describe_host", lambda: json.dumps(like))
    other = {**like, **OTHER, **change} if isinstance(change, dict) else change
    monkeypatch.setenv("PATH", answering(tmp_path, {HERE: like, THERE: other}))

    assert refusal(TWO).startswith(f"host {THERE}: {words}")


@pytest.mark.parametrize("launcher", RankLauncher)
def test_one_machine_under_two_names_is_refused_whatever_the_names(
    launcher: RankLauncher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of this machine that need no network are asked as well, by every launcher."""
    for each in RankLauncher:
        executable(tmp_path / "bin" / each.value, f"#!/bin/sh\necho '{json.dumps(OWN)}'\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(command, "program", lambda launcher: str(tmp_path / "bin" / launcher.value))
    twice = Distributed(hosts=(Host("localhost", 1), Host("127.0.0.1", 1)))
    with pytest.raises(InputError, match="127.0.0.1: is the same machine as localhost; give it"):
        check_hosts(twice, launcher, os.environ)


def test_equal_hosts_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other tests refuse what they change, and not whatever is there."""
    monkeypatch.setenv("PATH", answering(tmp_path, {HERE: OWN, THERE: ELSEWHERE}))

    check_hosts(TWO, RankLauncher.MPIRUN, os.environ)


def test_the_first_host_must_be_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its device is the one that numbers are labelled with."""
    monkeypatch.setenv("PATH", answering(tmp_path, {HERE: ELSEWHERE, THERE: OWN}))

    assert refusal(TWO).startswith(
        f"host {HERE}: the first host must be this machine, {OWN['host']},"
    )


@pytest.mark.parametrize(("gpus", "has"), [(4, "has 4 GPUs"), (0, "has 0 GPUs")])
def test_more_slots_than_gpus_are_refused(
    gpus: int, has: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ranks on one GPU, or one on a CPU among GPUs, would be a number of something else."""
    eight = {HERE: {**OWN, "gpus": 8}, THERE: {**ELSEWHERE, "gpus": gpus}}
    monkeypatch.setenv("PATH", answering(tmp_path, eight))
    many = Distributed(hosts=(Host(HERE, 8), Host(THERE, 8)))

    assert refusal(many) == f"host {THERE}: takes 8 ranks but {has}; lower its slots"


def test_a_host_that_does_not_answer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while the launcher is ended with all that it started, and the remedy is told.

    `set -m` puts what the stand-in starts into groups of their own, as mpirun does with its ssh.
    """
    monkeypatch.setattr(hosts, "_ANSWER_SECONDS", 1.0)
    executable(tmp_path / "bin" / "mpirun", "#!/bin/bash\nset -m; sleep 871 &\nsleep 872\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    said = refusal(TWO)

    assert said == (
        f"host {HERE}: no answer within 1 s; see that `ssh {HERE} true` works without a password"
    )
    wait_until(lambda: not sleepers())


def sleepers() -> list[list[str]]:
    """What the stand-in has started."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if {"871", "872"} & {*line}]


# Entries of `distributed` -> the line with which a run ends before it begins.
NO_START = {
    "unknown host": (
        "hosts: [nowhere.invalid:2]",
        "error: host nowhere.invalid: unknown, its name has no address; correct it in hosts",
    ),
    "no variable": (
        "environment: [NO_SUCH_VARIABLE]",
        "error: distributed.environment: NO_SUCH_VARIABLE is not set here; set or remove it",
    ),
    "no interface": (
        "interface: none0",
        "error: distributed.interface: this machine has no none0, but lo",
    ),
    "other version": (
        f"hosts: [{HERE}:1, {THERE}:1]",
        f"error: host {THERE}: has suite 0.0.1, this machine {OWN['suite']}; install the same",
    ),
}


@pytest.mark.parametrize(("distributed", "line"), NO_START.values(), ids=NO_START)
def test_a_refusal_is_one_line_and_nothing_else(
    distributed: str, line: str, tmp_path: Path
) -> None:
    """Exit 2 with the line, and no run directory for what has not begun."""
    matrix = tmp_path / "mine.yaml"
    matrix.write_text(MATRIX.format(gpus=[2], distributed=distributed))
    there = {**ELSEWHERE, "suite": "0.0.1"}
    code, said = run(matrix, tmp_path / "out", PATH=answering(tmp_path, {HERE: OWN, THERE: there}))

    assert code == 2
    assert said.startswith(line)
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_no_launcher_or_device_is_there_for_is_skipped(tmp_path: Path) -> None:
    """Without MPI and horovodrun, and with more ranks than cores, the rest of a matrix goes on."""
    matrix = tmp_path / "mine.yaml"
    matrix.write_text(MATRIX.format(gpus=[1, 2, 4096], distributed=""))
    # An interpreter with nothing beside it, on a PATH with nothing in it.
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "python").symlink_to(sys.executable)
    done = subprocess.run(
        [str(bare / "python"), "bench.py", "run", str(matrix), "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env={**os.environ, "PATH": str(bare), "PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True,
        text=True,
        check=False,
    )
    records = [json.loads(path.read_text()) for path in tmp_path.glob("out/*/cells/*.json")]
    ended = {record["cell"]["gpus"]: (record["status"], record["reason"]) for record in records}

    assert done.returncode == 0, done.stderr
    assert ended[1] == ("ok", "")
    assert ended[2][0] == "skipped"
    assert ended[2][1] == (
        "neither mpirun nor horovodrun is installed; apt-get install openmpi-bin, then python -m"
        " suite.install.horovod"
    )
    assert ended[4096][0] == "skipped"
    assert ended[4096][1].startswith("needs 4096 ")


@pytest.mark.slow
def test_two_real_hosts_are_asked_through_ssh(two_hosts: TwoHosts, tmp_path: Path) -> None:
    """Another version, or a pulled cable: each is told by the host's name, and no run begins."""
    matrix, out = tmp_path / "mine.yaml", tmp_path / "out"
    matrix.write_text(
        MATRIX.format(gpus=[2], distributed="hosts: [bench-a:1, bench-b:1], interface: veth0")
    )
    # Python imports sitecustomize by itself; this one makes another suite of that on host b.
    (tmp_path / "sitecustomize.py").write_text(
        "import socket\nimport suite\n"
        "if socket.gethostname() == 'bench-b':\n    suite.__version__ = '0.0.1'\n"
    )
    start = tuple(two_hosts.a.command())
    agent = " ".join(two_hosts.ssh)
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    other = run(matrix, out, start=start, OMPI_MCA_plm_rsh_agent=agent, PYTHONPATH=path)
    two_hosts.cut()
    gone = run(matrix, out, start=start, OMPI_MCA_plm_rsh_agent=agent)

    assert (other[0], gone[0]) == (2, 2)
    assert other[1] == (
        f"error: host bench-b: has suite 0.0.1, this machine {OWN['suite']}; install the same on"
        " both\n"
    )
    assert gone[1] == (
        "error: host bench-b: cannot be used: ssh: connect to host bench-b port 22: No route to"
        " host\n"
    )
    assert not out.exists()
