"""The keys of a recipe file, with types and descriptions."""

from typing import Annotated

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from suite.model.cell import (
    BATCH_SIZES,
    GPUS,
    IMAGE_SIZES,
    PUBLISHED_IMAGE_SIZE,
    Data,
    KernelName,
    Layout,
    Precision,
    XlaMode,
)
from suite.model.flag_values import SEEDS
from suite.model.reading import DECODE_THREADS, OPEN_FILES, SHUFFLED_RECORDS
from suite.model.recipe import (
    CROP_MIN_AREAS,
    LR_INITS,
    LR_WARMUP_EPOCHS,
    MIXUPS,
    SCALES,
    WEIGHT_DECAYS,
    Recipe,
)
from suite.model.training import EPOCHS
from suite.store.matrix_model import Text, Xla
from suite.store.yaml_model import Model, within

# Momentum and smoothing: a share below 1.
_SHARE = Field(ge=0, lt=1)
_USUAL = Recipe()


class SettingsModel(Model):
    """The settings of a training, by the names of their flags; None is not given."""

    epochs: Annotated[StrictInt, within(EPOCHS)] | None = None
    """Passes over the training split."""
    batch_size: Annotated[StrictInt, within(BATCH_SIZES)] | None = None
    """Images per step and GPU."""
    gpus: Annotated[StrictInt, within(GPUS)] = 1
    """GPUs, each with a rank of its own."""
    image_size: Annotated[StrictInt, within(IMAGE_SIZES)] = PUBLISHED_IMAGE_SIZE
    """Side of the square images, in pixels."""
    data: Data = Data.TFRECORD
    """What reads the records: tfrecord (tf.data) or dali."""
    xla: Xla = False
    """Whether XLA compiles the step."""
    xla_mode: XlaMode = XlaMode.JIT_COMPILE
    """How XLA is applied."""
    layout: Layout = Layout.NHWC
    """Order of axes in which the network is built."""
    kernel: KernelName = KernelName.RESNET50
    """The workload: the network, or a small problem that stands in for it."""
    weight_init: Annotated[str, Field(pattern="^fan_(in|out)$")] = _USUAL.weight_init
    """What the variance of the first weights depends on: fan_in or fan_out."""
    lr_init: Annotated[StrictFloat, within(LR_INITS)] = _USUAL.lr_init
    """Learning rate per 256 images of the global batch."""
    lr_warmup_epochs: Annotated[StrictInt, within(LR_WARMUP_EPOCHS)] = _USUAL.lr_warmup_epochs
    """Epochs in which the rate rises from 0."""
    cosine_lr: StrictBool = _USUAL.cosine_lr
    """Whether the rate falls with a cosine, or else to a tenth at the epochs 30, 60 and 80."""
    momentum: Annotated[StrictFloat, _SHARE] = _USUAL.momentum
    """Share of the last update that goes on."""
    weight_decay: Annotated[StrictFloat, within(WEIGHT_DECAYS)] = _USUAL.weight_decay
    """Factor of the squared weights in the loss."""
    label_smoothing: Annotated[StrictFloat, _SHARE] = _USUAL.label_smoothing
    """Share of a label that is spread over all classes."""
    mixup: Annotated[StrictFloat, within(MIXUPS)] = _USUAL.mixup
    """Alpha of the Beta distribution that mixes images; 0 mixes none."""
    static_loss_scale: Annotated[StrictFloat, within(SCALES)] | None = _USUAL.static_loss_scale
    """Loss scale of AMP in float16; null adapts it to the gradients."""
    crop_min_area: Annotated[StrictFloat, within(CROP_MIN_AREAS)] = _USUAL.crop_min_area
    """Smallest share of an image's area that a random crop takes; 1 takes the whole image."""
    mirror: StrictBool = _USUAL.mirror
    """Whether images are mirrored at random."""
    shuffled_records: Annotated[StrictInt, within(SHUFFLED_RECORDS)] | None = None
    """Shuffle buffer in records; null is the published size."""
    decode_threads: Annotated[StrictInt, within(DECODE_THREADS)] | None = None
    """Images decoded at once; null is the published number."""
    open_files: Annotated[StrictInt, within(OPEN_FILES)] | None = None
    """Shards that tf.data reads from in turn; null is the published number."""
    seed: Annotated[StrictInt, within(SEEDS)] = 0
    """Seed of the weights, of the order of images and of every draw."""


class RecipeModel(SettingsModel):
    """A recipe file: settings, and those that depend on the precision."""

    purpose: Text
    """One line: what the recipe is for."""
    system: Text | None = None
    """The published system that it is of: dgx1, dgx2 or dgxa100."""
    precisions: Annotated[dict[Precision, SettingsModel], Field(min_length=1)]
    """The precisions that it is for, the usual one first, each with its own settings."""
