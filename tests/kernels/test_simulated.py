"""The kernel that only sleeps."""

import pytest
from builders import make_cell

from suite.kernels import simulated
from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, KernelName, Mode
from suite.model.facts import Facts


def simulated_cell(batch_size: int = 8, mode: Mode = Mode.INFERENCE) -> Cell:
    return make_cell(mode=mode, batch_size=batch_size, kernel=KernelName.SIMULATED)


def sleeps(
    monkeypatch: pytest.MonkeyPatch, cell: Cell, *, seed: int = 0, steps: int = 5
) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("suite.kernels.simulated.time.sleep", slept.append)
    kernel = simulated.build(cell, KernelOptions(seed=seed))
    kernel.compile()
    for _ in range(steps):
        kernel.step()
    return slept


def test_simulated_steps_repeat_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same cell and seed sleep the same seconds, step by step; another seed does not."""
    cell = simulated_cell()
    first = sleeps(monkeypatch, cell)

    assert first == sleeps(monkeypatch, cell)
    assert first != sleeps(monkeypatch, cell, seed=1)
    assert len(set(first)) == 5


def test_simulated_tables_look_plausible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger batches and training take longer, and a larger batch is more images a second."""
    small = sum(sleeps(monkeypatch, simulated_cell(1)))
    large = sum(sleeps(monkeypatch, simulated_cell(64)))
    training = sum(sleeps(monkeypatch, simulated_cell(64, Mode.TRAINING)))

    assert small < large < training
    assert 1 / small < 64 / large


def test_simulated_kernel_says_so() -> None:
    """No record of a simulated launch can pass for a measured one."""
    kernel = simulated.build(simulated_cell(), KernelOptions())

    assert kernel.facts() == Facts(simulated=True)
