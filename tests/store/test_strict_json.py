"""suite.store.strict_json: JSON is read as it says, or refused in one line."""

import json
import sys

import pytest

from suite.store.strict_json import MAX_DEPTH, parse_json


def test_plain_json_is_read_as_python_reads_it() -> None:
    """Strings with brackets, quotes and backslashes nest nothing."""
    value = {"a": [1, -2.5, True, None, "[" * 999], '\\"[{': {"é\\\\": "}]" * 999}}

    assert parse_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON (line 1, column 1: Expecting value)"),
        ('{"a": 1', "is not JSON (line 1, column 8: Expecting ',' delimiter)"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "b: given twice"),
        ('{"a": [1, NaN]}', "a[1]: is not a finite number"),
        ('{"a": -Infinity}', "a: is not a finite number"),
        ('{"a": {"b": 1e999}}', "a.b: is not a finite number"),
        ('{"a": 1' + "0" * 400 + "}", "a: is not a finite number"),
        ('{"a": 1' + "0" * 9999 + "}", "a: is not a finite number"),
        ('{"a\\nb": NaN}', "a\\nb: is not a finite number"),
        ('{"' + "k" * 60 + '": NaN}', "k" * 60 + ": is not a finite number"),
        ('{"' + "k" * 61 + '": NaN}', "k" * 26 + " [...] " + "k" * 26 + ": is not a finite number"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), f"is nested more than {MAX_DEPTH} deep"),
        ("[" * 1_000_000, f"is nested more than {MAX_DEPTH} deep"),
        ('{"a":' * 100_000, f"is nested more than {MAX_DEPTH} deep"),
        ('"\\\\" ' + "[" * 100_000, f"is nested more than {MAX_DEPTH} deep"),
    ],
    ids=range(15),
)
def test_what_is_not_plain_json_is_refused_in_one_line(text: str, words: str) -> None:
    """Repeated keys, numbers without end and nesting without end are named, with their place."""
    with pytest.raises(ValueError, match=".+") as caught:
        parse_json(text)

    assert str(caught.value) == words


def test_the_deepest_that_is_read_needs_no_deep_stack() -> None:
    """Just within the bound is read, also from a call deep in the stack."""
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    def deep(calls: int) -> object:
        return deep(calls - 1) if calls else parse_json(text)

    assert deep(sys.getrecursionlimit() // 2) == json.loads(text)


def test_a_number_of_more_digits_than_any_count_is_a_float() -> None:
    """Counts are exact, and nothing that follows has thousands of digits."""
    read = parse_json(f"[{'9' * 18}, {'9' * 19}]")

    assert repr(read) == f"[{'9' * 18}, 1e+19]"
