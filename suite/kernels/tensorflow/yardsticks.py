"""The yardsticks of `bench.py selfcheck`: a bare Keras loop, and decoding JPEGs alone.

The loop is what a user would write with Keras's own ResNet50. That network is the paper's (v1),
which does about 6 % less arithmetic than v1.5, and its images are not normalised. They stay on the
host: on a GPU every step copies them, also in training.
"""

from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow.batches import synthetic_batch
from suite.kernels.tensorflow.records import decode, parse
from suite.kernels.tensorflow.resnet50 import CLASSES
from suite.kernels.tensorflow.switches import apply_precision
from suite.model.cell import Cell, Mode
from suite.model.reading import settled_reading
from suite.store.data_set import cell_shards


def bare_keras_step(cell: Cell, options: KernelOptions) -> Callable[[], None]:
    """A step of a bare loop in the cell's mode, precision and XLA, on the cell's own batch.

    Inference fetches the probabilities; training is gradients of the cross entropy, applied by
    Keras's SGD with momentum, and fetches the loss. Sets the precision of the whole process.
    """
    apply_precision(cell.precision, on_gpu=bool(tf.config.list_physical_devices("GPU")))
    model = keras.applications.ResNet50(
        weights=None, classes=CLASSES, input_shape=(cell.image_size, cell.image_size, 3)
    )
    arrays = synthetic_batch(cell.batch_size, cell.image_size, options.seed)
    with tf.device("CPU:0"):
        images, labels = (tf.constant(array) for array in arrays)
    work = _training(model) if cell.mode is Mode.TRAINING else _inference(model)
    function = tf.function(work, jit_compile=cell.xla, autograph=False)

    def step() -> None:
        function(images, labels).numpy()

    return step


def _inference(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    return lambda images, labels: model(images, training=False)  # noqa: ARG005 - as traced


def _training(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    optimizer = keras.optimizers.SGD(learning_rate=0.001, momentum=0.9)
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy()

    def step(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return step


def bare_decoding(cell: Cell, options: KernelOptions) -> Iterator[tf.Tensor]:
    """An endless iterator of batches with one byte kept per image: uint8 [batch].

    Records are held in memory. Whole images are decoded, with the decoder and parallelism of the
    tf.data pipeline.

    Raises:
        InputError: no shard of the split, or fewer records than a batch has.
    """
    decodes = settled_reading(options.reading, cell).decode_threads
    shards = cell_shards(cell, options.data_dir, options.data_idx_dir)
    with tf.device("CPU:0"):
        records = tf.data.TFRecordDataset([str(shard) for shard in shards])
        dataset = records.map(lambda record: parse(record)[0]).cache().repeat()
        dataset = dataset.map(_one_byte, num_parallel_calls=decodes)
        dataset = dataset.batch(cell.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
        return iter(dataset)


def _one_byte(encoded: tf.Tensor) -> tf.Tensor:
    return decode(encoded)[0, 0, 0]
