"""How records are read, as flags."""

import pytest

from suite.model.errors import InputError
from suite.model.reading import Reading
from suite.run.flags import parse_order, to_arguments

BATCHES = "--batch_size 8 --num_iter 100 --iter_unit batch"
TRAINING = f"--mode=training_benchmark {BATCHES} --data_dir d"
INFERENCE = f"--mode=inference_benchmark {BATCHES} --data_dir d"


@pytest.mark.parametrize(
    ("flags", "reading"),
    [
        (TRAINING, Reading()),
        (
            f"{TRAINING} --shuffled_records 0 --decode_threads 2 --open_files 1",
            Reading(shuffled_records=0, decode_threads=2, open_files=1),
        ),
        (
            f"{INFERENCE} --dali --data_idx_dir i --decode_threads 8 --shuffled_records 64",
            Reading(shuffled_records=64, decode_threads=8),
        ),
    ],
)
def test_reading_survives_its_flags(flags: str, reading: Reading) -> None:
    """What a user changes of a pipeline, a worker is told."""
    order = parse_order(flags.split())

    assert order.options.reading == reading
    assert parse_order(to_arguments(order)) == order


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (f"{TRAINING} --decode_threads 0", "'0' is not a whole number from 1 to 1024"),
        (f"{INFERENCE} --shuffled_records 5", "changes nothing of inference on tfrecord images"),
        (f"{TRAINING} --dali --data_idx_dir i --open_files 5", "--open_files changes nothing of"),
        (
            f"--mode=training_benchmark {BATCHES} --decode_threads 5",
            "--decode_threads changes nothing of training on synthetic images; leave it out",
        ),
    ],
)
def test_a_flag_that_has_no_effect_is_refused(flags: str, words: str) -> None:
    """A setting that this pipeline does not have is not dropped in silence."""
    with pytest.raises(InputError, match=words):
        parse_order(flags.split())
