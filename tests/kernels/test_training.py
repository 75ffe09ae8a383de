"""Trainings of the real network in processes of their own: resumed, shared out, counted, refused.

A process of its own each, as a training makes TensorFlow deterministic for the whole of it.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("training_program.py")
IMAGES = 18


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen images of each split in four shards, with their index."""
    from suite.kernels.tensorflow.make_records import make_data_set
    from suite.store.dali_index import write_index

    root = tmp_path_factory.mktemp("training")
    shards = make_data_set(root / "data", images=IMAGES, width=64, height=56, shards=4, seed=1)
    (root / "index").mkdir()
    for shard in shards:
        write_index(shard, root / "index")
    return root


def done(work: str, folder: Path, *, ranks: int = 1) -> list[dict[str, Any]]:
    """Do a work of training_program.py, and read what each rank left."""
    from suite.kernels.tensorflow import MPI_YIELDS

    root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
    launcher = ["mpirun", *root, "-np", str(ranks), "-H", f"localhost:{ranks}"]
    process = subprocess.run(
        [
            *([*launcher, "--bind-to", "none"] if ranks > 1 else []),
            *(sys.executable, str(PROGRAM), work, str(folder)),
        ],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "2",
            MPI_YIELDS: "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    return [dict(np.load(folder / f"{work}.{rank}.npz")) for rank in range(ranks)]


def ends_alike(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether two trainings left the same state, to the last bit."""
    names = [name for name in first if name.startswith("end/")]
    # 161 trained variables and as many momenta, 106 statistics, steps done and seed.
    assert len(names) == 161 * 2 + 106 + 2
    return all(np.array_equal(first[name], second[name]) for name in names)


@pytest.mark.parametrize("work", ["fp32", "amp", pytest.param("dali", marks=pytest.mark.dali)])
def test_a_training_goes_on_to_the_same_bits(work: str, folder: Path) -> None:
    """Six steps in one go are three, a state, a new process and three: the last bit of everything.

    The state is taken in the middle of an epoch, and an evaluation made after it is of no account.
    """
    (whole,) = done(work, folder)
    (resumed,) = done(f"{work}-resumed", folder)

    assert [row[0] for row in whole["rows"]] == [1, 2, 3, 4, 5, 6]
    assert np.array_equal(resumed["rows"], whole["rows"][3:])
    assert not np.array_equal(whole["kept/network/stem_conv/kernel"], stem(whole))
    assert ends_alike(whole, resumed)
    assert np.array_equal(whole["evaluation"], resumed["evaluation"])
    assert whole["evaluation"][0] == IMAGES
    assert whole["all_reduce_seconds"].size == 0


def stem(result: dict[str, Any]) -> Any:
    return result["end/network/stem_conv/kernel"]


def test_xla_compiles_a_training(folder: Path) -> None:
    """It has no gradient of pooling where operations are deterministic, so there they are not."""
    (compiled,) = done("compiled", folder)

    assert str(compiled["xla"]) == "jit_compile"
    assert np.isfinite(compiled["rows"]).all()
    assert compiled["evaluation"][0] == IMAGES


@pytest.mark.horovod
def test_ranks_train_and_are_evaluated_as_one(folder: Path) -> None:
    """Two ranks end with one state, which one process evaluates as they do, and is resumed.

    Eighteen images are nine for each rank, which fill no third batch of four.
    """
    first, second = done("ranks", folder, ranks=2)
    resumed, _ = done("ranks-resumed", folder, ranks=2)
    (alone,) = done("ranks-taken-over", folder)

    assert ends_alike(first, second)
    assert np.array_equal(first["rows"], second["rows"])
    assert np.array_equal(first["evaluation"], second["evaluation"])
    assert first["all_reduces"] == 162  # the gradients and the losses
    assert first["all_reduce_seconds"].size > 0
    assert (first["all_reduce_seconds"] > 0).all()
    assert ends_alike(first, resumed)
    assert first["evaluation"][:3].tolist() == alone["evaluation"][:3].tolist()
    assert first["evaluation"][0] == IMAGES
    assert first["evaluation"][3] == pytest.approx(alone["evaluation"][3], rel=1e-5)


def labels_of(shards: list[Path]) -> list[int]:
    import tensorflow as tf

    from suite.kernels.tensorflow.records import parse

    names = [str(shard) for shard in shards]
    return [int(parse(record)[1]) for record in tf.data.TFRecordDataset(names)]


def test_every_validation_image_counts_once(folder: Path) -> None:
    """Where all images get the same logits, hits and cross entropy follow from the labels alone.

    The images fill no whole number of batches; nothing that fills the last one up is counted.
    """
    labels = labels_of(sorted((folder / "data").glob("validation-*")))
    np.save(folder / "classes.npy", labels[:3])
    (counted,) = done("counted", folder)
    bias = counted["bias"].astype(np.float64)
    best = np.argsort(-bias)
    images, top1, top5, cross_entropy = counted["evaluation"]

    assert images == IMAGES
    assert top1 == sum(label == best[0] for label in labels) >= 1
    assert top5 == sum(label in best[:5] for label in labels) >= 3
    assert cross_entropy == pytest.approx(logsumexp(bias) - bias[labels].mean(), rel=1e-5)


def relabelled(folder: Path, name: str, record: int) -> None:
    """A copy of the data whose record of the first training shard has a class that there is not."""
    import tensorflow as tf

    from suite.kernels.tensorflow.records import LABEL

    copy = folder / name / "data"
    copy.mkdir(parents=True)
    for shard in (folder / "data").iterdir():
        (copy / shard.name).write_bytes(shard.read_bytes())
    shard = copy / "train-00000-of-00004"
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(shard))]
    example = tf.train.Example.FromString(records[record])
    example.features.feature[LABEL].int64_list.value[:] = [1001]
    records[record] = example.SerializeToString()
    with tf.io.TFRecordWriter(str(shard)) as writer:
        for each in records:
            writer.write(each)


def test_what_cannot_be_trained_on_is_said(folder: Path) -> None:
    """One line each, with file and record, or step and rate; a state of another is not taken."""
    relabelled(folder, "first-label", 0)
    relabelled(folder, "late-label", 2)
    (folder / "no-validation" / "data").mkdir(parents=True)
    for shard in (folder / "data").glob("train-*"):
        (folder / "no-validation" / "data" / shard.name).write_bytes(shard.read_bytes())
    (refused,) = done("refused", folder)
    said = {name: str(text) for name, text in refused.items()}

    words = {
        "no-validation": ("InputError", "holds no validation-* shard"),
        "nothing": ("InputError", "not a readable data directory"),
        "first-label": ("InputError", "00004: record 1: label 1001 is outside 1..1000"),
        "late-label": ("InvalidLaunchError", "00004: record 3: label 1001 is outside 1..1000"),
        "too-few": ("InputError", "the 18 records in train-* cannot fill a batch of 19"),
        "synthetic": ("InputError", "trains on records, not on synthetic images"),
        "no-step": ("InvalidLaunchError", "no step was made"),
        "other-network": ("InvalidLaunchError", "the state lacks momentum/stem_conv/kernel"),
        "other-seed": ("InvalidLaunchError", "seed of the state is 8, that of this training 7"),
        "diverged": ("InvalidLaunchError", "the loss is nan in step 1, at learning rate 0:"),
    }
    assert said.keys() == words.keys()
    for name, (kind, text) in words.items():
        assert said[name].startswith(f"{kind}: "), said[name]
        assert text in said[name]
        assert len(said[name].splitlines()) == 1
