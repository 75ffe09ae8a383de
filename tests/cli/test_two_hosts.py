"""Launches across two hosts, over ssh and a network: measured, and ended whatever happens."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from two_hosts import Host, TwoHosts
from waiting import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# The gradients of ResNet50 in float32. Each rank receives about as much in every step, and as much
# again when the weights are broadcast, for the run that compiles, and for the warm-up.
GRADIENTS_BYTES = 102e6
MIDDLE_OF_MEASURING_BYTES = 6 * GRADIENTS_BYTES
MATRIX = """\
purpose: two hosts
device: cpu
protocol: {{warmup_steps: 1, measured_steps: {steps}}}
kernel: {kernel}
axes:
  mode: [training]
  gpus: [2]
  precision: [fp32]
  xla: [off]
  batch_size: [2, 3]
  image_size: [32]
distributed: {{hosts: [bench-a:1, bench-b:1], interface: veth0, bind_to: none}}
threads_per_rank: 1
"""


class Run:
    """`bench.py run` on host a, with two cells of one rank on each host."""

    def __init__(self, both: TwoHosts, folder: Path, steps: int, kernel: str = "resnet50") -> None:
        self._both = both
        self._folder = folder
        (folder / "mine.yaml").write_text(MATRIX.format(steps=steps, kernel=kernel))
        self._received_before = both.b.received_bytes()
        # Straight from the command's own process, so that its id is that of the run.
        self.process = subprocess.Popen(
            both.a.command(
                *(sys.executable, "bench.py", "run", str(folder / "mine.yaml")),
                *("--out", str(folder / "out")),
            ),
            cwd=ROOT,
            env={**os.environ, "OMPI_MCA_plm_rsh_agent": " ".join(both.ssh)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def received_bytes(self) -> int:
        """What host b has received for this run."""
        return self._both.b.received_bytes() - self._received_before

    def wait_until(self, reached: Callable[[], object]) -> None:
        """Until something holds, while the run goes on."""
        wait_until(reached, self.process)

    def end(self) -> tuple[int, dict[int, dict[str, Any]], str]:
        """Wait for the end: the exit code, the records by batch size, and what was printed."""
        printed, _ = self.process.communicate()
        records = [json.loads(path.read_text()) for path in self._folder.glob("out/*/cells/*.json")]
        by_batch = {record["cell"]["batch_size"]: record for record in records}
        return self.process.returncode, by_batch, printed


def ranks_on(host: Host) -> list[int]:
    """The ranks that run on a host."""
    return [pid for pid, line in host.processes().items() if "--order" in line]


def launchers_on(host: Host) -> list[int]:
    """What starts ranks there, not what asks hosts before."""
    lines = host.processes().items()
    return [pid for pid, line in lines if line.startswith("/usr/bin/mpirun") and "--order" in line]


def sessions_on(host: Host) -> list[int]:
    """The sessions that ssh has opened there."""
    return [pid for pid, line in host.processes().items() if line.startswith("sshd: root@")]


def hold_that_nobody_is_left(*hosts: Host) -> None:
    """Nothing of a run is on these hosts, or it goes within moments; sshd is the system's own."""

    def left() -> list[str]:
        lines = [line for host in hosts for line in host.processes().values()]
        return [line for line in lines if line and not line.startswith("sshd:")]

    wait_until(lambda: not left())


