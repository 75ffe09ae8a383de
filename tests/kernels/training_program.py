"""What each process of a test of trainings does: `training_program.py WORK FOLDER`.

`FOLDER/data` and `FOLDER/index` hold its records. Each rank leaves `FOLDER/WORK.<rank>.npz` or,
where it refuses something, `FOLDER/WORK.<rank>.txt`.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suite import kernels
from suite.kernels.interface import KernelOptions, Trainer
from suite.model.cell import Cell, Data, KernelName, Mode, Precision
from suite.model.distributed import Compression, rank_of
from suite.model.errors import SuiteError
from suite.model.recipe import Recipe
from suite.model.training import TrainedStep, Training

# Eighteen images of four shards fill four batches of an epoch, or two of two ranks, and two are
# left out.
STEPS = 6
KEPT_AFTER = 3
CELL = Cell(
    mode=Mode.TRAINING,
    precision=Precision.FP32,
    xla=False,
    batch_size=4,
    data=Data.TFRECORD,
    image_size=32,
)
RECIPE = Recipe(
    weight_init="fan_in",
    lr_init=0.256,
    lr_warmup_epochs=1,
    cosine_lr=True,
    momentum=0.875,
    weight_decay=1 / 32768,
    label_smoothing=0.1,
    mixup=0.2,
)


def training(cell: Cell) -> Training:
    return Training(name="a test", purpose="a test", cell=cell, epochs=4, recipe=RECIPE, seed=7)


def trainer(cell: Cell, folder: Path, compression: Compression = Compression.NONE) -> Trainer:
    options = KernelOptions(
        data_dir=str(folder / "data"),
        data_idx_dir=str(folder / "index"),
        threads=1,
        compression=compression,
    )
    framework = kernels.framework(KernelName.RESNET50)
    framework.import_for(cell)
    return framework.train(training(cell), options)


def row(step: TrainedStep) -> list[float]:
    return [step.step, step.loss, step.cross_entropy, step.learning_rate]


def whole(cell: Cell, folder: Path) -> dict[str, Any]:
    """All steps in one go, the state after some of them, and evaluations in between."""
    trained = trainer(cell, folder)
    rows, kept = [], {}
    for number in range(1, STEPS + 1):
        rows.append(row(trained.step()))
        if number == KEPT_AFTER:
            kept = {f"kept/{name}": array for name, array in trained.state().items()}
            trained.evaluate()
    facts = trained.facts()
    alone = np.array(trained.all_reduce_seconds())
    return {
        "rows": rows,
        "all_reduce_seconds": alone,
        "evaluation": evaluated(trained),
        "all_reduces": facts.all_reduces,
        "crossed": facts.all_reduce_types,
        "parameters": facts.parameters,
        **kept,
        **{f"end/{name}": array for name, array in trained.state().items()},
    }


def compiled(folder: Path) -> dict[str, Any]:
    """Two steps compiled by XLA, and an evaluation."""
    trained = trainer(replace(CELL, xla=True), folder)
    rows = [row(trained.step()) for _ in range(2)]
    return {"rows": rows, "evaluation": evaluated(trained), "xla": trained.facts().xla}


def resumed(cell: Cell, folder: Path, before: str) -> dict[str, Any]:
    """The steps after those whose state another process kept."""
    trained = trainer(cell, folder)
    # What is read ahead of a state that is then restored is not trained on.
    trained.step()
    trained.restore(part_of(folder / f"{before}.0.npz", "kept/"))
    rows = [row(trained.step()) for _ in range(STEPS - KEPT_AFTER)]
    return {
        "rows": rows,
        "evaluation": evaluated(trained),
        **{f"end/{name}": array for name, array in trained.state().items()},
    }


def taken_over(cell: Cell, folder: Path, before: str) -> dict[str, Any]:
    """Only the evaluation of a state that another process ended with."""
    trained = trainer(cell, folder)
    trained.restore(part_of(folder / f"{before}.0.npz", "end/"))
    return {"evaluation": evaluated(trained)}


def counted(folder: Path) -> dict[str, Any]:
    """The evaluation of a network whose logits are its biases alone, and these."""
    trained = trainer(CELL, folder)
    state = dict(trained.state())
    bias = np.random.default_rng(0).normal(0, 1, 1001).astype(np.float32)
    bias[np.load(folder / "classes.npy")] += 9  # so that there are hits
    state["network/logits/kernel"] = np.zeros_like(state["network/logits/kernel"])
    state["network/logits/bias"] = bias
    trained.restore(state)
    return {"evaluation": evaluated(trained), "bias": bias}


def refused(folder: Path) -> dict[str, Any]:
    """What is said of inputs and states that cannot be trained on."""
    said: dict[str, str] = {}

    def attempt(name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except SuiteError as error:
            said[name] = f"{type(error).__name__}: {error}"

    for name in ("no-validation", "first-label", "nothing"):
        attempt(name, partial(trainer, CELL, folder / name))
    attempt("too-few", lambda: trainer(replace(CELL, batch_size=19), folder))
    attempt("synthetic", lambda: trainer(replace(CELL, data=Data.SYNTHETIC), folder))
    attempt("late-label", lambda: all_steps(trainer(CELL, folder / "late-label")))
    trained = trainer(CELL, folder)
    state = trained.state()
    attempt("no-step", trained.facts)
    less = {name: array for name, array in state.items() if name != "momentum/stem_conv/kernel"}
    attempt("other-network", lambda: trained.restore(less))
    seed = {**state, "seed": np.array(8, np.int64)}
    attempt("other-seed", lambda: trained.restore(seed))
    nan = {**state, "network/logits/bias": np.full(1001, np.nan, np.float32)}
    trained.restore(nan)
    attempt("diverged", trained.step)
    return said


def all_steps(trained: Trainer) -> None:
    for _ in range(trained.steps_per_epoch + 1):
        trained.step()


def part_of(path: Path, prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file whose names begin so."""
    with np.load(path) as arrays:
        return {n.removeprefix(prefix): arrays[n] for n in arrays.files if n.startswith(prefix)}


def evaluated(trained: Trainer) -> list[float]:
    evaluation = trained.evaluate()
    return [evaluation.images, evaluation.top1, evaluation.top5, evaluation.cross_entropy]


AMP = replace(CELL, precision=Precision.AMP)
DALI = replace(CELL, data=Data.DALI)
RANKS = replace(CELL, gpus=2)
WORKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "fp32": lambda folder: whole(CELL, folder),
    "fp32-resumed": lambda folder: resumed(CELL, folder, "fp32"),
    "amp": lambda folder: whole(AMP, folder),
    "amp-resumed": lambda folder: resumed(AMP, folder, "amp"),
    "dali": lambda folder: whole(DALI, folder),
    "dali-resumed": lambda folder: resumed(DALI, folder, "dali"),
    "compiled": compiled,
    "counted": counted,
    "refused": refused,
    "ranks": lambda folder: whole(RANKS, folder),
    "ranks-resumed": lambda folder: resumed(RANKS, folder, "ranks"),
    "ranks-taken-over": lambda folder: taken_over(CELL, folder, "ranks"),
}


def main() -> None:
    """Do the work named first, leave its results in the folder named second."""
    work, folder = sys.argv[1], Path(sys.argv[2])
    path = folder / f"{work}.{rank_of(os.environ).index}.npz"
    try:
        np.savez(path, **WORKS[work](folder))
    except SuiteError as error:
        path.with_suffix(".txt").write_text(str(error))
        raise


if __name__ == "__main__":
    main()
