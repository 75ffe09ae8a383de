"""suite.analysis.resume: what is finished stays, and every change since the beginning is named."""

from dataclasses import replace
from typing import Any

import pytest
from builders import make_header, make_launch, make_protocol

from suite.analysis.resume import changes, finished
from suite.model.launch import Status

HEADER = make_header(
    cells=("a", "b"),
    machine={"gpus": [{"name": "Tesla T4", "uuid": "GPU-1", "processes": []}]},
    environment={
        "commit": "abc",
        "dirty": False,
        "cudnn": "9.1",
        "os": "Debian",
        "variables": {"TF_A": "1"},
    },
)


def test_only_launches_without_an_end_of_their_own_run_again() -> None:
    """Interrupted ones are missing; failed and skipped ones count as done until retried."""
    launches = [make_launch(launch=number, status=status) for number, status in enumerate(Status)]
    kept = {list(Status)[number] for _, number in finished(launches, retry_failed=False)}
    kept_on_retry = {list(Status)[number] for _, number in finished(launches, retry_failed=True)}

    assert kept == set(Status) - {Status.INTERRUPTED}
    assert kept_on_retry == {Status.OK}


def test_the_same_conditions_have_no_changes() -> None:
    """The time, who else is on the GPU and the operating system's name are no conditions."""
    later = replace(
        HEADER,
        started_at="2026-02-02T03:04:05+00:00",
        purpose="other words",
        machine={"gpus": ({"name": "Tesla T4", "uuid": "GPU-1", "processes": [1]},)},
        environment={**HEADER.environment, "os": "Debian 13"},
    )

    assert changes(HEADER, later) == ()


def test_what_an_earlier_version_did_not_record_is_no_change() -> None:
    """A fact that is new in run.json accuses no run that was begun without it."""
    assert changes(HEADER, replace(HEADER, environment={**HEADER.environment, "code": "1"})) == ()


def test_a_run_of_before_folders_were_kept_is_not_accused() -> None:
    """What it read is unknown, which is no change."""
    assert changes(replace(HEADER, data=None), HEADER) == ()


@pytest.mark.parametrize("gpus", ["Tesla T4", [3], [None, ["x"]], {"a": 1}, []])
def test_gpus_of_another_shape_are_other_gpus(gpus: object) -> None:
    """Whatever stands in a run.json that somebody edited, it is a change and no fault."""
    (change,) = changes(replace(HEADER, machine={"gpus": gpus}), HEADER)[:1]

    assert change.startswith("GPUs [")


def test_a_header_that_names_no_gpus_is_compared_all_the_same() -> None:
    """Its device is the CPU, or unknown."""
    before = replace(HEADER, machine={})

    assert changes(before, before) == ()
    assert changes(before, HEADER) == (
        "GPUs [] -> ['GPU-1']",
        "power limits in W [] -> [None]",
    )


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ({"matrix": "yours"}, "matrix mine -> yours"),
        ({"cells": ("a", "c")}, "matrix now without b; matrix now with c"),
        ({"cells": tuple("abcde")}, "matrix now with c, d, e"),
        ({"cells": tuple("abcdef")}, "matrix now with c, d, e and 1 more"),
        ({"cells": tuple("abcdefg")}, "matrix now with c, d, e and 2 more"),
        ({"protocol": make_protocol(measured_steps=9)}, "protocol measured_steps 2 -> 9"),
        (
            {"data": {"data_dir": "/others", "data_idx_dir": "/index"}},
            "data_dir /records -> /others; data_idx_dir None -> /index",
        ),
        ({"device": "Tesla V100"}, "device Tesla T4 -> Tesla V100"),
        ({"machine": {"gpus": [{"uuid": "GPU-2"}]}}, "GPUs ['GPU-1'] -> ['GPU-2']"),
        (
            {"machine": {"gpus": [{"uuid": "GPU-1", "power_limit_watts": 60.0}]}},
            "power limits in W [None] -> [60.0]",
        ),
        ({"environment": {**HEADER.environment, "commit": "def"}}, "commit abc -> def"),
        ({"environment": {**HEADER.environment, "dirty": True}}, "dirty False -> True"),
        ({"environment": {**HEADER.environment, "cudnn": None}}, "cudnn 9.1 -> None"),
        (
            {"environment": {**HEADER.environment, "kernel_version": 2}},
            "kernel_version 1 -> 2",
        ),
        (
            {"environment": {**HEADER.environment, "variables": {"TF_B": "2"}}},
            "TF_A 1 -> None; TF_B None -> 2",
        ),
    ],
)
def test_each_change_is_named(difference: dict[str, Any], words: str) -> None:
    """The reader learns what differs, from what to what."""
    assert "; ".join(changes(HEADER, replace(HEADER, **difference))) == words
