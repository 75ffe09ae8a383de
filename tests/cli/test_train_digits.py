"""`bench.py train digits`: the network learns real images, in a shorter version of the example."""

from pathlib import Path

import pytest
from training_bench import TrainingBench

from suite.cli import main
from suite.model.training import TrainedStep
from suite.model.training_record import Evaluated


@pytest.mark.slow
def test_digits_are_learnt_in_two_epochs(tmp_path: Path) -> None:
    """Far more of the held-out digits than the tenth that guessing gets; ten epochs reach 97 %."""
    images = tmp_path / "digits"
    assert main(["data", "make", "--digits", "--out", str(images)]) == 0
    short = ("--set", "epochs=2", "--set", "lr_warmup_epochs=1")
    bench = TrainingBench(tmp_path, "digits", "--data_dir", images, *short)

    code, printed, said = bench.train()
    events = bench.events()
    losses = [event.cross_entropy for event in events if isinstance(event, TrainedStep)]
    *_, evaluated = (event.evaluation for event in events if isinstance(event, Evaluated))

    assert code == 0, said
    assert "epochs 2 (not 10)" in printed
    assert sum(losses[-20:]) < sum(losses[:20]) / 2
    assert evaluated.images == 364
    assert evaluated.top1 > evaluated.images / 2
