"""Training recipes as flags."""

import pytest

from suite.model.errors import InputError
from suite.model.recipe import Recipe
from suite.run.flags import parse_order, to_arguments

TRAINING = "--mode=training_benchmark --batch_size 8 --num_iter 100 --iter_unit batch"
INFERENCE = TRAINING.replace("training", "inference")


@pytest.mark.parametrize(
    ("flags", "recipe"),
    [
        ("", Recipe()),
        (
            (
                "--amp --weight_init fan_in --lr_init 0.256 --lr_warmup_epochs 8 --cosine_lr"
                " --momentum 0.875 --weight_decay 3.0517578125e-05"
                " --label_smoothing 0.1 --mixup 0.2"
            ),
            Recipe(
                weight_init="fan_in",
                lr_init=0.256,
                lr_warmup_epochs=8,
                cosine_lr=True,
                momentum=0.875,
                weight_decay=1 / 32768,
                label_smoothing=0.1,
                mixup=0.2,
            ),
        ),
        ("--amp --static_loss_scale -1", Recipe(static_loss_scale=None)),
        (
            "--data_dir d --crop_min_area 0.5 --no_mirror",
            Recipe(crop_min_area=0.5, mirror=False),
        ),
    ],
)
def test_a_recipe_survives_its_flags(flags: str, recipe: Recipe) -> None:
    """The published recipes can be given by the published flags, and a worker gets them whole."""
    order = parse_order([*TRAINING.split(), *flags.split()])

    assert order.options.recipe == recipe
    assert parse_order(to_arguments(order)) == order


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            f"{INFERENCE} --mixup 0.2 --cosine_lr",
            "only training uses --cosine_lr and --mixup",
        ),
        (
            f"{INFERENCE} --data_dir d --crop_min_area 0.5 --no_mirror",
            "only training uses --crop_min_area and --no_mirror",
        ),
        (
            f"{TRAINING} --no_mirror",
            "only images of records are cropped and mirrored; give --data_dir or leave out --no_m",
        ),
        (f"{TRAINING} --data_dir d --crop_min_area 0", "'0' is not a number from 1e-06 to 1"),
        (f"{TRAINING} --data_dir d --crop_min_area 50", "'50' is not a number from 1e-06 to 1"),
        (f"{TRAINING} --static_loss_scale 64", "add --amp"),
        (f"{TRAINING} --label_smoothing 1", "1 is not below 1"),
        (f"{TRAINING} --lr_init nan", "'nan' is not a number from 0"),
        (
            f"{TRAINING} --amp --static_loss_scale 0",
            "'0' is not a number from 1e-06 to 16777216, nor -1",
        ),
        (f"{TRAINING} --graph frozen", "training has no frozen graph"),
        (f"{TRAINING} --xla_mode auto_clustering", "add --xla"),
    ],
)
def test_a_flag_that_has_no_effect_is_refused(flags: str, words: str) -> None:
    """Nothing that was asked for is dropped in silence."""
    with pytest.raises(InputError, match=words):
        parse_order(flags.split())
