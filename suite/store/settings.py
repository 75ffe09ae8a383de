"""Settings given as `--set NAME=VALUE`, checked by the model of the file that has such a key."""

from pydantic import ValidationError

from suite.model.errors import InputError
from suite.model.text import shown
from suite.store.located_yaml import read_scalar
from suite.store.nearest import nearest
from suite.store.yaml_model import Model, first_problem

# Characters shown of a setting: enough to recognise it.
_SHOWN = 100


def read_setting(text: str, model: type[Model]) -> tuple[str, object]:
    """The name and the value of `NAME=VALUE`, where NAME is a key of the model.

    Raises:
        InputError: it has another form, an unknown name, or a value out of the name's range.
    """
    names = tuple(model.model_fields)
    name, equals, value = text.partition("=")
    quoted = f"--set {shown(text, _SHOWN)}"
    if not equals:
        raise InputError(f"{quoted}: is not NAME=VALUE, such as batch_size=64")
    if name not in names:
        raise InputError(
            f"{quoted}: unknown setting {shown(name, _SHOWN)!r}; {nearest(name, names)}"
        )
    try:
        checked = model.model_validate({name: read_scalar(value)})
    except ValidationError as error:
        raise InputError(f"{quoted}: {first_problem(model, error)[1]}") from None
    except ValueError as error:
        raise InputError(f"{quoted}: {error}") from None
    return name, getattr(checked, name)
