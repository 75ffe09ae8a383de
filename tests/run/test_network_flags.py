"""The published scripts' flags for a trained network, as words of `bench.py`."""

import re

import pytest

from suite.cli.parser import make_parser
from suite.model.errors import InputError
from suite.run.flag_table import given_flags
from suite.run.network_flags import (
    evaluation_words,
    export_words,
    network_notes,
    prediction_words,
)


@pytest.mark.parametrize(
    ("flags", "words", "settings"),
    [
        (
            "--model_dir m --data_dir d --batch_size 256 --results_dir r --amp --xla",
            "evaluate m --out r --wait --precision amp --data_dir d",
            "xla=true layout=nhwc batch_size=256 data=tfrecord",
        ),
        (
            "--results_dir m --data_dir d --data_idx_dir i --dali --data_format NCHW --tf32",
            "evaluate m --out m --wait --precision tf32 --data_dir d --data_idx_dir i",
            "xla=false layout=nchw data=dali",
        ),
        (
            "--model_dir m --graph frozen --decode_threads 2 --synthetic_data_size 32",
            "evaluate m --out m --wait --precision fp32",
            "xla=false layout=nhwc image_size=32 graph=frozen data=tfrecord decode_threads=2",
        ),
    ],
)
def test_an_evaluation_is_the_verb_with_all_that_was_said(
    flags: str, words: str, settings: str
) -> None:
    """What decides the result is as the flags have it, by default as well; sizes are as trained."""
    found = evaluation_words(given_flags(f"--mode=evaluate {flags}".split()))

    set_words = [word for setting in settings.split() for word in ("--set", setting)]
    assert found == [*words.split(), *set_words]
    assert make_parser().parse_args(found).verb == "evaluate"


def test_a_prediction_and_an_export_are_verbs() -> None:
    """Of the network in --model_dir, or else in --results_dir."""
    predicted = given_flags(["--mode=predict", "--to_predict=a.jpg", "--results_dir=m"])
    exported = given_flags(["--mode=evaluate", "--export_dir=e", "--model_dir=m"])

    assert prediction_words(predicted) == ["predict", "a.jpg", "--model", "m"]
    assert export_words(exported) == ["export", "m", "--out", "e"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--mode=evaluate --lr_init 1", "--lr_init changes nothing of --mode=evaluate"),
        ("--mode=evaluate --gpus 2", "--gpus changes nothing of --mode=evaluate"),
        ("--mode=predict --amp", "--amp changes nothing of --mode=predict"),
    ],
)
def test_what_has_no_use_is_refused(flags: str, words: str) -> None:
    """Nothing is dropped in silence."""
    with pytest.raises(InputError, match=re.escape(words)):
        network_notes(given_flags(flags.split()), {})


def test_what_scripts_give_in_every_mode_is_told() -> None:
    """They are taken, and change nothing."""
    given = given_flags(["--mode=predict", "--batch_size=1", "--num_iter=1", "--iter_unit=epoch"])

    assert network_notes(given, {}) == [
        f"--{name} changes nothing of --mode=predict"
        for name in ("batch_size", "iter_unit", "num_iter")
    ]


def test_one_process_does_it() -> None:
    """Each of several ranks would evaluate everything."""
    with pytest.raises(InputError, match="--mode=evaluate was started as several processes"):
        network_notes(given_flags(["--mode=evaluate"]), {"PMI_SIZE": "2"})


def test_a_prediction_needs_an_image() -> None:
    """It is said with its flag."""
    with pytest.raises(InputError, match="give --to_predict IMAGE"):
        prediction_words(given_flags(["--mode=predict"]))
