"""The two hosts that tests of several hosts stand on: ranks on them really are on two hosts."""

import subprocess

from two_hosts import TwoHosts


def test_ranks_start_on_both_hosts_through_ssh_and_mpirun(two_hosts: TwoHosts) -> None:
    """Open MPI starts one rank here and one there, and each sees its own host's name."""
    ranks = two_hosts.mpirun("-np", "2", "-H", "bench-a:1,bench-b:1", "hostname")

    done = two_hosts.run(*ranks)

    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["bench-a", "bench-b"]


def test_a_cut_link_keeps_the_hosts_apart_until_mended(two_hosts: TwoHosts) -> None:
    """Cutting the link stops new connections; mending it lets them through again."""
    two_hosts.cut()
    apart = two_hosts.run(*two_hosts.ssh, "-o", "ConnectTimeout=1", "bench-b", "hostname")
    two_hosts.mend()
    together = two_hosts.run(*two_hosts.ssh, "-o", "ConnectTimeout=30", "bench-b", "hostname")

    assert apart.returncode != 0
    assert together.stdout.strip() == "bench-b"


def test_processes_are_told_apart_by_host(two_hosts: TwoHosts) -> None:
    """What is started on one host is listed there and not on the other."""
    command = two_hosts.a.command(*two_hosts.ssh, "bench-b", "sleep", "987")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as started:
        there = [False]
        while started.poll() is None and not there[-1]:
            there.append("sleep 987" in two_hosts.b.processes().values())
        here = two_hosts.a.processes().values()
        started.kill()

    assert there[-1]
    assert "sleep 987" not in here
