"""A training recipe as the published flags, and back."""

import argparse
from dataclasses import fields

from suite.kernels.recipe import (
    LR_INITS,
    LR_WARMUP_EPOCHS,
    MIXUPS,
    SCALES,
    WEIGHT_DECAYS,
    Recipe,
)
from suite.model.bounds import Bounds
from suite.model.cell import Mode, Precision
from suite.model.errors import InputError
from suite.model.flag_values import checked, decimal, whole

_DEFAULT = Recipe()
# The published flag's value for a scale that adapts itself.
_DYNAMIC = -1.0
_SHARES = Bounds(0, 1)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add the flags of a recipe, with the published defaults."""
    group = parser.add_argument_group("training recipe, with the published defaults")
    add = group.add_argument
    add("--weight_init", choices=("fan_out", "fan_in"), default=_DEFAULT.weight_init)
    add("--lr_init", type=decimal(LR_INITS), default=_DEFAULT.lr_init, help="rate per 256 images")
    add("--lr_warmup_epochs", type=whole(LR_WARMUP_EPOCHS), default=_DEFAULT.lr_warmup_epochs)
    add("--cosine_lr", action="store_true", help="cosine instead of steps at 30, 60, 80, 90")
    add("--momentum", type=checked(_share), default=_DEFAULT.momentum)
    add("--weight_decay", type=decimal(WEIGHT_DECAYS), default=_DEFAULT.weight_decay)
    add("--label_smoothing", type=checked(_share), default=_DEFAULT.label_smoothing)
    add("--mixup", type=decimal(MIXUPS), default=_DEFAULT.mixup, help="alpha; 0 mixes nothing")
    add(
        "--static_loss_scale",
        type=checked(_scale),
        default=_DEFAULT.static_loss_scale,
        help="with --amp in float16; -1 adapts it (%(default)s, as the published scripts give)",
    )


def recipe_of(given: argparse.Namespace, mode: Mode, precision: Precision) -> Recipe:
    """The recipe that parsed flags ask for.

    Raises:
        InputError: a flag that this mode or precision would not heed.
    """
    values = {field.name: getattr(given, field.name) for field in fields(Recipe)}
    if values["static_loss_scale"] == _DYNAMIC:
        values["static_loss_scale"] = None
    recipe = Recipe(**values)
    changed = [name for name in _changed(recipe) if name != "weight_init"]
    if changed and mode is Mode.INFERENCE:
        flags = " and ".join(f"--{name}" for name in changed)
        raise InputError(f"only training heeds {flags}; leave it out")
    if "static_loss_scale" in changed and precision is not Precision.AMP:
        raise InputError("--static_loss_scale is for --amp; add --amp or leave it out")
    return recipe


def recipe_arguments(recipe: Recipe) -> list[str]:
    """The flags that differ from the published defaults; recipe_of's inverse."""
    arguments = []
    for name in _changed(recipe):
        value = getattr(recipe, name)
        if value is True:
            arguments.append(f"--{name}")
        else:
            arguments.append(f"--{name}={_DYNAMIC if value is None else value}")
    return arguments


def _changed(recipe: Recipe) -> list[str]:
    return [
        field.name
        for field in fields(Recipe)
        if getattr(recipe, field.name) != getattr(_DEFAULT, field.name)
    ]


def _share(text: str) -> float:
    share = _SHARES.decimal(text)
    if share == 1:
        raise ValueError(f"{text} is not below 1")
    return share


def _scale(text: str) -> float:
    if text in {"-1", "-1.0"}:
        return _DYNAMIC
    try:
        return SCALES.decimal(text)
    except ValueError as error:
        raise ValueError(f"{error}, nor -1") from None
