"""Forked launches of the real kernel: TensorFlow is in them as in a process of their own."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from builders import make_cell, make_order

from suite.kernels import tensorflow
from suite.kernels.interface import KernelOptions
from suite.machine.devices import detect_machine
from suite.model.cell import Precision
from suite.model.launch import Launch, StartedBy, Status
from suite.run.child import Start, start_process
from suite.run.forking import Forking
from suite.run.process import run_launch

pytestmark = pytest.mark.slow

# Right before each fork, the server says how it stands.
WITNESS = """
import os, sys
def witness():
    context = sys.modules["tensorflow.python.eager.context"]._context
    initialized = context is not None and context._initialized
    threads = len(os.listdir("/proc/self/task"))
    devices = [f for f in os.listdir("/proc/self/fd")
               if os.path.realpath("/proc/self/fd/" + f).startswith("/dev/nvidia")]
    with open(os.environ["WITNESS"], "a") as file:
        print(os.getpid(), threads, initialized, devices, file=file)
if "suite.cli.fork_server" in sys.orig_argv:
    os.register_at_fork(before=witness)
"""


@dataclass(frozen=True)
class Launches:
    """The same cells, forked from one server and as plain processes, and the server's state."""

    forked: Sequence[Launch]
    plain: Sequence[Launch]
    witness: Sequence[str]


@pytest.fixture(scope="module")
def launches(tmp_path_factory: pytest.TempPathFactory) -> Launches:
    """Three cells forked one after the other, the last like the first; two of them plain."""
    folder = tmp_path_factory.mktemp("forked")
    (folder / "sitecustomize.py").write_text(WITNESS)
    os_environment = {**os.environ, "PYTHONPATH": str(folder), "WITNESS": str(folder / "witness")}

    def launch(precision: Precision, start: Start) -> Launch:
        cell = make_cell(precision=precision, batch_size=2, image_size=64)
        order = make_order(
            cell=cell,
            options=KernelOptions(seed=7),
        )
        settings = tensorflow.environment(cell, on_gpu=bool(detect_machine().gpus))
        environment = {**os_environment, **settings}
        return run_launch(order, environment, folder / "worker.log", lambda _: None, start)

    precisions = (Precision.FP32, Precision.AMP, Precision.FP32)
    with Forking(folder / "fork_server.log") as forking:
        forked = [launch(precision, forking.start) for precision in precisions]
    plain = [launch(precision, start_process) for precision in precisions[:2]]
    return Launches(forked, plain, (folder / "witness").read_text().splitlines())


def what_ran(record: Launch) -> dict[str, object]:
    """The facts; on a GPU, which sums in no fixed order, with the loss to three digits."""
    facts = record.conditions
    on_gpu = facts.device_type == "GPU"
    return {**facts.known, "loss": f"{facts.loss:.3g}" if on_gpu else facts.loss}


def test_forked_launches_compute_bit_for_bit_what_plain_ones_do(launches: Launches) -> None:
    """Seeds, dtype policy and everything else that ran are those of a fresh process."""
    for record in (*launches.forked, *launches.plain):
        assert record.status is Status.OK, record.reason
    assert [record.started_by for record in launches.forked] == [StartedBy.FORK] * 3
    assert [record.started_by for record in launches.plain] == [StartedBy.PROCESS] * 2
    for forked, plain in zip(launches.forked, launches.plain, strict=False):
        assert what_ran(forked) == what_ran(plain)


def test_no_state_is_carried_from_one_forked_launch_to_the_next(launches: Launches) -> None:
    """FP32 after AMP is the FP32 from before it, down to the loss."""
    first, amp, last = launches.forked

    assert what_ran(first) == what_ran(last)
    assert amp.conditions.compute_type != first.conditions.compute_type
    assert amp.conditions.loss != first.conditions.loss


def test_the_server_has_one_thread_no_context_and_no_gpu(launches: Launches) -> None:
    """Importing TensorFlow is all it has done whenever it forks."""
    servers = {line.split()[0] for line in launches.witness}
    for server in servers:
        probe, *forks = [line.split(maxsplit=1)[1] for line in launches.witness if server in line]

        # The first fork is the server's own probe: it ends the threads of OpenBLAS.
        assert probe.endswith("False []")
        assert forks
        assert set(forks) == {"1 False []"}
