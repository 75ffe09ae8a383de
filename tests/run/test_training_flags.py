"""A training by the published scripts' flags."""

import re
from pathlib import Path

import pytest

from suite.model.errors import InputError
from suite.run.flag_table import given_flags
from suite.run.training_flags import TrainingByHand, training_of
from suite.store.recipes import read_recipe, recipe_path

# What every published script for an accuracy gives, whatever its system.
PUBLISHED = (
    "--arch=resnet50 --mode=train_and_evaluate --iter_unit=epoch --warmup_steps=100 --cosine_lr"
    " --label_smoothing 0.1 --lr_init=0.256 --lr_warmup_epochs=8 --momentum=0.875"
    " --weight_decay=3.0517578125e-05 --weight_init=fan_in --data_dir=d/tfrecords"
    " --data_idx_dir=d/dali_idx --results_dir=r"
)
AMP = "--amp --static_loss_scale 128"


def asked(flags: str, **environment: str) -> TrainingByHand:
    return training_of(given_flags(flags.split()), environment)


@pytest.mark.parametrize(
    ("own", "recipe", "precision"),
    [
        (f"--gpus 8 --num_iter=90 --batch_size=256 {AMP}", "dgx1_90epochs", "amp"),
        ("--gpus 8 --num_iter=90 --batch_size=128", "dgx1_90epochs", "fp32"),
        (f"--gpus 8 --num_iter=250 --batch_size=256 --mixup=0.2 {AMP}", "dgx1_250epochs", "amp"),
        ("--gpus 8 --num_iter=250 --batch_size=128 --mixup=0.2", "dgx1_250epochs", "fp32"),
        (f"--gpus 16 --num_iter=90 --batch_size=256 {AMP}", "dgx2_90epochs", "amp"),
        ("--gpus 16 --num_iter=90 --batch_size=128", "dgx2_90epochs", "fp32"),
        (f"--gpus 8 --num_iter=90 --batch_size=256 {AMP}", "dgxa100_90epochs", "amp"),
        ("--gpus 8 --num_iter=90 --batch_size=256 --tf32", "dgxa100_90epochs", "tf32"),
    ],
)
def test_the_published_scripts_are_the_recipes(own: str, recipe: str, precision: str) -> None:
    """Each published script, with its ranks as a flag, trains what the recipe of its name does."""
    by_hand = asked(f"{PUBLISHED} {own}")
    training, expected = by_hand.chosen.training, read_recipe(recipe_path(Path(recipe)), precision)

    assert (training.cell, training.recipe, training.reading, training.epochs, training.seed) == (
        expected.training.cell,
        expected.training.recipe,
        expected.training.reading,
        expected.training.epochs,
        expected.training.seed,
    )
    assert by_hand.evaluates
    assert by_hand.options.data_dir == "d/tfrecords"
    assert by_hand.options.data_idx_dir is None
    assert by_hand.directory == "r"


def test_what_scripts_say_in_vain_is_told() -> None:
    """A flag without effect is taken, as the scripts have it, but not in silence."""
    told = asked(f"{PUBLISHED} --model_dir m")

    assert [note.split()[0] for note in told.notes] == [
        "--warmup_steps",
        "--data_idx_dir",
        "--results_dir",
    ]
    assert told.directory == "m"


def test_defaults_are_those_of_the_published_flags() -> None:
    """One epoch, no evaluation with train, the seed and the steps of the benchmark."""
    told = asked("--mode=train --kernel simulated --max_seconds 5 --seed 3")

    assert not told.evaluates
    assert (told.chosen.training.epochs, told.chosen.training.seed) == (1, 3)
    assert (told.directory, told.max_seconds, told.notes) == (".", 5, ())


REAL = "--mode=train --data_dir d"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--mode=train", "--mode=train trains on records; give --data_dir DIR with train-*"),
        (f"{REAL} --iter_unit batch", "trains whole epochs; give --iter_unit epoch"),
        (f"{REAL} --num_iter 1001", "--num_iter 1001: a training has at most 1000 epochs"),
        (f"{REAL} --graph frozen", "--graph is of the benchmarks; leave it out of --mode=train"),
        (f"{REAL} --no_telemetry", "--no_telemetry is of the benchmarks"),
        (f"{REAL} --launch 0", "--launch is of the benchmarks"),
        (f"{REAL} --dali", "give --data_dir and --data_idx_dir with it"),
        (f"{REAL} --static_loss_scale 64", "add --amp"),
        (f"{REAL} --dali --data_idx_dir i --open_files 5", "--open_files changes nothing of"),
        (f"{REAL} --seed 4294967296", "'4294967296' is not a whole number from 0 to 4294967295"),
        (f"{REAL} --run_iter 5", "--max_seconds ends a training before"),
        (f"{REAL} --kernel simulated", "reads no records; leave out --data_dir"),
    ],
)
def test_what_no_training_can_do_is_one_line(flags: str, words: str) -> None:
    """With what to do instead."""
    with pytest.raises(InputError, match=re.escape(words)) as raised:
        asked(flags)

    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {f"OMPI_COMM_WORLD_{name}": str(value) for name, value in
             {"RANK": 0, "SIZE": 8, "LOCAL_RANK": 0, "LOCAL_SIZE": 8}.items()},
            "was started as 8 ranks; start it once, without mpirun or srun: a training starts",
        ),
        ({"PMI_SIZE": "2"}, "was started as several processes (PMI_SIZE=2)"),
    ],
)  # fmt: skip
def test_ranks_are_not_started_by_ranks(environment: dict[str, str], words: str) -> None:
    """Under mpirun, as the published scripts are started, each process would start them all."""
    with pytest.raises(InputError, match=re.escape(words)):
        asked(f"{REAL} --gpus 8", **environment)
