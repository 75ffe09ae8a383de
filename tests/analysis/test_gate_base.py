"""Which other side an A/B of a gate would have: code and software of the baseline, if any."""

from collections.abc import Sequence

import pytest
from builders import make_header
from gates import CODE, OTHER_CODE

from suite.analysis.comparability import header_differences
from suite.analysis.gate_base import base_side
from suite.model.gate_report import BaseKind, BaseSide

BASE = {"python": "3.11.0", "tensorflow": "2.20.0", "driver": "550", **CODE, "variables": {}}


def side(base: dict[str, object], today: dict[str, object], given: Sequence[str] = ()) -> BaseSide:
    """That between two environments, of which each is the usual one with these facts."""
    earlier, now = {**BASE, **base}, {**BASE, **OTHER_CODE, **today}
    headers = make_header(environment=earlier), make_header(environment=now)
    return base_side(header_differences(*headers), earlier, given)


def test_other_code_is_found_by_its_commit() -> None:
    """An A/B can check it out by itself."""
    found = side({}, {})

    assert found.kind is BaseKind.FOUND
    assert found.differs == (f"ref={'a' * 40}",)
    assert found.why == "the commit of the baseline"


@pytest.mark.parametrize("name", ["python", "tensorflow"])
def test_other_packages_need_an_environment_that_the_user_names(name: str) -> None:
    """A Python of its own brings them; where it lies is not recorded."""
    found = side({name: "1.0"}, {name: "2.0"})

    assert found.kind is BaseKind.NAMED
    assert found.differs == ("python=PATH", f"ref={'a' * 40}")
    assert found.why == f"{name} 1.0, the commit of the baseline"


def test_another_package_alone_needs_no_commit() -> None:
    """The code of both is this checkout, committed or not."""
    found = side({"numpy": "1.0", "dirty": True}, {"numpy": "2.0", **CODE, "dirty": True})

    assert found.differs == ("python=PATH",)
    assert found.why == "numpy 1.0"


def test_a_variable_of_the_baseline_is_set_again() -> None:
    """With the value that it had."""
    found = side({"variables": {"TF_X": "1"}}, {"variables": {"TF_X": "2"}, **CODE})

    assert found.kind is BaseKind.NAMED
    assert found.differs == ("env:TF_X=1",)
    assert found.why == "variables.TF_X 1"


def test_a_variable_that_the_baseline_lacked_cannot_be_taken_away() -> None:
    """A side adds variables to those of this process."""
    found = side({}, {"variables": {"TF_X": "2"}})

    assert found.kind is BaseKind.ABSENT
    assert found.why == "variables.TF_X is 2 today, and the baseline had none"


@pytest.mark.parametrize(
    ("base", "today", "why"),
    [
        ({"driver": "535"}, {}, "driver was 535, which this machine no longer has"),
        ({"dirty": True}, {}, "the suite of the baseline had changes without a commit"),
        ({"commit": None}, {}, "the baseline does not tell the commit of its suite"),
        ({}, CODE, "code and software are those of the baseline, so no side would differ"),
        ({}, {**CODE, "commit": "c" * 40}, "code and software are those of the baseline"),
    ],
    ids=["driver", "dirty", "no commit", "nothing", "a commit that changes no code"],
)
def test_there_is_no_other_side_for_a_reason(
    base: dict[str, object], today: dict[str, object], why: str
) -> None:
    """The machine's own software is gone, code was never committed, or nothing differs."""
    found = side(base, today)

    assert found.kind is BaseKind.ABSENT
    assert found.differs == ()
    assert found.why.startswith(why)


def test_a_baseline_that_recorded_no_software_has_no_other_side() -> None:
    """As the records of an early version; no commit is made up."""
    headers = make_header(environment={}), make_header(environment=CODE)
    found = base_side(header_differences(*headers), {}, ())

    assert found.kind is BaseKind.ABSENT
    assert found.why == "the baseline does not tell the commit of its suite"


def test_what_changes_no_times_is_no_matter() -> None:
    """Another file of the matrix, or another selection of its cells."""
    earlier = make_header(environment=BASE, matrix="another", selection="--only xla")
    today = make_header(environment={**BASE, **OTHER_CODE})
    found = base_side(header_differences(earlier, today), BASE, ())

    assert found.kind is BaseKind.FOUND


def test_a_side_that_the_user_gives_counts() -> None:
    """Whatever the records say of it."""
    found = side({"driver": "535"}, {}, ["python=old", "env:A=1"])

    assert found.kind is BaseKind.GIVEN
    assert found.differs == ("python=old", "env:A=1")


def test_a_user_may_say_that_there_is_none() -> None:
    """So that the stored baseline decides alone."""
    found = side({}, {}, ["none"])

    assert found.kind is BaseKind.ABSENT
    assert found.why == "--base none was given"
