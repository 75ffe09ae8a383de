"""`bench.py train` of the network itself, small and on real processes."""

from pathlib import Path

import pytest
from training_bench import TrainingBench

from suite.cli import main
from suite.model.training import TrainedStep
from suite.model.training_record import Evaluated

RECIPE = """\
purpose: a test
epochs: 2
image_size: 32
lr_warmup_epochs: 1
cosine_lr: true
label_smoothing: 0.1
mixup: 0.2
precisions:
  fp32: {batch_size: 5}
"""
# The fifth step is made, and its event not yet written.
HELD = (
    "real = training_runs.encode_event; training_runs.encode_event = lambda event:"
    " (held() if hasattr(event, 'loss') and event.step == 5 else None, real(event))[1]"
)


@pytest.mark.slow
def test_a_killed_training_of_the_network_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """On a CPU, in the middle of an epoch, with mixup; every validation image counts once."""
    images = tmp_path / "images"
    assert main(["data", "make", "--out", str(images), "--images", "17", "--size", "48x48"]) == 0
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(RECIPE)
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole, killed = (
        TrainingBench(tmp_path / name, recipe, "--data_dir", images, "--checkpoint-every", 1)
        for name in ("whole", "killed")
    )
    code, _, said = whole.train()
    assert code == 0, said
    killed.kill(killed.start(at_start=HELD))
    code, printed, said = killed.train("--resume")

    assert code == 0, said
    assert "going on from step 4" in printed
    assert killed.state(6) == whole.state(6)
    assert steps_of(killed) == steps_of(whole)
    assert {
        event.evaluation.images for event in whole.events() if isinstance(event, Evaluated)
    } == {17}


def steps_of(bench: TrainingBench) -> dict[int, tuple[float, float]]:
    """Loss and learning rate of each step so far."""
    return {
        event.step: (event.loss, event.learning_rate)
        for event in bench.events()
        if isinstance(event, TrainedStep)
    }
