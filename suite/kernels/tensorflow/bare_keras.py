"""The yardstick of `bench.py selfcheck`: what a user would write with Keras's own ResNet50.

Its network is the paper's (v1), which does about 6 % less arithmetic than v1.5, and its images are
not normalised. They stay on the host: on a GPU every step copies them, also in training.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from suite.kernels.interface import KernelOptions
from suite.kernels.tensorflow.precision import apply_precision
from suite.kernels.tensorflow.resnet50 import CLASSES
from suite.kernels.tensorflow.synthetic import synthetic_batch
from suite.model.cell import Cell, Mode


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
