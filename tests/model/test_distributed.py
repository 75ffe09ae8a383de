"""suite.model.distributed: which rank a process is, on which host, and with what settings."""

import pytest

from suite.model.distributed import (
    MOST_HOSTS,
    ONLY_RANK,
    Distributed,
    Host,
    Rank,
    RankLauncher,
    add_host,
    parse_host,
    rank_of,
    rank_settings,
    unknown_launcher,
)

TWO_NODES = (Host("node1", 4), Host("node2", 2))
MPIRUN = {
    "OMPI_COMM_WORLD_RANK": "5",
    "OMPI_COMM_WORLD_SIZE": "8",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
}
HOROVODRUN = {
    "HOROVOD_RANK": "0",
    "HOROVOD_SIZE": "2",
    "HOROVOD_LOCAL_RANK": "0",
    "HOROVOD_LOCAL_SIZE": "2",
}
SRUN = {
    "SLURM_PROCID": "7",
    "SLURM_STEP_NUM_TASKS": "9",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_TASKS_PER_NODE": "2(x4),1",
    "SLURM_NODEID": "3",
}


@pytest.mark.parametrize(
    ("environment", "rank"),
    [
        ({}, Rank(0, 1, 0, 1)),
        (MPIRUN, Rank(5, 8, 1, 4)),
        (HOROVODRUN, Rank(0, 2, 0, 2)),
        (SRUN, Rank(7, 9, 1, 2)),
        (
            {**SRUN, "SLURM_PROCID": "8", "SLURM_LOCALID": "0", "SLURM_NODEID": "4"},
            Rank(8, 9, 0, 1),
        ),
        ({**SRUN, "SLURM_STEP_TASKS_PER_NODE": "3,1,4,2,1"}, Rank(7, 9, 1, 2)),
        # mpirun within an allocation of Slurm, on another node than the first.
        ({**MPIRUN, "SLURM_NODEID": "1", "SLURM_PROCID": "0"}, Rank(5, 8, 1, 4)),
    ],
    ids=["none", "mpirun", "horovodrun", "srun", "last node", "uneven", "mpirun in Slurm"],
)
def test_a_rank_knows_itself_by_what_its_launcher_sets(
    environment: dict[str, str], rank: Rank
) -> None:
    """Index, number, and both again on its own host, whatever started it."""
    assert rank_of(environment) == rank


@pytest.mark.parametrize(
    "change",
    [
        {"SLURM_STEP_NUM_TASKS": ""},
        {"SLURM_STEP_TASKS_PER_NODE": "many"},
        {"SLURM_STEP_TASKS_PER_NODE": "2"},
        {"SLURM_NODEID": ""},
    ],
    ids=["batch script", "unreadable", "too few nodes", "no node"],
)
def test_what_no_launcher_says_whole_makes_no_rank(change: dict[str, str]) -> None:
    """A batch script of Slurm has some of the variables of a rank, and is none."""
    assert rank_of({**SRUN, **change}) == ONLY_RANK


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"PMI_RANK": "0", "PMI_SIZE": "4"}, "PMI_SIZE=4"),
        ({"PMI_RANK": "1"}, "PMI_RANK=1"),
        ({"PMIX_RANK": "3"}, "PMIX_RANK=3"),
        ({"MV2_COMM_WORLD_RANK": "0", "MV2_COMM_WORLD_SIZE": "2"}, "MV2_COMM_WORLD_SIZE=2"),
        ({"MPI_LOCALNRANKS": "2", "MPI_LOCALRANKID": "0"}, "MPI_LOCALNRANKS=2"),
        ({"JSM_NAMESPACE_SIZE": "6"}, "JSM_NAMESPACE_SIZE=6"),
        ({"PALS_RANKID": "1"}, "PALS_RANKID=1"),
        ({"FLUX_JOB_SIZE": "2"}, "FLUX_JOB_SIZE=2"),
        ({"LOCAL_WORLD_SIZE": "8", "LOCAL_RANK": "0"}, "LOCAL_WORLD_SIZE=8"),
        ({**SRUN, "SLURM_STEP_TASKS_PER_NODE": "many"}, "SLURM_STEP_NUM_TASKS=9"),
        ({"OMPI_COMM_WORLD_SIZE": "2"}, "OMPI_COMM_WORLD_SIZE=2"),
        ({**MPIRUN, "OMPI_COMM_WORLD_SIZE": "1", "PMI_SIZE": "4"}, "PMI_SIZE=4"),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, None),
        ({"SLURM_NTASKS": "4", "SLURM_NPROCS": "4", "SLURM_PROCID": "0"}, None),
        ({**MPIRUN, "PMI_SIZE": "8", "PMIX_RANK": "5"}, None),
        ({"PMI_SIZE": "²", "PMI_RANK": "-1"}, None),
        ({}, None),
    ],
    ids=[
        "hydra", "rank alone", "pmix", "mvapich2", "hydra on a host", "jsrun", "pals", "flux",
        "torchrun", "srun, unreadable", "mpirun, in part", "one rank within several", "one",
        "batch script", "a known launcher", "no number", "none",
    ],
)  # fmt: skip
def test_several_processes_of_an_unknown_launcher_are_noticed(
    environment: dict[str, str], told: str | None
) -> None:
    """One of them would take itself for the only one; an allocation by itself is none of them."""
    assert unknown_launcher(environment) == told


