"""The small training: real numbers, reproducible, and taken up again to the bit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import make_cell

from suite.kernels import simulated
from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.simulated_training import SimulatedTrainer
from suite.model.cell import KernelName, Mode
from suite.model.recipe import Recipe
from suite.model.training import TrainedStep, Training

RECIPE = Recipe(
    lr_init=0.8,
    lr_warmup_epochs=2,
    cosine_lr=True,
    momentum=0.875,
    weight_decay=1 / 32768,
    label_smoothing=0.1,
)
EPOCHS = 10


def trainer(*, seed: int = 0, epochs: int = EPOCHS, **settings: Any) -> SimulatedTrainer:
    cell = make_cell(mode=Mode.TRAINING, batch_size=32, kernel=KernelName.SIMULATED)
    training = Training(
        name="points",
        purpose="a test",
        cell=cell,
        epochs=epochs,
        recipe=replace(RECIPE, **settings),
        seed=seed,
    )
    return SimulatedTrainer(training)


def untimed(step: TrainedStep) -> TrainedStep:
    return replace(step, seconds=0.0)


def steps_of(trained: SimulatedTrainer, count: int) -> list[TrainedStep]:
    return [untimed(trained.step()) for _ in range(count)]


def test_it_learns() -> None:
    """A whole training gets nearly all held-out points right, and began with few of them."""
    trained = trainer()
    before = trained.evaluate()
    steps = steps_of(trained, EPOCHS * trained.steps_per_epoch)
    after = trained.evaluate()

    assert before.top1_share < 0.5
    assert after.top1_share >= 0.97
    assert before.images == after.images == 203
    assert before.top1 <= before.top5 <= before.images
    assert after.cross_entropy < before.cross_entropy
    assert steps[-1].loss < steps[0].loss
    assert [step.step for step in steps] == list(range(1, 101))


@pytest.mark.parametrize("done", [1, 7, 10, 13])
def test_a_restored_state_goes_on_to_the_same_bits(done: int) -> None:
    """Within an epoch or between two, steps and state are those of a training never interrupted."""
    whole = trainer()
    first = trainer()
    steps = steps_of(whole, 25)
    steps_of(first, done)
    kept = {name: array.copy() for name, array in first.state().items()}
    steps_of(first, 2)  # what is kept does not follow the training
    second = trainer()
    steps_of(second, 2)
    second.restore(kept)

    assert second.steps_done == done
    assert steps_of(second, 25 - done) == steps[done:]
    assert all(np.array_equal(second.state()[name], a) for name, a in whole.state().items())


def test_an_evaluation_changes_nothing() -> None:
    """The steps after it are those without it."""
    watched, alone = trainer(), trainer()
    expected = steps_of(alone, 12)
    seen = []
    for _ in range(12):
        seen.append(untimed(watched.step()))
        watched.evaluate()

    assert seen == expected


def test_the_seed_decides() -> None:
    """Equal seeds train alike, others do not."""
    assert steps_of(trainer(), 12) == steps_of(trainer(), 12)
    assert steps_of(trainer(), 12) != steps_of(trainer(seed=1), 12)


def test_a_point_comes_once_in_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch is a new order of the same points, less those that fill no batch."""
    trained = trainer()
    drawn = []
    draw = trained._next_batch

    def watched() -> Any:
        drawn.append(draw())
        return drawn[-1]

    monkeypatch.setattr(trained, "_next_batch", watched)
    steps_of(trained, 20)
    first, second = (np.concatenate([points for points, _ in drawn[i : i + 10]]) for i in (0, 10))

    assert len(np.unique(first, axis=0)) == len(np.unique(second, axis=0)) == 320
    assert not np.array_equal(first, second)


def test_a_training_that_diverges_ends() -> None:
    """The first loss that is not finite names its step and rate."""
    trained = trainer(epochs=100, lr_init=1000.0, lr_warmup_epochs=0, weight_decay=1.0)

    with (
        np.errstate(all="ignore"),
        pytest.raises(InvalidLaunchError, match=r"the loss is (inf|nan) in step \d+, at learning"),
    ):
        steps_of(trained, 500)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": None}, "lacks weights"),
        ({"other": np.zeros(1)}, "has, besides those of this training, other"),
        ({"weights": np.zeros((3, 9))}, r"weights of the state is float64 \[3, 9\], not .*3, 10"),
        ({"seed": np.array(1)}, "seed of the state is 1, that of this training 0"),
        ({"steps_done": np.zeros((), np.float32)}, r"float32 \[\], not int64 \[\]"),
    ],
)
def test_a_state_of_another_training_is_refused(change: dict[str, Any], words: str) -> None:
    """Names, shapes and types must be its own; nothing is taken over from another's."""
    trained = trainer()
    before = trained.state()
    state = {name: a for name, a in {**before, **change}.items() if a is not None}

    with pytest.raises(InvalidLaunchError, match=words):
        trained.restore(state)

    assert all(np.array_equal(trained.state()[name], array) for name, array in before.items())


def test_its_record_says_so() -> None:
    """No record of it can pass for that of a network."""
    cell = make_cell(mode=Mode.TRAINING, kernel=KernelName.SIMULATED)
    training = Training(name="a", purpose="a", cell=cell, epochs=1, recipe=RECIPE)

    assert simulated.train(training, KernelOptions()).facts().simulated is True