@pytest.mark.horovod
def test_a_rank_killed_on_the_far_host_ends_its_launch_alone(
    two_hosts: TwoHosts, tmp_path: Path
) -> None:
    """The launch ends with that rank named; the next one trains over the link to its end."""
    run = Run(two_hosts, tmp_path, steps=12)
    run.wait_until(lambda: run.received_bytes() > MIDDLE_OF_MEASURING_BYTES)
    (rank,) = ranks_on(two_hosts.b)
    os.kill(rank, signal.SIGKILL)
    run.wait_until(lambda: rank not in ranks_on(two_hosts.b))
    before_next = run.received_bytes()
    code, records, printed = run.end()
    killed, good = records[2], records[3]

    assert code == 3, printed
    assert killed["status"] == "crashed"
    assert killed["reason"].startswith("rank 1 on bench-b: ended by SIGKILL")
    assert good["status"] == "ok", good["reason"]
    assert [rank["host"] for rank in good["ranks"]] == ["bench-a", "bench-b"]
    assert [len(rank["step_seconds"]) for rank in good["ranks"]] == [12, 12]
    assert good["conditions"]["horovod_ranks"] == 2
    assert run.received_bytes() - before_next > 12 * GRADIENTS_BYTES
    hold_that_nobody_is_left(two_hosts.a, two_hosts.b)


@pytest.mark.horovod
def test_a_cut_link_ends_the_launch_with_the_lost_host_named(
    two_hosts: TwoHosts, tmp_path: Path
) -> None:
    """Nobody tells either side, and both end by themselves; so does the next launch."""
    run = Run(two_hosts, tmp_path, steps=200)
    run.wait_until(lambda: run.received_bytes() > MIDDLE_OF_MEASURING_BYTES)
    two_hosts.cut()
    code, records, printed = run.end()
    hold_that_nobody_is_left(two_hosts.a, two_hosts.b)

    assert code == 3, printed
    assert [records[batch]["status"] for batch in (2, 3)] == ["crashed", "crashed"]
    assert records[2]["reason"].startswith("rank 1 on bench-b: the connection to its host is lost")
    assert "ssh: connect to host bench-b port 22: " in records[3]["reason"]


# What ends the far host's part of a launch, in the words of its command lines -> what is said.
FAR_ENDS = {
    "orted": ("orted", "rank 1 on bench-b: the connection to its host is lost (Open MPI's daemon "),
    "sshd": ("sshd: root@", "rank 1 on bench-b: the connection to its host is lost (Connection to"),
}


@pytest.mark.parametrize(("words", "reason"), FAR_ENDS.values(), ids=FAR_ENDS)
def test_a_killed_far_end_is_blamed_and_not_the_healthy_rank(
    words: str, reason: str, two_hosts: TwoHosts, tmp_path: Path
) -> None:
    """Open MPI ends the near rank first; its words say which host was lost."""
    run = Run(two_hosts, tmp_path, steps=100_000, kernel="simulated")
    run.wait_until(lambda: ranks_on(two_hosts.a) and ranks_on(two_hosts.b))
    for pid, line in two_hosts.b.processes().items():
        if words in line:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    run.wait_until(lambda: list(tmp_path.glob("out/*/cells/*bs2*.json")))
    run.process.terminate()
    _, records, _ = run.end()

    assert records[2]["status"] == "crashed"
    assert records[2]["reason"].startswith(reason)
    hold_that_nobody_is_left(two_hosts.a, two_hosts.b)


def test_a_link_cut_while_ranks_start_is_noticed_and_its_host_named(
    two_hosts: TwoHosts, tmp_path: Path
) -> None:
    """Long before the deadline of startup, and although mpirun itself may say nothing."""
    run = Run(two_hosts, tmp_path, steps=100_000, kernel="simulated")
    run.wait_until(lambda: launchers_on(two_hosts.a) and sessions_on(two_hosts.b))
    two_hosts.cut()
    code, records, _ = run.end()

    assert code == 3
    for record in records.values():
        assert record["status"] == "crashed"
        assert "bench-b: the connection to its host is lost (" in record["reason"]


def test_a_killed_run_leaves_nobody_on_either_host(two_hosts: TwoHosts, tmp_path: Path) -> None:
    """No handler runs on SIGKILL: the ranks see by themselves that nobody wants their numbers."""
    run = Run(two_hosts, tmp_path, steps=1_000_000, kernel="simulated")
    run.wait_until(lambda: ranks_on(two_hosts.a) and ranks_on(two_hosts.b))
    run.process.kill()
    run.process.communicate()

    hold_that_nobody_is_left(two_hosts.a, two_hosts.b)
