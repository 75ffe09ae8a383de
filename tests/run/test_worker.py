"""suite.run.worker: the status and reason that an error gives a launch."""

import pytest

from suite.kernels.interface import KernelOptions
from suite.kernels.simulated import SimulatedKernel
from suite.model.cell import Cell, KernelName, Mode, Precision, Protocol
from suite.model.launch import Status
from suite.run.order import LaunchOrder
from suite.run.worker import execute


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("first\nsecond"), Status.CRASHED, "ValueError: first"),
        (MemoryError("full\nhint"), Status.OUT_OF_MEMORY, "MemoryError: full"),
        (KeyError(), Status.CRASHED, "KeyError: no message"),
    ],
    ids=["two lines", "no memory", "empty"],
)
def test_a_reason_says_what_happened(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: Status, reason: str
) -> None:
    """Its class and what the framework takes for the cause, in one line."""

    def fail(self: SimulatedKernel) -> None:  # noqa: ARG001 - a method
        raise error

    monkeypatch.setattr(SimulatedKernel, "step", fail)
    cell = Cell(
        mode=Mode.TRAINING,
        precision=Precision.FP32,
        xla=False,
        batch_size=1,
        kernel=KernelName.SIMULATED,
    )
    order = LaunchOrder(
        cell=cell,
        protocol=Protocol(warmup_steps=0, measured_steps=1),
        options=KernelOptions(),
        telemetry=False,
    )
    launch = execute(order, lambda _: None)

    assert (launch.status, launch.reason) == (status, reason)
