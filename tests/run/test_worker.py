"""suite.run.worker: the status and reason that an error gives a launch."""

import pytest
from builders import make_cell, make_order

from suite.kernels.simulated import SimulatedKernel
from suite.model.cell import KernelName, Mode, Protocol
from suite.model.launch import Status
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
    cell = make_cell(mode=Mode.TRAINING, batch_size=1, kernel=KernelName.SIMULATED)
    order = make_order(
        cell=cell, protocol=Protocol(warmup_steps=0, measured_steps=1), telemetry=False
    )
    launch = execute(order, lambda _: None)

    assert (launch.status, launch.reason) == (status, reason)
