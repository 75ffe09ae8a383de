"""Who else was busy: the processor time of all processes less that of a launch's own."""

from dataclasses import replace

import pytest
from builders import make_telemetry

from suite.analysis.cautions import contention
from suite.model.telemetry import others_cpu_share

# One of two ranks on four CPUs: each keeps one busy for ten seconds.
RANK = make_telemetry(seconds=10.0, cpu_seconds=10.0, usable_cpus=4, busy_cpus=2.0)


def test_ranks_that_share_a_host_are_no_others_to_each_other() -> None:
    """What is busy beside one rank is its fellow; together they are alone."""
    assert others_cpu_share([RANK]) == pytest.approx(0.25)
    assert others_cpu_share([RANK, RANK]) == 0
    assert contention([RANK, RANK]) is None


def test_foreign_processes_beside_ranks_are_told_with_their_host() -> None:
    """A CPU more that is busy is a quarter of the host, and the host is named."""
    busy = replace(RANK, busy_cpus=3.0)
    doubt = contention([busy, busy], "node2's CPU")

    assert others_cpu_share([busy, busy]) == pytest.approx(0.25)
    assert doubt is not None
    assert (
        doubt.text == "foreign processes kept 25% of node2's CPU busy; end them and measure again"
    )


def test_nothing_is_said_where_one_process_does_not_know() -> None:
    """On a GPU, and in less than a second, there is no share."""
    unknown = replace(RANK, busy_cpus=None)

    assert others_cpu_share([RANK, unknown]) is others_cpu_share([]) is None
