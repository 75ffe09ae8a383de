"""suite.run.worker: what an error of a launch is said to be."""

import pytest
from builders import make_cell, make_order

from suite.kernels.simulated.kernel import SimulatedKernel
from suite.model.cell import KernelName, Mode, Protocol
from suite.model.launch import Status
from suite.run.worker import execute

# As TensorFlow 2.21 words an error in a graph.
IN_A_GRAPH = """\
Graph execution error:

Detected at node gradient_158 defined at (most recent call last):
  File "suite/kernels/__main__.py", line 6, in <module>

  File "suite/cli/kernel.py", line 40, in main

{}
\t [[{{{{node gradient_158}}}}]]
Hint: If you want to see a list of allocated tensors, add report_tensor_allocations_upon_oom.
 [Op:__inference_step_6839]"""
LOST = "Horovod has been shut down. This was caused by an exception on one of the ranks."


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (RuntimeError(IN_A_GRAPH.format(LOST)), Status.CRASHED, f"RuntimeError: {LOST}"),
        (
            MemoryError(IN_A_GRAPH.format("OOM when allocating tensor")),
            Status.OUT_OF_MEMORY,
            "MemoryError: OOM when allocating tensor",
        ),
        (ValueError("first\nsecond"), Status.CRASHED, "ValueError: first"),
        (
            ValueError("Graph execution error:"),
            Status.CRASHED,
            "ValueError: Graph execution error:",
        ),
        (KeyError(), Status.CRASHED, "KeyError: no message"),
    ],
    ids=["lost rank", "no memory", "two lines", "only where", "empty"],
)
def test_a_reason_says_what_happened(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: Status, reason: str
) -> None:
    """The line with the cause, not the one that TensorFlow puts before every error of a graph."""

    def fail(self: SimulatedKernel) -> None:  # noqa: ARG001 - a method
        raise error

    monkeypatch.setattr(SimulatedKernel, "step", fail)
    cell = make_cell(mode=Mode.TRAINING, batch_size=1, kernel=KernelName.SIMULATED)
    order = make_order(
        cell=cell, protocol=Protocol(warmup_steps=0, measured_steps=1), telemetry=False
    )
    launch = execute(order, lambda _: None)

    assert (launch.status, launch.reason) == (status, reason)
