"""The published learning rate of a step."""

import math

from suite.model.recipe import Recipe
from suite.model.schedule import CUT, CUT_EPOCHS, Schedule


def learning_rate(recipe: Recipe, schedule: Schedule, steps_done: int, batch_size: int) -> float:
    """The rate after so many steps, for a global batch of so many images.

    Linear from 0 during warm-up; then the cosine or the cuts as if they had started at step 0.
    Published in the training code of DeepLearningExamples (TensorFlow/Classification/ConvNets).
    """
    base = recipe.lr_init * batch_size / 256
    epoch = steps_done / schedule.steps_per_epoch
    if epoch < recipe.lr_warmup_epochs:
        return base * epoch / recipe.lr_warmup_epochs
    if recipe.cosine_lr:
        return base * 0.5 * (1 + math.cos(math.pi * min(epoch / schedule.epochs, 1.0)))
    return base * CUT ** sum(epoch >= cut for cut in CUT_EPOCHS)
