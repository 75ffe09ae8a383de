"""A trained network of the real kind: read back, evaluated, exported, asked, and measured."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_cell, make_training, make_training_header

from suite.kernels import tensorflow
from suite.kernels.interface import KernelOptions
from suite.model.cell import Cell, Data, Graph, Mode, Precision
from suite.model.errors import InputError
from suite.store.checkpoints import read_state, write_checkpoint
from suite.store.training_runs import create_training

pytestmark = pytest.mark.slow

SIZE = 32
IMAGES = 11
ROOT = Path(__file__).parents[2]
CELL = make_cell(batch_size=4, image_size=SIZE, data=Data.TFRECORD)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from suite.kernels.tensorflow.make_records import make_data_set

    root = tmp_path_factory.mktemp("data") / "images"
    make_data_set(root, images=IMAGES, width=48, height=40, shards=2, seed=1)
    return root


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training whose network has statistics and offsets of its own, as a trained one has."""
    import keras

    from suite.kernels.tensorflow.resnet50 import resnet50

    keras.utils.set_random_seed(3)
    model = resnet50(SIZE)
    generator = np.random.default_rng(3)
    for variable in model.variables:
        if variable.path.endswith(("beta", "moving_mean", "bias")):
            variable.assign(generator.normal(0, 0.3, variable.shape))
        elif variable.path.endswith(("gamma", "moving_variance")):
            variable.assign(generator.uniform(0.5, 1.5, variable.shape))
    kernel = model.get_layer("logits").kernel
    kernel.assign(kernel * 0.02)  # probabilities that are neither all nor nothing
    cell = replace(CELL, mode=Mode.TRAINING)
    header = make_training_header(training=make_training(cell=cell))
    directory = create_training(tmp_path_factory.mktemp("out") / "training", header)
    state = {f"network/{each.path}": each.numpy() for each in model.variables}
    write_checkpoint(directory, 4, {**state, "steps_done": np.array(4)})
    return directory


@pytest.fixture(scope="module")
def checkpoint(training: Path) -> Path:
    return training / "checkpoints" / "4.ckpt"


