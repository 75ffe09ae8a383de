"""What pydantic finds wrong with a file that people write, in one line."""

import json
from collections.abc import Callable, Iterable

from pydantic import ValidationError

from suite.store.located_yaml import Place
from suite.store.nearest import nearest


def first_problem(
    error: ValidationError, known_at: Callable[[Place], Iterable[str]]
) -> tuple[Place, str]:
    """Place and text of pydantic's first problem, with the number of further ones.

    `known_at` has the keys that are known beside the last one of a place.
    """
    details = error.errors()
    # A misspelt key is also a missing one; the misspelling is what the user can see.
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    place: Place = first["loc"]
    if first["type"] == "extra_forbidden":
        problem = f"unknown key; {nearest(str(place[-1]), known_at(place))}"
    elif first["type"] == "missing":
        problem = "missing; add it"
    elif first["type"] == "value_error":
        problem = str(first["ctx"]["error"])
    else:
        said = first["msg"][0].lower() + first["msg"][1:]
        given = json.dumps(first["input"])
        problem = f"{said}, not {given if len(given) <= 60 else given[:60] + '...'}"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return place, problem + more
