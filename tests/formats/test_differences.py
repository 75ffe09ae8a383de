"""suite.formats.differences: what differs between two runs, readable for people."""

from dataclasses import replace

import pytest

from suite.formats.differences import change_words, differences_table, version
from suite.model.comparability import Difference, DifferenceKind, Value

COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    ("name", "base", "other", "row"),
    [
        ("driver", "535", "550", ("driver", "535", "550", "may change times")),
        ("dirty", False, True, ("dirty", "no", "yes", "may change times")),
        ("commit", COMMIT, None, ("commit", "01234567", "-", "may change times")),
        ("gpus.0.power_limit_watts", 70.0, None, ("gpus.0.power limit watts", "70.0", "-")),
        ("variables.TF_A_B", None, "a_b", ("variables.TF_A_B", "-", "a_b", "may change times")),
        ("launches", 1, 3, ("launches", "1", "3", "may change times")),
    ],
)
def test_a_difference_is_a_row(name: str, base: Value, other: Value, row: tuple[str, ...]) -> None:
    """Its name in words, less that of a variable; what a side does not have is a dash."""
    kind = DifferenceKind.EXPLAINED
    table = differences_table(
        [Difference(name=name, base=base, other=other, kind=kind, why="")], ("A", "B")
    )

    assert table.headers == ("", "A", "B", "effect")
    assert tuple(table.rows[0])[: len(row)] == row


def test_a_difference_is_said_in_a_line() -> None:
    """With the words that the table has, for a sentence."""
    kind = DifferenceKind.EXPLAINED
    found = Difference(name="warmup_steps", base=None, other=9, kind=kind, why="")

    assert change_words(found) == "warmup steps none -> 9"
    assert change_words(replace(found, base=1)) == "warmup steps 1 -> 9"


def test_each_kind_has_words_of_its_own() -> None:
    """Which say what it does to times."""
    assert [kind.words for kind in DifferenceKind] == [
        "another measurement",
        "may change times",
        "changes no times",
    ]


def test_a_version_is_short_and_marked_if_the_code_differed() -> None:
    """As git shortens it; none is a dash, whatever else is known."""
    assert version(COMMIT) == "01234567"
    assert version(COMMIT, is_dirty=True) == "01234567+"
    assert version(None, is_dirty=True) == "-"
