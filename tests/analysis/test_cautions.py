"""suite.analysis.cautions: what a launch's own steps and telemetry cast doubt on."""

from typing import Any

import pytest
from builders import make_telemetry

from suite.analysis.cautions import contention, measured_cautions
from suite.model.launch import Caution, CautionKind

STEADY = [0.1] * 100


@pytest.mark.parametrize(
    ("facts", "kind", "words", "remedy"),
    [
        (
            {"throttling": {"power cap": 1.0, "heat (driver)": 0.25}, "readings": 8},
            CautionKind.THROTTLED,
            "the GPU was throttled: heat (driver) in 25% of 8 readings",
            "check its cooling and power supply",
        ),
        (
            {"throttling": {"power brake": 1.0}, "readings": 8, "throttle_readings": 6},
            CautionKind.THROTTLED,
            "the GPU was throttled: power brake in 100% of 6 readings",
            "check its cooling and power supply",
        ),
        (
            {"foreign_processes": ("a (process 7)", "b (process 8)")},
            CautionKind.FOREIGN_PROCESS,
            "foreign processes on the GPU: a (process 7), b (process 8)",
            "end them, or choose a free GPU",
        ),
        (
            {"stolen_share": 0.03},
            CautionKind.STOLEN,
            "the hypervisor gave 3% of the CPUs' time to other machines",
            "measure when they are quiet, or on a machine of your own",
        ),
    ],
)
def test_what_disturbed_a_launch_is_told(
    facts: dict[str, Any], kind: CautionKind, words: str, remedy: str
) -> None:
    """With its size and with what to do about it."""
    assert measured_cautions(STEADY, make_telemetry(**facts)) == (
        Caution(kind, f"{words}; {remedy}"),
    )


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"throttling": {"power cap": 1.0, "clocks set by the user": 1.0}},
        {"throttling": None, "foreign_processes": None},
        {"stolen_share": 0.02},
        {"stolen_share": 0.0},
    ],
)
def test_what_is_usual_is_no_doubt(facts: dict[str, Any]) -> None:
    """A card at its power cap, a little stolen time, and what cannot be known."""
    assert measured_cautions(STEADY, make_telemetry(**facts)) == ()
    assert measured_cautions(STEADY, None) == ()


def test_unsteady_steps_are_told_with_their_remedy() -> None:
    """Also where no telemetry was recorded."""
    (caution,) = measured_cautions([0.1] * 50 + [0.2] * 50, None)

    assert caution.kind is CautionKind.UNSTEADY
    assert caution.text.startswith("the steps became 100.0% slower at once, near step 51; look for")


def test_a_tenth_of_a_cpu_is_no_contention() -> None:
    """One in ten of the CPU time is what a quiet machine does beside."""
    own = {"seconds": 10.0, "cpu_seconds": 10.0, "usable_cpus": 10}

    assert contention([make_telemetry(**own, busy_cpus=2.0)]) is None
    caution = contention([make_telemetry(**own, busy_cpus=2.1)])
    assert caution == Caution(
        CautionKind.CONTENDED,
        "foreign processes kept 11% of the CPU busy; end them and measure again",
    )
