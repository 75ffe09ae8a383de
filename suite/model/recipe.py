"""The training recipe: the published settings, and their bounds."""

from dataclasses import dataclass

from suite.model.bounds import Bounds

# Far beyond any recipe that trains a network; a float32 loss overflows soon after.
LR_INITS = Bounds(0, 1000)
LR_WARMUP_EPOCHS = Bounds(0, 1000)
WEIGHT_DECAYS = Bounds(0, 1)
MIXUPS = Bounds(0, 1000)
SCALES = Bounds(1e-6, 2**24)
# A share of an image's area, above 0.
CROP_MIN_AREAS = Bounds(1e-6, 1)
# The settings of our own: how images that are read from records are prepared for training. The
# published code leaves no choice of them, so that all published trainings have the defaults.
PREPARATION = ("crop_min_area", "mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The settings of the published training code, by the names of its flags.

    Defaults are those of the published training benchmark. `lr_init` is per 256 images of the
    global batch. `label_smoothing` is spread over all classes. `mixup` is the alpha of the Beta
    distribution that mixes images, 0 for none. `static_loss_scale` applies only to AMP in
    float16; None adapts the scale to the gradients. `weight_init` is `fan_out` or `fan_in`.

    Two are no flags of that code, and act on images of records alone. A random part of each is
    trained on, of at least the share `crop_min_area` of its area and at most all of it; `mirror`
    says whether it is mirrored at random.
    """

    weight_init: str = "fan_out"
    lr_init: float = 0.1
    lr_warmup_epochs: int = 5
    cosine_lr: bool = False
    momentum: float = 0.9
    weight_decay: float = 1e-4
    label_smoothing: float = 0.0
    mixup: float = 0.0
    static_loss_scale: float | None = 128.0
    crop_min_area: float = 0.05
    mirror: bool = True
