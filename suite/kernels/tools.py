"""What the suite does with its network and its records besides launching cells.

Importing this module imports no framework; its functions do. Those that take no GPU are for the
command line, the others are what `bench.py selfcheck` compares launches with.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from suite.kernels import tensorflow
from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell
from suite.model.facts import Facts
from suite.model.layer import LayerFacts
from suite.model.prediction import Prediction

# Makes the next batch and waits for it.
Draw = Callable[[], object]


def layer_table(image_size: int) -> tuple[LayerFacts, ...]:
    """Every layer of the network that has parameters or pools, in order. Takes no GPU."""
    tensorflow.start_without_gpu()
    from suite.kernels.tensorflow import resnet50

    return resnet50.layer_table(image_size)


def make_data_set(
    out: Path, *, images: int, width: int, height: int, shards: int, seed: int
) -> tuple[Path, ...]:
    """Write a small data set in ImageNet's layout; see `make_records`. Takes no GPU.

    Raises:
        InputError: the directory exists, or cannot be written.
    """
    tensorflow.start_without_gpu()
    from suite.kernels.tensorflow import make_records

    return make_records.make_data_set(
        out, images=images, width=width, height=height, shards=shards, seed=seed
    )


def make_digits(out: Path, *, shards: int) -> tuple[Path, ...]:
    """Write scikit-learn's handwritten digits in ImageNet's layout; see `digit_records`.

    Raises:
        MissingComponentError: scikit-learn is not installed.
        InputError: the directory exists or cannot be written, or a shard would be empty.
    """
    tensorflow.start_without_gpu()
    from suite.kernels.tensorflow import digit_records

    return digit_records.make_digits(out, shards=shards)


def check_shard(shard: Path) -> int:
    """How many records a shard holds, having decoded each one. Takes no GPU.

    Raises:
        InputError: the first record that is damaged or cannot be used.
    """
    tensorflow.start_without_gpu()
    from suite.kernels.tensorflow import records

    return records.check_shard(shard)


def predict(weights: Path, image_size: int, images: Sequence[Path]) -> Iterator[Prediction]:
    """The likeliest classes of each image by the network of a file. Takes no GPU.

    Raises:
        InputError: the file of the network is missing, damaged or of another network.
    """
    tensorflow.start_without_gpu()
    from suite.kernels.tensorflow import predicting

    return predicting.predict(weights, image_size, images)


def export_network(weights: Path, image_size: int, keras_file: Path, saved_model: Path) -> Facts:
    """Write the network of a file as a Keras file and as a SavedModel; see `exporting`.

    Raises:
        InputError: the file of the network is missing, damaged or of another network.
    """
    tensorflow.start_without_gpu()
    from suite.kernels.tensorflow import exporting

    return exporting.export_network(weights, image_size, keras_file, saved_model)


def bare_step(cell: Cell) -> Callable[[], None]:
    """The step of a bare Keras loop for the same cell."""
    from suite.kernels.tensorflow import yardsticks

    return yardsticks.bare_keras_step(cell, KernelOptions())


def open_pipeline(cell: Cell, options: KernelOptions) -> Draw:
    """The record pipeline of a cell, without its network.

    Raises:
        MissingComponentError: it needs DALI, which is not installed.
    """
    tensorflow.share_gpu()
    tensorflow.import_for(cell)
    from suite.kernels.tensorflow import batches

    return batches.open_batches(cell, options).next


def open_decoder(cell: Cell, options: KernelOptions) -> Draw:
    """The decoding of the same JPEGs and nothing else."""
    from suite.kernels.tensorflow import yardsticks

    return yardsticks.bare_decoding(cell, options).__next__
