"""suite.measure.environment: what is recorded of the surroundings, and what never is."""

import json
import sys

import pytest

from suite.measure.devices import detect_machine
from suite.measure.environment import fingerprint


def test_versions_are_recorded_without_importing_frameworks() -> None:
    """The fingerprint is JSON and knows Python's and the suite's version."""
    before = set(sys.modules)
    facts = fingerprint(detect_machine())

    assert json.loads(json.dumps(facts)) == facts
    assert facts["python"] == sys.version.split()[0]
    assert not {"tensorflow", "keras", "horovod"} & (set(sys.modules) - before)


def test_only_known_settings_are_recorded_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables outside the list, names like secrets and users in URLs stay out."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    monkeypatch.setenv("TF_API_TOKEN", "hunter2")
    monkeypatch.setenv("HOROVOD_STORE", "s3://user:hunter2@bucket")
    monkeypatch.setenv("MY_PASSWORD", "hunter2")
    monkeypatch.setenv("HOME_SWEET", "hunter2")
    facts = fingerprint(detect_machine())
    variables = facts["variables"]

    assert isinstance(variables, dict)
    assert variables["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert variables["HOROVOD_STORE"] == "s3://bucket"
    assert "hunter2" not in json.dumps(facts)
