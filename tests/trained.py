"""A training of three epochs with something in every part of its documents.

    python tests/trained.py
writes the recorded documents in tests/data anew.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from builders import (
    make_cell,
    make_evaluated,
    make_launch,
    make_telemetry,
    make_trained_step,
    make_training,
    make_training_header,
)

from suite.analysis.training_course import accuracy_of, training_course
from suite.formats.training import training_csv, training_markdown, training_text
from suite.model.cell import Data, Mode, Precision
from suite.model.evaluation import Agreement, EvaluatedVariant, EvaluationReport
from suite.model.export import Export
from suite.model.facts import Facts
from suite.model.launch import CautionKind, Status
from suite.model.prediction import PredictedClass, Prediction
from suite.model.reference import TimeToTrainRow
from suite.model.telemetry import Gauge
from suite.model.trained_network import TrainedNetwork
from suite.model.training import Evaluation
from suite.model.training_course import TrainingCourse
from suite.model.training_record import (
    Began,
    Ended,
    Event,
    Outcome,
    Override,
    Saved,
    TrainingHeader,
)

DATA = Path(__file__).parent / "data"
FILES = {
    "training.txt": training_text,
    "training.md": lambda course: training_markdown(course, ["training.svg"]),
    "training.csv": training_csv,
}


def trained(name: str = "mine", **facts: Any) -> TrainingCourse:
    """The training and its one launch, beside published hours; every text is this name."""
    row = TimeToTrainRow(
        system="dgx1",
        gpus=1,
        precision=Precision.AMP,
        xla=True,
        batch_size=None,
        epochs=4,
        hours=3.5,
    )
    header = trained_header(name, **facts)
    launch = make_launch(
        cell=header.training.cell,
        launch=1,
        conditions=Facts(compute_type=name),
        telemetry=make_telemetry(
            steps=2,
            gauges={"gpu_power_watts": Gauge(70.0, 69.5, 70.5)},
            energy_joules=4430.0,
            energy_source=name,
            images_per_joule=2 * header.training.cell.batch_size / 4430.0,
        ),
        cautions=(CautionKind.THROTTLED.caution(name),),
    )
    return training_course(header, trained_events(name), launches=[launch], published=[row])


def trained_header(name: str = "mine", **facts: Any) -> TrainingHeader:
    """In AMP, with an override."""
    training = make_training(
        name=name,
        purpose=f"what {name} is for",
        cell=make_cell(mode=Mode.TRAINING, precision=Precision.AMP, data=Data.TFRECORD),
        epochs=4,
        published_top1=0.7699,
    )
    return make_training_header(
        training=training,
        system="dgx1",
        device=name,
        overrides=(Override(name="data", declared=name, given="dali"),),
        **facts,
    )


def trained_events(name: str = "mine") -> list[Event]:
    """With a dynamic loss scale, killed once after step 3, stopped in the third epoch."""
    events: list[Event] = [Began(at="now", step=0, steps_per_epoch=2)]
    events += (make_trained_step(step, loss=3.0 / step, loss_scale=64.0) for step in (1, 2, 3))
    events += [make_evaluated(2), _saved(2)]
    events.append(Began(at="now", step=2, steps_per_epoch=2, notes=(f"4.ckpt: {name}",)))
    events.append(make_trained_step(3, loss=float("nan"), loss_scale=64.0, is_skipped=True))
    events.append(make_trained_step(4, loss=1.25, loss_scale=32.0))
    events += [make_evaluated(4, top1=70, top5=95), _saved(4)]
    events.append(make_trained_step(5, loss=1.0, loss_scale=32.0))
    events.append(Ended(at="now", step=5, outcome=Outcome.STOPPED, reason=f"by {name}"))
    return events


def evaluated_with(name: str) -> EvaluationReport:
    """FP32, a variant outside its tolerance and one that failed; every text is this name."""
    course = trained(name)
    base = make_cell(data=Data.TFRECORD)
    accuracy = accuracy_of(Evaluation(images=100, top1=70, top5=95, cross_entropy=1.0, seconds=2.0))
    agreement = Agreement(images=100, different=9, low=0.05, high=0.16, tolerance=0.001)
    first = EvaluatedVariant(
        cell=base,
        name="FP32",
        status=Status.OK,
        accuracy=accuracy,
        seconds=2.0,
        conditions=Facts(compute_type=name),
    )
    return EvaluationReport(
        network=TrainedNetwork(
            path=f"/a/{name}",
            sha256="ab",
            step=4,
            training=name,
            header=course.header,
            recorded=accuracy,
            notes=(f"5.ckpt: {name}",),
        ),
        device=name,
        started_at="2026-01-02T03:04:05+00:00",
        machine={},
        environment={},
        data={"data_dir": name},
        variants=(
            first,
            replace(first, name="XLA", cell=replace(base, xla=True), agreement=agreement),
            EvaluatedVariant(cell=base, name="NCHW", status=Status.CRASHED, reason=name),
        ),
        split_is_same=False,
        published_top1=0.7699,
        published_within=False,
        agrees=False,
    )


def exported_with(name: str) -> Export:
    """An export whose every text is this name."""
    return Export(
        training=name,
        source=name,
        source_sha256="ab",
        step=4,
        recorded=None,
        image_size=32,
        suite="1",
        tensorflow="2.21.0",
        keras="3.15.0",
        files={},
    )


def predicted_with(name: str) -> Prediction:
    """An image of this name."""
    classes = tuple(PredictedClass(label=n, probability=1 / n**2) for n in range(2, 7))
    return Prediction(image=name, classes=classes)


def _saved(step: int) -> Saved:
    return Saved(step=step, file=f"{step}.ckpt", bytes=10, sha256="ab", seconds=0.25)


if __name__ == "__main__":
    for file, render in FILES.items():
        (DATA / file).write_text(render(trained()), encoding="utf-8")