def test_a_superscript_is_no_number() -> None:
    """Python calls it a digit, and cannot read it."""
    assert rank_of({**MPIRUN, "OMPI_COMM_WORLD_SIZE": "²"}) == ONLY_RANK


def test_ranks_fill_the_hosts_in_order() -> None:
    """A launch uses no more hosts than its ranks fill, and of each no more than its slots."""
    distributed = Distributed(hosts=TWO_NODES)

    assert distributed.slots == 6
    assert distributed.used_hosts(2) == (Host("node1", 2),)
    assert distributed.used_hosts(4) == (Host("node1", 4),)
    assert distributed.used_hosts(5) == (Host("node1", 4), Host("node2", 1))
    assert Distributed().slots is None
    assert Distributed().used_hosts(2) == ()


def test_only_other_hosts_are_remote() -> None:
    """What runs on this machine alone is not heard over its network."""
    assert not Distributed().is_remote
    assert not Distributed(hosts=(Host("localhost", 2),)).is_remote
    assert Distributed(hosts=(Host("localhost", 2), Host("node2", 2))).is_remote


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("node1:8", Host("node1", 8)),
        ("node1:1024", Host("node1", 1024)),
        ("node-1.site_a.org", Host("node-1.site_a.org", 1)),
        ("a" * 253 + ":1", Host("a" * 253, 1)),
    ],
)
def test_a_host_is_a_name_and_slots(text: str, host: Host) -> None:
    """Slots are one where they are left out."""
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    ["", ":8", "node1:", "node1:-1", "node1:8:8", "node1 slots=8", "-oProxy:1", "a,b:2", "a" * 254],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    """Nothing else gets into a launcher's list of hosts, least of all a flag."""
    with pytest.raises(ValueError, match="is not a host such as node1:8"):
        parse_host(text)


@pytest.mark.parametrize("slots", ["0", "1025", "9" * 400, "9" * 5000])
def test_slots_have_bounds(slots: str) -> None:
    """No host has as many cores; so many digits are not even read."""
    with pytest.raises(
        ValueError, match="slots of host a: .* is not a whole number from 1 to 1024"
    ):
        parse_host(f"a:{slots}")


def test_a_host_is_named_once() -> None:
    """Twice the same host would be two lists of slots for one machine."""
    hosts = {host.name: host for host in TWO_NODES}
    with pytest.raises(ValueError, match="host node1 is named twice; give it once"):
        add_host(hosts, Host("node1", 1))


def test_hosts_are_no_more_than_could_get_a_rank() -> None:
    """The first one too many is refused."""
    hosts: dict[str, Host] = {}
    for number in range(MOST_HOSTS):
        add_host(hosts, Host(f"node{number}", 1))
    with pytest.raises(ValueError, match="more than 10000 hosts"):
        add_host(hosts, Host("another", 1))


def test_settings_become_variables() -> None:
    """What a matrix sets is handed on under the names that Horovod, NCCL and Open MPI read."""
    distributed = Distributed(fusion_mib=0.5, cycle_ms=2.5, interface="eth0")
    common = {
        "HOROVOD_FUSION_THRESHOLD": "524288",
        "HOROVOD_CYCLE_TIME": "2.5",
        "NCCL_SOCKET_IFNAME": "eth0",
    }

    assert rank_settings(RankLauncher.MPIRUN, Distributed()) == {}
    assert rank_settings(RankLauncher.MPIRUN, distributed) == common
    assert rank_settings(RankLauncher.HOROVODRUN, distributed) == common
    assert rank_settings(RankLauncher.SRUN, distributed) == {
        **common,
        "OMPI_MCA_btl_tcp_if_include": "eth0",
        "SLURM_OVERLAP": "1",
    }


def test_a_variable_that_the_user_hands_on_is_not_set() -> None:
    """Two values for one name would leave it open which of them counts."""
    distributed = Distributed(interface="eth0", environment=("NCCL_SOCKET_IFNAME",))

    assert rank_settings(RankLauncher.MPIRUN, distributed) == {}