@pytest.fixture(scope="module")
def exported(training: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `export` writes of it."""
    out = tmp_path_factory.mktemp("exported") / "model"
    done = bench("export", training, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def bench(*words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "bench.py", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def split(data: Path) -> tuple[Any, Any]:
    """The validation images as an evaluation sees them, and their labels."""
    import tensorflow as tf

    from suite.kernels.tensorflow.tfrecord_batches import evaluation_image

    shards = sorted(str(path) for path in data.glob("validation-*"))
    records = tf.data.TFRecordDataset(shards).map(evaluation_image(SIZE))
    images, labels = zip(*records.as_numpy_iterator(), strict=True)
    return np.stack(images), np.array(labels)


@pytest.fixture(scope="module")
def logits(checkpoint: Path, split: tuple[Any, Any]) -> Any:
    """What the network of Keras's own layers says of them, float64 [images, 1001]."""
    from suite.kernels.tensorflow.resnet50 import resnet50

    model = resnet50(SIZE)
    arrays = read_state(checkpoint).arrays
    for variable in model.variables:
        variable.assign(arrays[f"network/{variable.path}"])
    return model(split[0], training=False).numpy().astype(np.float64)


@pytest.fixture(autouse=True)
def float32() -> Iterator[None]:
    """Leave the process as it was: a cell sets Keras's policy for all of it."""
    import keras

    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    "cell",
    [
        CELL,
        replace(CELL, graph=Graph.FROZEN),
        replace(CELL, xla=True),
        replace(CELL, batch_size=11),
    ],
    ids=["plain", "frozen", "xla", "one batch"],
)
def test_an_evaluation_judges_each_image_once(
    checkpoint: Path, data: Path, split: tuple[Any, Any], logits: Any, cell: Cell
) -> None:
    """By the graph and the compiler that a cell measures; facts say that they ran, and of what."""
    options = KernelOptions(data_dir=str(data), weights=str(checkpoint))
    evaluator = tensorflow.evaluate(cell, options)
    judged = list(evaluator.judged())
    facts = evaluator.facts()
    labels = split[1]
    own = logits[np.arange(IMAGES), labels]
    losses = np.log(np.exp(logits).sum(axis=1)) - own

    assert len(judged) == evaluator.batches == -(-IMAGES // cell.batch_size)
    assert [label for batch in judged for label in batch.predicted] == logits.argmax(1).tolist()
    assert sum(batch.top1 for batch in judged) == (logits.argmax(1) == labels).sum()
    above = (logits > own[:, np.newaxis]).sum(axis=1)
    assert sum(batch.top5 for batch in judged) == (above < 5).sum()
    assert sum(batch.cross_entropy for batch in judged) == pytest.approx(losses.sum(), rel=1e-3)
    assert facts.weights_sha256 == read_state(checkpoint).sha256
    assert facts.xla == ("jit_compile" if cell.xla else "off")
    assert (facts.variable_reads == 0) == (cell.graph is Graph.FROZEN)


def test_amp_is_evaluated_in_its_own_arithmetic(checkpoint: Path, data: Path) -> None:
    """The variables stay float32; what computes does not."""
    cell = replace(CELL, precision=Precision.AMP)
    options = KernelOptions(data_dir=str(data), weights=str(checkpoint))
    evaluator = tensorflow.evaluate(cell, options)

    assert sum(len(batch.predicted) for batch in evaluator.judged()) == IMAGES
    assert evaluator.facts().compute_type == "bfloat16"


def test_an_export_gives_the_outputs_of_the_network(
    exported: Path, split: tuple[Any, Any], logits: Any
) -> None:
    """Either form, read by the framework alone, of any batch; the note has their checksums."""
    import keras
    import tensorflow as tf

    images = split[0][:3]
    by_keras = keras.saving.load_model(exported / "model.keras")(images, training=False)
    serve = tf.saved_model.load(str(exported / "saved_model")).signatures["serving_default"]
    by_tensorflow = serve(images=tf.constant(images))["logits"]
    note = json.loads((exported / "export.json").read_text())

    np.testing.assert_allclose(by_keras.numpy(), logits[:3], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(by_tensorflow.numpy(), logits[:3], rtol=1e-4, atol=1e-4)
    assert (note["training"], note["step"], note["image_size"]) == ("mine", 4, SIZE)
    assert {"model.keras", "saved_model/saved_model.pb"} <= note["files"].keys()


def test_an_export_is_never_overwritten(training: Path, exported: Path) -> None:
    """Exit code 2, and it stays as it was."""
    before = (exported / "export.json").read_bytes()
    done = bench("export", training, "--out", exported)

    assert done.returncode == 2
    assert "already exists; give a new directory" in done.stderr
    assert (exported / "export.json").read_bytes() == before


def test_an_exported_file_has_the_same_variables(exported: Path, checkpoint: Path) -> None:
    """To the last bit, by the same names, so that it serves wherever a checkpoint does."""
    from suite.kernels.tensorflow.trained import read_weights

    first = read_weights(checkpoint).variables
    second = read_weights(exported / "model.keras").variables

    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_cell_measures_the_network_that_it_is_given(checkpoint: Path) -> None:
    """Its logits are those of the file, and its record has the checksum; without, it has none."""
    cell = make_cell(batch_size=2, image_size=SIZE)
    given = tensorflow.build(cell, KernelOptions(weights=str(checkpoint)))
    new = tensorflow.build(cell, KernelOptions())
    for kernel in (given, new):
        kernel.compile()

    assert given.facts().weights_sha256 == read_state(checkpoint).sha256
    assert new.facts().weights_sha256 is None
    assert given.facts().loss != new.facts().loss


@pytest.mark.parametrize("harm", ["lacks", "another shape", "too many", "no export"])
def test_another_network_is_refused(checkpoint: Path, tmp_path: Path, harm: str) -> None:
    """One line with file and variable; nothing is computed with half of the values."""
    arrays = read_state(checkpoint).arrays
    path = tmp_path / "checkpoints" / "4.ckpt"
    if harm == "lacks":
        del arrays["network/logits/bias"]
    elif harm == "another shape":
        arrays["network/logits/bias"] = arrays["network/logits/bias"][:1000]
    elif harm == "too many":
        arrays["network/more/bias"] = np.zeros(3, np.float32)
    if harm == "no export":
        path = tmp_path / "model.keras"
        path.write_bytes(b"no archive")
    else:
        write_checkpoint(tmp_path, 4, arrays)
    words = {
        "lacks": "lacks logits/bias: it holds another network",
        "another shape": "logits/bias is [1000], not [1001]: it holds another network",
        "too many": "has, besides those of ResNet50 v1.5, more/bias",
        "no export": "holds no ResNet50 v1.5 that can be read",
    }

    with pytest.raises(InputError) as raised:
        tensorflow.build(make_cell(image_size=SIZE), KernelOptions(weights=str(path)))
    assert str(raised.value).startswith(f"{path}: {words[harm]}")
    assert len(str(raised.value).splitlines()) == 1


def test_images_are_asked_as_in_an_evaluation(
    training: Path, data: Path, tmp_path: Path, logits: Any
) -> None:
    """JPEG and PNG alike; what cannot be read is named, and all others are still answered."""
    import tensorflow as tf

    from suite.kernels.tensorflow.records import FIRST_LABEL, IMAGE, decode

    shard = str(sorted(data.glob("validation-*"))[0])
    record = next(iter(tf.data.TFRecordDataset(shard))).numpy()
    jpeg = tf.train.Example.FromString(record).features.feature[IMAGE].bytes_list.value[0]
    (tmp_path / "a.jpg").write_bytes(jpeg)
    (tmp_path / "a.png").write_bytes(tf.io.encode_png(decode(tf.constant(jpeg))).numpy())
    (tmp_path / "cut.jpg").write_bytes(jpeg[:200])
    (tmp_path / "text.png").write_text("text")
    names = ("cut.jpg", "a.jpg", "none.jpg", "a.png", "text.png")
    files = [tmp_path / name for name in names]
    done = bench("predict", *files, "--model", training, "--json")
    found = json.loads(done.stdout)
    shares = np.exp(logits[0]) / np.exp(logits[0]).sum()
    best = np.argsort(-shares)[:5]

    assert done.returncode == 2
    for each in (found[1], found[3]):
        assert [one["label"] for one in each["classes"]] == (best + FIRST_LABEL).tolist()
        given = [one["probability"] for one in each["classes"]]
        assert given == pytest.approx(shares[best].tolist(), rel=1e-3)
    for place, problem in ((0, "does not decode"), (2, "No such file"), (4, "neither a JPEG")):
        assert not found[place]["classes"]
        assert f"{files[place]}: " in done.stderr
        assert problem in done.stderr
    assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1
