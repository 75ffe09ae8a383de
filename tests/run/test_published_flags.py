"""Commands of the published code, pasted."""

import pytest

from suite.model.cell import Data, Mode, Precision
from suite.model.errors import InputError
from suite.run.flags import parse_order

BATCHES = "--batch_size 8 --num_iter 100 --iter_unit batch --warmup_steps 20"
TRAINING = f"--mode=training_benchmark {BATCHES}"


def test_older_names_are_understood() -> None:
    """What the published code calls a flag by another name, too, it is called here."""
    order = parse_order(
        f"{TRAINING} --use_xla --use_tf_amp --use_dali --data_dir d --data_idx_dir=i"
        " --use_cosine_lr --loss_scale=64".split()
    )

    assert order.cell.xla
    assert (order.cell.precision, order.cell.data) == (Precision.AMP, Data.DALI)
    assert order.options.recipe.cosine_lr
    assert order.options.recipe.static_loss_scale == 64


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--arch=resnext101-32x4d", "--arch is left out here: resnet50 is the only network"),
        ("--arch se-resnext101-32x4d", "--arch is left out here: resnet50 is the only network"),
        ("--arch", "--arch is left out here: resnet50 is the only network"),
        ("--gpu_id 1", "--gpu_id is left out here: set CUDA_VISIBLE_DEVICES"),
        ("--display_every 10", "every step is in the record"),
        ("--nouse_xla", "that is the default"),
        ("--mode=infer", "'infer' is not one of inference_benchmark, training_benchmark, train, "),
        ("--model_dir=d", "--model_dir changes nothing of a benchmark"),
        ("--to_predict=d", "--to_predict changes nothing of a benchmark"),
        ("--mode=predict", "--mode: given twice, as 'training' and as 'predict'"),
    ],
)
def test_what_has_no_counterpart_says_what_to_do(flags: str, words: str) -> None:
    """A pasted flag is never just `unrecognized`."""
    with pytest.raises(InputError, match=words):
        parse_order([*TRAINING.split(), *flags.split()])


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("amp", ["", " --amp"])
def test_the_commands_of_the_page_are_taken_as_they_stand(mode: Mode, amp: str) -> None:
    """The page's benchmark commands, less --data_dir, which would need the data set."""
    order = parse_order(f"--mode={mode.value}_benchmark{amp} {BATCHES} --results_dir=r".split())

    assert order.cell.mode is mode
    assert (order.protocol.warmup_steps, order.protocol.measured_steps) == (20, 80)
