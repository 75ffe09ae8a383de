"""What each rank of a test does: `rank_program.py WORK RESULTS`, started by mpirun or alone.

Each rank leaves `RESULTS/<rank>.npz` or, where it refuses what ran, `RESULTS/<rank>.txt`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.kernels.tensorflow.steps import Step, reporting_step, single_step, training_parts
from suite.model.cell import Cell, Mode, Precision
from suite.model.distributed import Compression, Rank, rank_of
from suite.model.recipe import Recipe
from suite.model.schedule import Schedule

GLOBAL_BATCH = 8
STEPS = 3
SIZE = 8
RESNET = Cell(
    mode=Mode.TRAINING,
    precision=Precision.FP32,
    xla=False,
    batch_size=2,
    gpus=2,
    image_size=32,
)


def network(seed: int) -> keras.Model:
    """A small network without batch normalisation, whose statistics are each rank's own."""
    keras.utils.set_random_seed(seed)
    images = layers.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(8, 3, activation="relu")(images / 255)
    return keras.Model(images, layers.Dense(1001)(layers.GlobalAveragePooling2D()(x)))


def own_part(rank: Rank) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """This rank's part of each of the global batches, which are the same for any number of them."""
    generator = np.random.default_rng(1)
    part = slice(
        GLOBAL_BATCH * rank.index // rank.size, GLOBAL_BATCH * (rank.index + 1) // rank.size
    )
    batches = [
        (
            generator.uniform(0, 255, (GLOBAL_BATCH, SIZE, SIZE, 3)).astype(np.float32),
            generator.integers(0, 1000, GLOBAL_BATCH, dtype=np.int32),
        )
        for _ in range(STEPS)
    ]
    return [(tf.constant(images[part]), tf.constant(labels[part])) for images, labels in batches]


def train(rank: Rank, compression: Compression, *, jit_compile: bool) -> dict[str, Any]:
    """The weights after a few steps; ranks begin with different ones, and rank 0's must count."""
    model = network(seed=rank.index)
    recipe = Recipe(lr_init=3.2, lr_warmup_epochs=0)
    begun = [v.numpy() for v in model.trainable_variables]
    parts = training_parts(model, GLOBAL_BATCH, recipe)
    step: Step = single_step(parts)
    if rank.size > 1:
        from suite.kernels.tensorflow.horovod_ranks import join_ranks, ranked_training_step

        join_ranks(rank)
        variables = [variable.value for variable in model.variables]
        step = ranked_training_step(parts, variables, compression, jit_compile=jit_compile).step
    function = tf.function(step, autograph=False)
    losses = [float(function(*batch)) for batch in own_part(rank)]
    weights = {f"w{i}": v.numpy() for i, v in enumerate(model.trainable_variables)}
    return {"losses": losses, "begun": begun[0], **weights}


def report(rank: Rank) -> dict[str, Any]:
    """What a training's steps tell on this rank, and the weights that they leave."""
    model = network(seed=rank.index)
    recipe = Recipe(lr_init=3.2, lr_warmup_epochs=1)
    schedule = Schedule(steps_per_epoch=STEPS, epochs=2)
    parts = training_parts(model, GLOBAL_BATCH, recipe, schedule=schedule, both_losses=True)
    if rank.size > 1:
        from suite.kernels.tensorflow.horovod_ranks import averaged_parts, join_ranks, take_over

        join_ranks(rank)
        take_over([variable.value for variable in model.variables])
        parts = averaged_parts(parts, Compression.NONE, jit_compile=False)
    function = tf.function(reporting_step(parts), autograph=False)
    told = [function(*batch).numpy() for batch in own_part(rank)]
    weights = {f"w{i}": v.numpy() for i, v in enumerate(model.trainable_variables)}
    return {"told": told, **weights}


