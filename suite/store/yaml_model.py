"""The keys of a YAML file as a pydantic model: an unknown key is an error that names its line."""

import json
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from suite.model.bounds import Bounds
from suite.store.located_yaml import LocatedYaml, Place
from suite.store.nearest import nearest

_VALUE_WIDTH = 60


class Model(BaseModel):
    """The base of all parts: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


Fitted = TypeVar("Fitted", bound=Model)


def within(bounds: Bounds) -> Any:
    """The limits of a number."""
    return Field(ge=bounds.lowest, le=bounds.highest)


def fitted(model: type[Fitted], source: LocatedYaml) -> Fitted:
    """The document as this model.

    Raises:
        InputError: it does not fit, as `path:line: place: problem; remedy`.
    """
    if not isinstance(source.data, dict):
        raise source.error((), f"is not a mapping; see {source.example} for an example")
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        raise source.error(*first_problem(model, error)) from None


def first_problem(model: type[Model], error: ValidationError) -> tuple[Place, str]:
    """Place and text of pydantic's first problem, with the number of further ones."""
    details = error.errors()
    # A misspelt key is also a missing one; the misspelling is what the user can see.
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    place: Place = first["loc"]
    if first["type"] == "extra_forbidden":
        problem = f"unknown key; {nearest(str(place[-1]), _model_at(model, place).model_fields)}"
    elif first["type"] == "missing":
        problem = "missing; add it"
    elif first["type"] == "value_error":
        problem = str(first["ctx"]["error"])
    else:
        said = first["msg"][0].lower() + first["msg"][1:]
        given = json.dumps(first["input"])
        shortened = given if len(given) <= _VALUE_WIDTH else given[:_VALUE_WIDTH] + "..."
        problem = f"{said}, not {shortened}"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return place, problem + more


def _model_at(model: type[Model], place: Place) -> type[Model]:
    """The model of the mapping that holds this place."""
    for part in place[:-1]:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        if field is not None:  # else an index, or a key that the file's author chooses
            model = next(_models_in(field.annotation))
    return model


def _models_in(kind: Any) -> Iterator[type[Model]]:
    """The models that a type is or holds: of a list of them, of one that may be missing."""
    if isinstance(kind, type) and issubclass(kind, Model):
        yield kind
    for held in get_args(kind):
        yield from _models_in(held)
