"""suite.run.training: what follows each step, by a trainer that only counts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders import (
    make_cell,
    make_launch,
    make_order,
    make_protocol,
    make_trained_step,
    make_training,
)
from numpy.typing import NDArray

from suite.kernels.interface import InvalidLaunchError
from suite.model.cell import Cell, Mode
from suite.model.errors import InputError
from suite.model.facts import Facts
from suite.model.launch import Launch, Status
from suite.model.training import Evaluation, TrainedStep
from suite.model.training_record import Began, Ended, Evaluated, Outcome, Saved, TrainingWork
from suite.run.channel import Progress
from suite.run.training import train
from suite.store.checkpoints import checkpoint_steps, write_checkpoint
from suite.store.training_runs import read_events

PER_EPOCH = 4
# Images classified rightly after each epoch: the second is the best.
RIGHT = (3, 9, 5, 9, 7)


class Counting:
    """A trainer whose state is how many steps it has made."""

    steps_per_epoch = PER_EPOCH

    def __init__(self, fails_at: int = 0, judges_badly_at: int = 0) -> None:
        self.steps_done = 0
        self.fails_at = fails_at
        self.judges_badly_at = judges_badly_at

    def step(self) -> TrainedStep:
        self.steps_done += 1
        if self.steps_done == self.fails_at:
            raise InvalidLaunchError("it diverged")
        return make_trained_step(self.steps_done)

    def evaluate(self) -> Evaluation:
        if self.steps_done == self.judges_badly_at:
            raise InvalidLaunchError("a record is bad")
        right = RIGHT[self.steps_done // PER_EPOCH - 1]
        return Evaluation(images=10, top1=right, top5=10, cross_entropy=1.0, seconds=0.1)

    def state(self) -> Mapping[str, NDArray[Any]]:
        return {"steps": np.array(self.steps_done)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        self.steps_done = int(state["steps"])

    def facts(self) -> Facts:
        return Facts(simulated=True)

    def all_reduce_seconds(self) -> Sequence[float]:
        return (0.25,)


def framework(trainer: Counting, ranks: Sequence[str] = ()) -> Any:
    """A framework with this trainer, whose other ranks say these texts when they are asked."""

    def gather(text: str) -> list[str]:
        asked.append(trainer.steps_done)
        return [text, *ranks]

    asked: list[int] = []
    return SimpleNamespace(
        import_for=lambda _: None,
        train=lambda *_: trainer,
        gather=gather,
        asked=asked,
        cause=repr,
    )


def trained(
    folder: Path,
    trainer: Counting | None = None,
    ranks: Any = None,
    *,
    asked: bool = False,
    cell: Cell | None = None,
    **work: Any,
) -> tuple[Launch, list[Progress]]:
    """A training of five epochs in a folder, by one rank unless others are given."""
    training = make_training(epochs=5, **({"cell": cell} if cell else {}))
    order = make_order(
        cell=training.cell,
        protocol=make_protocol(measured_steps=100),
        training=TrainingWork(training=training, directory=str(folder), **work),
    )
    told: list[Progress] = []
    launch = train(
        order,
        ranks or framework(trainer or Counting()),
        make_launch(cell=training.cell, protocol=order.protocol, status=Status.OK),
        told.append,
        lambda: asked,
    )
    return launch, told


def steps_of(folder: Path, kind: type) -> list[int]:
    return [event.step for event in read_events(folder).events if isinstance(event, kind)]


def test_a_whole_training_is_evaluated_and_saved_each_epoch(tmp_path: Path) -> None:
    """The newest two checkpoints stay, and that of the best epoch, of equal ones the first."""
    launch, told = trained(tmp_path)
    events = read_events(tmp_path).events

    assert launch.status is Status.OK
    assert launch.conditions == Facts(simulated=True)
    assert len(launch.step_seconds) == 5 * PER_EPOCH
    assert set(launch.startup_seconds) == {"import", "build"}
    assert isinstance(events[0], Began)
    assert steps_of(tmp_path, TrainedStep) == list(range(1, 21))
    assert steps_of(tmp_path, Evaluated) == steps_of(tmp_path, Saved) == [4, 8, 12, 16, 20]
    assert isinstance(events[-1], Ended)
    assert events[-1].outcome is Outcome.FINISHED
    assert checkpoint_steps(tmp_path) == [8, 16, 20]
    assert {each.phase for each in told} == {"import", "build", "training", "evaluating", "saving"}
    assert told[-1].total == 20


def test_each_part_has_readings_of_the_machine(tmp_path: Path) -> None:
    """From its own first step on, and where it is stopped as well; ranks time their exchange."""
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole, _ = trained(tmp_path / "whole")
    stopped, _ = trained(tmp_path / "parts", asked=True)
    rest, _ = trained(tmp_path / "parts", step=len(stopped.step_seconds))

    assert whole.telemetry is not None
    assert stopped.telemetry is not None
    assert rest.telemetry is not None
    assert (whole.telemetry.steps, stopped.telemetry.steps, rest.telemetry.steps) == (19, 0, 18)
    assert rest.telemetry.series[0].step == 1
    assert whole.all_reduce_seconds == (0.25,)
    assert stopped.all_reduce_seconds == ()


@pytest.mark.parametrize(
    ("every", "evaluated"), [(2, [8, 16, 20]), (3, [12, 20]), (9, [20]), (1, [4, 8, 12, 16, 20])]
)
def test_evaluations_are_as_far_apart_as_asked(
    tmp_path: Path, every: int, evaluated: list[int]
) -> None:
    """The last epoch always has one; every epoch is saved."""
    trained(tmp_path, eval_every=every)

    assert steps_of(tmp_path, Evaluated) == evaluated
    assert steps_of(tmp_path, Saved) == [4, 8, 12, 16, 20]


def test_checkpoints_are_as_far_apart_as_asked(tmp_path: Path) -> None:
    """Besides those of each epoch, and none twice."""
    trained(tmp_path, checkpoint_every=6)

    assert steps_of(tmp_path, Saved) == [4, 6, 8, 12, 16, 18, 20]


def test_a_part_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    """With the step that follows it, and a word on what was lost."""
    write_checkpoint(tmp_path, 6, {"steps": np.array(6)})
    launch, _ = trained(tmp_path, step=6, notes=("why",))
    began = read_events(tmp_path).events[0]

    assert isinstance(began, Began)
    assert (began.step, began.steps_per_epoch, began.notes) == (6, PER_EPOCH, ("why",))
    assert steps_of(tmp_path, TrainedStep) == list(range(7, 21))
    assert len(launch.step_seconds) == 14


def test_the_time_limit_is_no_request(tmp_path: Path) -> None:
    """It ends the training in the same way, but the launch did what it was told."""
    launch, _ = trained(tmp_path, max_seconds=0.0)
    ended = read_events(tmp_path).events[-1]

    assert launch.status is Status.OK
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.reason) == (Outcome.TIME_OVER, "after step 1 of 20")
    assert checkpoint_steps(tmp_path) == [1]


def test_the_best_epoch_of_an_earlier_part_stays(tmp_path: Path) -> None:
    """Its checkpoint outlives those that a later part writes."""
    trained(tmp_path)
    trained(tmp_path, step=8)

    assert checkpoint_steps(tmp_path) == [8, 16, 20]


def test_a_request_ends_it_after_the_step_with_a_checkpoint(tmp_path: Path) -> None:
    """The record of the launch is that of an interrupted one."""
    launch, _ = trained(tmp_path, asked=True)
    ended = read_events(tmp_path).events[-1]

    assert (launch.status, launch.reason) == (Status.INTERRUPTED, "after step 1 of 20")
    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.step) == (Outcome.STOPPED, 1)
    assert checkpoint_steps(tmp_path) == [1]


def test_a_request_at_the_end_of_an_epoch_waits_for_its_evaluation(tmp_path: Path) -> None:
    """Otherwise that epoch would never have one."""
    write_checkpoint(tmp_path, 3, {"steps": np.array(3)})
    trained(tmp_path, asked=True, step=3)

    assert steps_of(tmp_path, Evaluated) == steps_of(tmp_path, Saved) == [4]


def test_a_request_at_the_last_step_comes_too_late(tmp_path: Path) -> None:
    """The training is whole."""
    write_checkpoint(tmp_path, 19, {"steps": np.array(19)})
    launch, _ = trained(tmp_path, asked=True, step=19)

    assert launch.status is Status.OK


def test_a_training_that_diverges_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    """The error goes on, and the record ends with it."""
    with pytest.raises(InvalidLaunchError, match="it diverged"):
        trained(tmp_path, Counting(fails_at=6))
    ended = read_events(tmp_path).events[-1]

    assert isinstance(ended, Ended)
    assert (ended.outcome, ended.step, ended.reason) == (Outcome.FAILED, 5, "it diverged")
    assert checkpoint_steps(tmp_path) == [4]


@pytest.mark.parametrize("at", [8, 20])
def test_an_evaluation_that_fails_costs_no_step_and_is_made_up_for(tmp_path: Path, at: int) -> None:
    """The checkpoint of the epoch is written before; also where it was the last one."""
    with pytest.raises(InvalidLaunchError, match="a record is bad"):
        trained(tmp_path, Counting(judges_badly_at=at))
    kept = checkpoint_steps(tmp_path)[-1]
    launch, _ = trained(tmp_path, step=kept)

    assert kept == at
    assert launch.status is Status.OK
    assert steps_of(tmp_path, TrainedStep) == list(range(1, 21))
    assert steps_of(tmp_path, Evaluated) == [4, 8, 12, 16, 20]


def test_an_evaluation_is_not_made_twice(tmp_path: Path) -> None:
    """A part that goes on after an evaluated epoch begins with its next step."""
    trained(tmp_path, asked=True, step=None)
    trained(tmp_path, step=1, eval_every=1)
    before = steps_of(tmp_path, Evaluated)
    trained(tmp_path, step=20)

    assert steps_of(tmp_path, Evaluated) == before == [4, 8, 12, 16, 20]


def test_ranks_make_up_for_an_evaluation_together(tmp_path: Path) -> None:
    """Only the first reads the record, and the others do as it says."""
    cell = make_cell(mode=Mode.TRAINING, gpus=2)
    write_checkpoint(tmp_path, 20, {"steps": np.array(20)})
    other = framework(Counting(), ranks=["false"])
    trained(tmp_path, ranks=other, cell=cell, step=20)

    assert steps_of(tmp_path, Evaluated) == [20]


def test_a_switch_without_effect_makes_the_whole_training_a_failure(tmp_path: Path) -> None:
    """What really ran is known at its end, and the record does not say that it finished."""
    trainer = Counting()

    def facts() -> Facts:
        raise InvalidLaunchError("TF32 had no effect")

    trainer.facts = facts  # type: ignore[method-assign]
    with pytest.raises(InvalidLaunchError, match="TF32 had no effect"):
        trained(tmp_path, trainer)
    outcomes = [event for event in read_events(tmp_path).events if isinstance(event, Ended)]

    assert [ended.outcome for ended in outcomes] == [Outcome.FAILED]


def test_more_steps_than_a_record_holds_are_refused(tmp_path: Path) -> None:
    """Before the first one, with what to do."""
    trainer = Counting()
    trainer.steps_per_epoch = 21
    with pytest.raises(InputError, match="5 epochs are 105 steps, and at most 100 are kept"):
        trained(tmp_path, trainer)
    ended = read_events(tmp_path).events[-1]

    assert isinstance(ended, Ended)
    assert ended.outcome is Outcome.REFUSED


def of_ranks() -> Cell:
    cell: Cell = make_training().cell
    return Cell(**{**{name: getattr(cell, name) for name in cell.__dataclass_fields__}, "gpus": 2})


def test_ranks_stop_at_the_same_step(tmp_path: Path) -> None:
    """They agree every ten steps and at the end of an epoch, whichever was asked."""
    trainer = Counting()
    ranks = framework(trainer, ['"stopped"'])
    launch, _ = trained(tmp_path, trainer, ranks, cell=of_ranks())

    assert launch.reason == "after step 4 of 20"
    assert ranks.asked == [4]


def test_only_the_first_rank_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others compute the same and take part in every exchange."""
    for name, value in (("RANK", 1), ("SIZE", 2), ("LOCAL_RANK", 1), ("LOCAL_SIZE", 2)):
        monkeypatch.setenv(f"OMPI_COMM_WORLD_{name}", str(value))
    trainer = Counting()
    ranks = framework(trainer, ["null"])
    launch, _ = trained(tmp_path, trainer, ranks, cell=of_ranks())

    assert launch.status is Status.OK
    assert ranks.asked == [4, 8, 10, 12, 16, 20]
    assert list(tmp_path.iterdir()) == []
