"""When a training has diverged, and when a skipped step under a loss scale is no reason to end."""

import math
from dataclasses import replace

import pytest

from suite.kernels.interface import InvalidLaunchError
from suite.kernels.training_checks import checked_step
from suite.model.training import TrainedStep

STEP = TrainedStep(
    step=7, loss=math.inf, cross_entropy=1.0, learning_rate=0.25, seconds=0.0, wait_seconds=0.0
)


@pytest.mark.parametrize("loss", [math.inf, math.nan])
def test_a_loss_that_is_not_finite_names_what_to_look_at(loss: float) -> None:
    """Step, learning rate and loss scale, where there is one."""
    with pytest.raises(InvalidLaunchError, match=r"in step 7, at learning rate 0\.25: .* lower"):
        checked_step(replace(STEP, loss=loss))
    with pytest.raises(InvalidLaunchError, match=r"learning rate 0\.25 and loss scale 128: "):
        checked_step(replace(STEP, loss=loss, loss_scale=128.0))


def test_a_skipped_step_ends_nothing_while_the_scale_can_fall() -> None:
    """A smaller scale may avoid the overflow; at the least scale it is that of the network."""
    skipped = replace(STEP, loss_scale=2.0, is_skipped=True)

    assert checked_step(skipped) is skipped
    with pytest.raises(InvalidLaunchError, match="loss scale 1: "):
        checked_step(replace(skipped, loss_scale=1.0))


def test_a_finite_loss_goes_on() -> None:
    """Whatever it is."""
    step = replace(STEP, loss=1e30)

    assert checked_step(step) is step
