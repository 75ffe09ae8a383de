"""suite.run.ranks.command: the launchers' arguments, to the letter."""

import os
import sys
from pathlib import Path

import pytest

from suite.model.distributed import BindTo, Distributed, Host, RankLauncher
from suite.run.ranks.command import (
    NoLauncher,
    choose_launcher,
    launcher_environment,
    rank_command,
    ranks_command_line,
)

PYTHON = "/nowhere/bin/python"
WORKER = [PYTHON, "-m", "suite.kernels", "--flag"]
TWO_NODES = (Host("node1", 2), Host("node2", 2))
# How soon Open MPI's own daemons give a host up.
KEEPALIVE = [
    *("--mca", "oob_tcp_keepalive_time", "10"),
    *("--mca", "oob_tcp_keepalive_intvl", "3"),
    *("--mca", "oob_tcp_keepalive_probes", "3"),
]


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH, with all launchers in it; the user is not root."""
    for launcher in RankLauncher:
        (tmp_path / launcher.value).write_text("#!/bin/sh\n")
        (tmp_path / launcher.value).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", PYTHON)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return tmp_path


def command(
    launcher: RankLauncher,
    distributed: Distributed,
    ranks: int = 2,
    settings: dict[str, str] | None = None,
    names: tuple[str, ...] = (),
) -> list[str]:
    """The arguments after the program, which must be the one on the PATH."""
    start, *rest = rank_command(launcher, distributed, ranks, settings or {}, names, ["--flag"])
    assert Path(start).name == launcher.value
    assert Path(start).is_absolute()
    return rest


def test_mpirun_on_this_machine() -> None:
    """As the published numbers were launched: so many ranks here, bound to a socket."""
    assert command(RankLauncher.MPIRUN, Distributed()) == [
        *("-np", "2", "-H", "localhost:2", "--bind-to", "socket"),
        *WORKER,
    ]


def test_mpirun_lets_root_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container root is often the only user, and Open MPI refuses it unless told."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert command(RankLauncher.MPIRUN, Distributed())[:3] == ["--allow-run-as-root", "-np", "2"]


def test_mpirun_on_two_hosts() -> None:
    """Hosts, interface and variables are handed to every rank explicitly."""
    distributed = Distributed(hosts=TWO_NODES, interface="eth0", bind_to=BindTo.NUMA)

    assert command(
        RankLauncher.MPIRUN, distributed, 4, {"TF_CPP_MIN_LOG_LEVEL": "1"}, ("NCCL_DEBUG",)
    ) == [
        *("-np", "4", "-H", "node1:2,node2:2", "--bind-to", "numa"),
        *KEEPALIVE,
        *("--mca", "oob_tcp_if_include", "eth0", "--mca", "btl_tcp_if_include", "eth0"),
        *("-x", "TF_CPP_MIN_LOG_LEVEL=1", "-x", "NCCL_DEBUG"),
        *WORKER,
    ]


def test_hosts_that_get_no_rank_are_left_out() -> None:
    """A smaller cell of a weak-scaling matrix neither needs nor disturbs the further hosts."""
    distributed = Distributed(hosts=TWO_NODES)

    assert command(RankLauncher.MPIRUN, distributed)[2:4] == ["-H", "node1:2"]
    assert command(RankLauncher.HOROVODRUN, distributed)[3:5] == ["-H", "node1:2"]
    assert command(RankLauncher.MPIRUN, distributed, 3)[2:4] == ["-H", "node1:2,node2:1"]


def test_horovodrun_goes_without_mpi() -> None:
    """Gloo carries everything; the interface has a flag of its own."""
    distributed = Distributed(hosts=TWO_NODES, interface="eth0")

    assert command(RankLauncher.HOROVODRUN, Distributed()) == [
        *("--gloo", "-np", "2", "-H", "localhost:2"),
        *WORKER,
    ]
    assert command(RankLauncher.HOROVODRUN, distributed, 4) == [
        *("--gloo", "-np", "4", "-H", "node1:2,node2:2", "--network-interfaces", "eth0"),
        *WORKER,
    ]


def test_horovodrun_gets_no_interface_for_ranks_of_this_machine() -> None:
    """It would look for loopback on it, and refuse to start."""
    here = Distributed(hosts=(Host("localhost", 2), Host("node2", 2)), interface="eth0")

    assert "--network-interfaces" not in command(RankLauncher.HOROVODRUN, here)
    assert "--network-interfaces" in command(RankLauncher.HOROVODRUN, here, 4)


def test_a_launcher_is_given_settings_and_no_secret() -> None:
    """What it needs, what records list, and what the matrix names; horovodrun shows all of it."""
    needed = {
        "PATH": "/bin",
        "HOME": "/root",
        "LD_LIBRARY_PATH": "/lib",
        "SSH_AUTH_SOCK": "/run/ssh",
        "LC_ALL": "C",
        "TMPDIR": "/scratch",
        "VIRTUAL_ENV": "/venv",
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "0",
        "NCCL_DEBUG": "INFO",
        "HOROVOD_CYCLE_TIME": "1",
        "TF_XLA_FLAGS": "",
        "OMP_NUM_THREADS": "2",
        "OMPI_MCA_plm_rsh_agent": "ssh",
        "SLURM_JOB_ID": "7",
        "PMIX_RANK": "0",
    }
    other = {
        "AWS_SECRET_ACCESS_KEY": "x",
        "GITHUB_TOKEN": "x",
        "HOROVOD_SECRET_KEY": "x",
        "SLURM_JWT": "x",
        "TF_TOKEN_app": "x",
        "TF_API_KEY": "x",
        "EDITOR": "vi",
    }
    named = Distributed(environment=("EDITOR",))
    given = launcher_environment({**needed, **other}, Distributed())
    path = given.pop("PYTHONPATH")

    assert given == needed
    assert path == str(Path(__file__).parents[2])
    assert launcher_environment(other, named)["EDITOR"] == "vi"


def test_srun_takes_its_places_from_the_allocation() -> None:
    """Nodes are named only where the matrix does; the whole environment goes along."""
    common = ["--ntasks", "2", "--mpi", "pmix", "--kill-on-bad-exit=1", "--export", "ALL"]

    assert command(RankLauncher.SRUN, Distributed()) == [
        *common,
        *("--cpu-bind", "sockets"),
        *WORKER,
    ]
    uneven = Distributed(hosts=(Host("n1", 1), Host("n2", 2)))
    assert command(RankLauncher.SRUN, uneven, 3) == [
        *("--ntasks", "3", *common[2:], "--cpu-bind", "sockets"),
        *("--distribution", "arbitrary", "--nodelist", "n1,n2,n2"),
        *WORKER,
    ]


@pytest.mark.parametrize(
    ("bind_to", "word"),
    [("socket", "sockets"), ("numa", "ldoms"), ("core", "cores"), ("none", "none")],
)
def test_every_binding_has_a_word_in_each_launcher(bind_to: str, word: str) -> None:
    """Open MPI's own words, and Slurm's for the same."""
    distributed = Distributed(bind_to=BindTo(bind_to))
    mpirun = command(RankLauncher.MPIRUN, distributed)
    srun = command(RankLauncher.SRUN, distributed)

    assert mpirun[mpirun.index("--bind-to") + 1] == bind_to
    assert srun[srun.index("--cpu-bind") + 1] == word


def test_the_printed_command_carries_its_settings() -> None:
    """What mpirun is told by flags stands before the command of a launcher without them."""
    distributed = Distributed(cycle_ms=3, environment=("NCCL_DEBUG",), bind_to=BindTo.NONE)
    mpirun = ranks_command_line(RankLauncher.MPIRUN, distributed, 2, ["--flag"])
    gloo = ranks_command_line(RankLauncher.HOROVODRUN, distributed, 2, ["--flag"])

    assert "-x HOROVOD_CYCLE_TIME=3 -x NCCL_DEBUG /nowhere/bin/python -m suite.kernels" in mpirun
    assert gloo.startswith("env HOROVOD_CYCLE_TIME=3 ")


def test_the_launcher_is_the_one_that_is_there(programs: Path) -> None:
    """Slurm's inside an allocation, else mpirun, else horovodrun, else a reason with a remedy."""
    inside, outside = {"SLURM_JOB_ID": "1"}, dict[str, str]()
    anything = Distributed()

    assert choose_launcher(anything, inside) is RankLauncher.SRUN
    assert choose_launcher(anything, outside) is RankLauncher.MPIRUN
    (programs / "mpirun").unlink()
    assert choose_launcher(anything, outside) is RankLauncher.HOROVODRUN
    (programs / "horovodrun").unlink()
    assert choose_launcher(anything, outside) == NoLauncher(
        "neither mpirun nor horovodrun is installed; apt-get install openmpi-bin, then python -m"
        " suite.install.horovod"
    )
    (programs / "srun").unlink()
    assert isinstance(choose_launcher(anything, inside), NoLauncher)


def test_a_launcher_that_a_matrix_names_must_be_there(programs: Path) -> None:
    """Another one in its place would measure something else than was asked for."""
    named = Distributed(launcher=RankLauncher.HOROVODRUN)

    assert choose_launcher(named, {"SLURM_JOB_ID": "1"}) is RankLauncher.HOROVODRUN
    (programs / "horovodrun").unlink()
    assert choose_launcher(named, {}) == NoLauncher(
        "the matrix asks for horovodrun, which is not installed; remove launcher to use one that is"
    )
