"""suite.store.launches: a record has a file of its own, and what it holds is what was measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_launch, make_whole_launch

from suite.model.errors import InputError
from suite.model.launch import Status
from suite.store.launches import decode_launch, encode_launch, reserve_launch, write_launch


def test_a_launch_by_hand_never_replaces_a_record(tmp_path: Path) -> None:
    """It takes the first free number from its own on, and nobody else gets that one."""
    launch = make_whole_launch(launch=2)
    write_launch(tmp_path, replace(launch, launch=3))
    numbers = [reserve_launch(tmp_path, launch).launch for _ in range(3)]

    assert numbers == [2, 4, 5]
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_that_takes_no_record_is_named(tmp_path: Path) -> None:
    """Before anything is measured."""
    with pytest.raises(InputError, match=r"no/inference-.*\.0\.json: cannot be written \(No such"):
        reserve_launch(tmp_path / "no", make_launch())


def test_a_launch_without_steps_has_no_summary() -> None:
    """Its record says so where the numbers of others stand."""
    crashed = make_launch(status=Status.CRASHED, reason="ended by SIGSEGV")
    text = encode_launch(crashed)

    assert json.loads(text)["summary"] is None
    assert "\n" not in text
    assert decode_launch(text, "record") == crashed
