"""JSON from files and other processes, parsed so strictly that damage is noticed."""

import json
import re
from collections.abc import Sequence
from itertools import accumulate
from math import isfinite

from suite.model.text import shown
from suite.store.located_yaml import Place, dotted

# The suite's own JSON nests about eight deep. Python's parser raises RecursionError at some
# hundreds, fewer when called from deep in the stack.
MAX_DEPTH = 50
# A longer number is read as a float: no count has as many digits, and Python refuses thousands.
_MAX_DIGITS = 18
_KEY_WIDTH = 60


def parse_json(text: str) -> object:
    """A JSON document of finite numbers, without repeated keys, of bounded depth.

    Raises:
        ValueError: it is not; the message is one line and names the place, if there is one.
    """
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"is nested more than {MAX_DEPTH} deep")
    try:
        value = json.loads(text, object_pairs_hook=_each_key_once, parse_int=_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"is not JSON ({where}: {error.msg})") from None
    place = _not_finite(value, ())
    if place is not None:
        raise ValueError(f"{field_name(place)}: is not a finite number")
    return value


def field_name(place: Place) -> str:
    """A place in the notation `ranks[0].host`, on one short line whatever the keys are."""
    return dotted(
        tuple(part if isinstance(part, int) else shown(part, _KEY_WIDTH) for part in place)
    )


def _depth(text: str) -> int:
    """How deep brackets outside strings are nested.

    It may be wrong only after the first syntax error, where the parser stops.
    """
    outside = "".join(text.replace("\\\\", "").replace('\\"', "").split('"')[::2])
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[][{}]", outside))
    return max(accumulate(steps), default=0)


def _each_key_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for key, value in pairs:
        if key in fields:
            raise ValueError(f"{field_name((key,))}: given twice")
        fields[key] = value
    return fields


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def _not_finite(value: object, place: Place) -> Place | None:
    """Where a number is NaN or infinite; None if nowhere."""
    if isinstance(value, float):
        return None if isfinite(value) else place
    parts: Sequence[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        if (found := _not_finite(part, (*place, key))) is not None:
            return found
    return None
