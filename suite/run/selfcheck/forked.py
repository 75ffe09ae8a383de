"""Forked launches against launches as programs: what each costs, and how much each varies."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean, median, stdev

import numpy as np

from suite import kernels
from suite.kernels.interface import InvalidLaunchError, KernelOptions, MissingComponentError
from suite.model.cell import Cell, Protocol
from suite.model.check import Check
from suite.model.launch import Launch, Status
from suite.run.child import Start, start_process
from suite.run.forking import Forking
from suite.run.order import LaunchOrder
from suite.run.process import run_launch

_TARGET_SECONDS = 0.3
# Draws that give a quantile of an F distribution within about 1 %.
_DRAWS = 200_000


def forked_launches(cell: Cell, launches: int, steps: int, *, on_gpu: bool) -> Iterator[Check]:
    """The overhead of forked launches, their step times and their spread, beside programs.

    There are this many launches of each kind, in turns. One forked launch is made beforehand and
    not counted: it waits for the server's import.

    Raises:
        MissingComponentError: the cell needs a component that is not there.
        InvalidLaunchError: a launch did not end well, so that its time says nothing.
    """
    order = LaunchOrder(
        cell=cell, protocol=Protocol(warmup_steps=3, measured_steps=steps), options=KernelOptions()
    )
    environment = {**os.environ, **kernels.framework(cell.kernel).environment(cell, on_gpu=on_gpu)}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "launch.log"
        with Forking(Path(folder) / "fork_server.log") as forking:

            def launch(start: Start) -> Launch:
                return _good(run_launch(order, environment, log, lambda _: None, start))

            first = launch(forking.start)
            forked, programs = [], []
            for turn in range(launches):
                if turn % 2:
                    programs.append(launch(start_process))
                forked.append(launch(forking.start))
                if not turn % 2:
                    programs.append(launch(start_process))
    yield _overhead(cell, first, forked, programs)
    yield from _steps(cell, forked, programs)


def _good(launch: Launch) -> Launch:
    if launch.status is Status.SKIPPED:
        raise MissingComponentError(launch.reason)
    if launch.status is not Status.OK:
        raise InvalidLaunchError(f"{launch.cell.id}: {launch.status.value}: {launch.reason}")
    return launch


def _overhead(
    cell: Cell, first: Launch, forked: Sequence[Launch], programs: Sequence[Launch]
) -> Check:
    started = forked[-1].started_by
    why_not = f" ({forked[-1].fork_refused})" if forked[-1].fork_refused else ""
    program = median(launch.overhead_seconds for launch in programs)
    return Check(
        name=f"overhead, {cell.id}",
        values=tuple(launch.overhead_seconds for launch in forked),
        unit="s",
        target=_TARGET_SECONDS,
        at_least=False,
        note=f"of a launch, started by {started.value if started else '-'}{why_not}; the first,"
        f" with the server's import, {first.overhead_seconds:.2f} s; as a program {program:.2f} s",
    )


def _steps(cell: Cell, forked: Sequence[Launch], programs: Sequence[Launch]) -> Iterator[Check]:
    ours, theirs = ([median(each.step_seconds) for each in side] for side in (forked, programs))
    yield Check(
        name=f"forked step, {cell.id}",
        values=tuple(mine / other for mine, other in zip(ours, theirs, strict=True)),
        unit="x",
        note=f"median step of a forked launch over that of a program: {fmean(ours) * 1e3:.2f} ms"
        f" and {fmean(theirs) * 1e3:.2f} ms on average",
    )
    ratio = relative_spread(ours) / relative_spread(theirs)
    factor = chance_factor(len(ours))
    yield Check(
        name=f"forked spread, {cell.id}",
        values=(ratio,),
        unit="x",
        note=f"median steps of {len(ours)} launches vary by {relative_spread(ours):.1%} forked and"
        f" {relative_spread(theirs):.1%} as programs; 95 % interval of the ratio"
        f" {ratio / factor:.2f} to {ratio * factor:.2f}, if medians are normal. This many launches"
        f" cannot show a factor below {factor:.1f}, and one server is one draw of hash seed and"
        " memory layout",
    )


def relative_spread(values: Sequence[float]) -> float:
    """Their standard deviation as a share of their mean."""
    return stdev(values) / fmean(values)


@cache
def chance_factor(count: int) -> float:
    """How far the ratio of two spreads, of this many normal numbers each, is by chance.

    2.5 % of ratios are larger: the ratio of two variances has an F distribution.
    """
    draws = np.random.default_rng(0).f(count - 1, count - 1, _DRAWS)
    return float(np.sqrt(np.quantile(draws, 0.975)))