def ten_steps(spoil: Callable[[Rank, Any], None]) -> Callable[[Rank], dict[str, Any]]:
    """Ten steps of the real network on every rank, and then what it says of itself."""

    def work(rank: Rank) -> dict[str, Any]:
        from suite.kernels.tensorflow.ranked_kernel import build_ranked

        kernel = build_ranked(RESNET, KernelOptions(threads=1))
        kernel.compile()
        for _ in range(9):
            kernel.step()
        spoil(rank, kernel)
        facts = kernel.facts()
        return {
            "weights": np.concatenate([v.numpy().ravel() for v in kernel._variables]),
            "loss": facts.loss,
            "all_reduces": facts.all_reduces,
            "crossed": facts.all_reduce_types,
            "alone": kernel.all_reduce_seconds(),
        }

    return work


def leave_alone(rank: Rank, kernel: Any) -> None:
    """Nothing goes wrong."""


def lose_an_update(rank: Rank, kernel: Any) -> None:
    """One weight of the second rank is another than it ought to be, by the least that there is."""
    if rank.index == 1:
        variable = kernel._variables[-1]
        variable.assign(np.nextafter(variable.numpy(), np.float32(np.inf)))


def average_nothing(rank: Rank) -> dict[str, Any]:
    """The ranks train side by side without a word, as where the switch has no effect."""
    from suite.kernels.tensorflow import horovod_ranks

    def unchanged(tensor: tf.Tensor, name: str) -> tf.Tensor:  # noqa: ARG001 - called by name
        return tensor

    horovod_ranks._averaging = lambda compression: unchanged  # noqa: ARG005 - called by name
    return ten_steps(leave_alone)(rank)


def cross_as_float16(rank: Rank) -> dict[str, Any]:  # noqa: ARG001 - as works are called
    """One step with compression; more of them overflow float16 at so small an image."""
    from suite.kernels.tensorflow.ranked_kernel import build_ranked

    kernel = build_ranked(RESNET, KernelOptions(threads=1, compression=Compression.FP16))
    kernel.compile()
    return {"crossed": kernel.facts().all_reduce_types}


def compress_nothing(rank: Rank) -> dict[str, Any]:
    """Gradients cross as they are although they are to be compressed."""
    from suite.kernels.tensorflow import horovod_ranks

    plain = horovod_ranks._COMPRESSORS[Compression.NONE]
    horovod_ranks._COMPRESSORS[Compression.FP16] = plain
    return cross_as_float16(rank)


def agree_on_an_end(rank: Rank) -> dict[str, Any]:
    """The second rank wishes to end with the third step; how many does each make?"""
    from suite.kernels.tensorflow.ranked_kernel import build_ranked
    from suite.model.cell import Protocol
    from suite.run.timing import time_steps

    kernel = build_ranked(RESNET, KernelOptions(threads=1))
    kernel.compile()
    done = []
    timing = time_steps(
        kernel.step,
        Protocol(warmup_steps=1, measured_steps=20),
        lambda phase, count, _: done.append((phase, count)),
        should_stop=lambda: rank.index == 1 and len(done) >= 3,
        consensus=kernel.consensus,
    )
    return {"steps": len(timing.step_seconds), "truncated": timing.truncated}


WORKS: dict[str, Callable[[Rank], dict[str, Any]]] = {
    "report": report,
    "train": lambda rank: train(rank, Compression.NONE, jit_compile=False),
    "train-xla": lambda rank: train(rank, Compression.NONE, jit_compile=True),
    "train-fp16": lambda rank: train(rank, Compression.FP16, jit_compile=False),
    "ten-steps": ten_steps(leave_alone),
    "cross-as-float16": cross_as_float16,
    "lose-an-update": ten_steps(lose_an_update),
    "average-nothing": average_nothing,
    "compress-nothing": compress_nothing,
    "agree-on-an-end": agree_on_an_end,
}


def main() -> None:
    """Do the work named first, leave its results in the folder named second."""
    work, results = sys.argv[1:]
    rank = rank_of(os.environ)
    path = Path(results) / f"{rank.index}.npz"
    try:
        np.savez(path, **WORKS[work](rank))
    except InvalidLaunchError as error:
        path.with_suffix(".txt").write_text(str(error))
        sys.stdout.flush()
        os._exit(0 if rank.size == 1 else 3)


if __name__ == "__main__":
    main()
