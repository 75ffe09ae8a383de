"""The learning rate held against the published schedule, number by number."""

import math
from typing import Any

import pytest

from suite.analysis.learning_rate import learning_rate
from suite.model.recipe import Recipe
from suite.model.schedule import Schedule

# ImageNet in steps of 2,048 images: eight GPUs of 256.
STEPS = 1_281_167 // 2048
COSINE: dict[str, Any] = {"lr_init": 0.256, "lr_warmup_epochs": 8, "cosine_lr": True}


def rate(epoch: float, *, epochs: int = 90, batch_size: int = 2048, **settings: Any) -> float:
    schedule = Schedule(steps_per_epoch=STEPS, epochs=epochs)
    return learning_rate(Recipe(**settings), schedule, round(epoch * STEPS), batch_size)


@pytest.mark.parametrize(
    ("batch_size", "peak"), [(2048, 2.048), (1024, 1.024), (4096, 4.096), (256, 0.256)]
)
def test_the_rate_grows_with_the_global_batch(batch_size: int, peak: float) -> None:
    """The published peaks: 0.256 for every 256 images; half of it is reached halfway there."""
    assert rate(4, batch_size=batch_size, **COSINE) == pytest.approx(peak / 2)
    # The last step of the warm-up is one step short of the peak.
    last = rate(8 - 1 / STEPS, batch_size=batch_size, **COSINE)
    assert last == pytest.approx(peak * (1 - 1 / (8 * STEPS)))


@pytest.mark.parametrize(
    ("epochs", "epoch", "share"),
    [
        (90, 0, 0.0),
        (90, 8, 0.5 * (1 + math.cos(math.pi * 8 / 90))),
        (90, 30, 0.75),
        (90, 45, 0.5),
        (90, 60, 0.25),
        (90, 90, 0.0),
        (90, 95, 0.0),
        (250, 125, 0.5),
        (250, 90, 0.5 * (1 + math.cos(math.pi * 0.36))),
        (250, 250, 0.0),
    ],
)
def test_the_cosine_runs_from_step_0_to_the_last_epoch(
    epochs: int, epoch: float, share: float
) -> None:
    """Warm-up hides its beginning but does not shift it, and its length is the training's own."""
    assert rate(epoch, epochs=epochs, **COSINE) == pytest.approx(2.048 * share, abs=1e-12)


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [(0, 0), (2.5, 0.4), (5, 0.8), (29.9, 0.8), (30, 0.08), (60, 8e-3), (80, 8e-4), (90, 8e-5)],
)
def test_without_cosine_it_falls_tenfold(epoch: float, expected: float) -> None:
    """0.1 for every 256 images, five epochs of warm-up, a tenth from epochs 30, 60, 80 and 90."""
    assert rate(epoch) == pytest.approx(expected, rel=1e-3)


def test_without_warm_up_it_begins_at_its_peak() -> None:
    """No division by the epochs of a warm-up that there is not."""
    assert rate(0, lr_warmup_epochs=0) == pytest.approx(0.8)
