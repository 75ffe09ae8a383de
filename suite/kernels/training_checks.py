"""What every trainer checks: that a loss is finite, and that a state is one of its own."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError
from suite.model.text import shown
from suite.model.training import TrainedStep

# A dynamic loss scale falls no lower.
LEAST_SCALE = 1.0


def checked_step(step: TrainedStep) -> TrainedStep:
    """The step, if its loss is finite, or if it was skipped under a loss scale that can still fall.

    Raises:
        InvalidLaunchError: the training diverged.
    """
    may_recover = step.is_skipped and (step.loss_scale or 0) > LEAST_SCALE
    if math.isfinite(step.loss) or may_recover:
        return step
    scale = "" if step.loss_scale is None else f" and loss scale {step.loss_scale:g}"
    raise InvalidLaunchError(
        f"the loss is {step.loss} in step {step.step}, at learning rate"
        f" {step.learning_rate:.6g}{scale}: the training diverged; lower lr_init, or warm up for"
        " longer"
    )


def check_state(
    state: Mapping[str, NDArray[Any]],
    own: Mapping[str, NDArray[Any]],
    *,
    fixed: tuple[str, ...] = (),
) -> None:
    """Check that a state has the names, shapes and types of a trainer's own.

    Those that are `fixed` must have its values, too.

    Raises:
        InvalidLaunchError: it does not; names the first difference.
    """
    for name in (*own, *state):
        if name not in state or name not in own:
            lacks = "lacks" if name not in state else "has, besides those of this training,"
            raise InvalidLaunchError(
                f"the state {lacks} {shown(name)}: it is that of another network or recipe"
            )
        given, wanted = state[name], own[name]
        if (given.shape, given.dtype) != (wanted.shape, wanted.dtype):
            raise InvalidLaunchError(
                f"{shown(name)} of the state is {given.dtype} {list(given.shape)}, not"
                f" {wanted.dtype} {list(wanted.shape)}: it is that of another network or recipe"
            )
        if name in fixed and not np.array_equal(given, wanted):
            raise InvalidLaunchError(
                f"{shown(name)} of the state is {given}, that of this training {wanted}: it is that"
                " of another training"
            )
