"""Launches of the real network at a small image size, and the proof of what ran."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_cell

from suite.kernels import tensorflow
from suite.kernels.interface import InvalidLaunchError, KernelOptions, MissingComponentError
from suite.model.cell import Cell, Data, Graph, Layout, Mode, Precision

pytestmark = pytest.mark.slow

CELL = make_cell(batch_size=2, image_size=32)


def run(cell: Cell, steps: int = 1) -> Any:
    kernel = tensorflow.build(cell, KernelOptions())
    kernel.compile()
    for _ in range(steps):
        kernel.step()
    return kernel


@pytest.mark.parametrize("xla", [False, True], ids=["plain", "xla"])
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.AMP])
def test_inference_runs_as_declared(precision: Precision, *, xla: bool) -> None:
    """Every convolution ran in the declared type, and XLA compiled the step or left it alone."""
    facts = run(replace(CELL, precision=precision, xla=xla)).facts()

    assert facts.compute_type == {"fp32": "float32", "amp": "bfloat16"}[precision.value]
    assert facts.xla == ("jit_compile" if xla else "off")
    assert facts.xla_clusters == int(xla)
    assert facts.convolutions == 53
    assert facts.fused_batch_normalizations == 53
    # Kernels, dense weights and activations are cast under AMP; a few counters always are.
    assert (facts.casts > 53) == (precision is Precision.AMP)
    assert facts.layouts == ("NHWC",)
    assert facts.parameters == 25_559_081
    assert facts.device_type == "CPU"
    assert np.isfinite(facts.loss)


@pytest.mark.parametrize(
    ("precision", "xla"),
    [(Precision.FP32, False), (Precision.AMP, False), (Precision.FP32, True)],
    ids=["fp32", "amp", "fp32-xla"],
)
def test_training_runs_as_declared(precision: Precision, *, xla: bool) -> None:
    """Forward and backward convolutions ran in the declared type, the image's gradient not at all.

    XLA is still given that one, and drops it itself.
    """
    cell = replace(CELL, mode=Mode.TRAINING, precision=precision, xla=xla)
    facts = run(cell).facts()

    assert facts.compute_type == {"fp32": "float32", "amp": "bfloat16"}[precision.value]
    assert facts.xla == ("jit_compile" if xla else "off")
    assert facts.convolutions == 3 * 53 - (0 if xla else 1)


@pytest.mark.parametrize("xla", [False, True], ids=["plain", "xla"])
@pytest.mark.parametrize("mode", Mode)
def test_nchw_runs_as_declared(mode: Mode, *, xla: bool) -> None:
    """Every convolution ran in NCHW, images were transposed once, and the loss is that of NHWC."""
    cell = replace(CELL, mode=mode, xla=xla, image_size=64)
    facts = run(replace(cell, layout=Layout.NCHW)).facts()

    assert facts.layouts == ("NCHW",)
    assert facts.transposes == 1
    assert facts.loss == pytest.approx(run(replace(cell, xla=False)).facts().loss, rel=1e-3)


def test_nchw_without_its_kernels_is_skipped(tmp_path: Path) -> None:
    """Where TensorFlow has no NCHW convolution the launch says what it needs, and is no crash."""
    command = [sys.executable, "-m", "suite.kernels", "--mode=inference_benchmark"]
    command += ["--data_format=NCHW", "--batch_size=2", "--synthetic_data_size=32"]
    command += ["--warmup_steps=0", "--num_iter=1", "--iter_unit=batch", "--results_dir"]
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0"}
    subprocess.run([*command, str(tmp_path)], check=False, env=environment, capture_output=True)
    (record,) = tmp_path.glob("*-nchw.0.json")
    fields = json.loads(record.read_text())

    assert fields["status"] == "skipped"
    assert "set TF_ENABLE_ONEDNN_OPTS=1" in fields["reason"]


@pytest.mark.parametrize("xla", [False, True], ids=["plain", "xla"])
def test_frozen_graph_gives_the_loss_of_the_evaluation_graph(*, xla: bool) -> None:
    """Folding variables into constants changes no result and leaves no variable to be read."""
    evaluation = run(CELL).facts()
    kernel = run(replace(CELL, graph=Graph.FROZEN, xla=xla))
    facts = kernel.facts()
    held = [tensor.dtype.name for tensor in kernel._function.captured_inputs]

    assert facts.loss == pytest.approx(evaluation.loss, rel=1e-4)
    assert facts.xla == ("jit_compile" if xla else "off")
    # The counts of hits are the only variables of a frozen step.
    assert held == ["resource", "resource"]


def randomize_statistics(model: Any) -> None:
    """Give every batch normalisation the numbers that training might have left it."""
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            size = layer.gamma.shape
            layer.gamma.assign(generator.uniform(0.5, 1.5, size))
            layer.beta.assign(generator.normal(0, 0.5, size))
            layer.moving_mean.assign(generator.normal(0, 0.5, size))
            layer.moving_variance.assign(generator.uniform(0.5, 2, size))


@pytest.mark.parametrize(
    ("trained", "xla"),
    [(False, False), (True, False), (True, True)],
    ids=["new", "trained", "trained-xla"],
)
def test_folding_keeps_the_answer_and_the_network(*, trained: bool, xla: bool) -> None:
    """Logits are those of the fused batch normalisation, whatever its statistics.

    Folding leaves every variable of the network as it was.
    """
    import keras
    import tensorflow as tf

    from suite.kernels.tensorflow.batches import synthetic_batch
    from suite.kernels.tensorflow.layers import (
        FoldableBatchNormalization,
        FusedBatchNormalization,
    )
    from suite.kernels.tensorflow.resnet50 import resnet50
    from suite.kernels.tensorflow.steps import frozen

    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(0)
    model = resnet50(32, normalization=FoldableBatchNormalization)
    if trained:
        randomize_statistics(model)
    fused = resnet50(32, normalization=FusedBatchNormalization)
    fused.set_weights(model.get_weights())
    images = tf.constant(synthetic_batch(4, 32, seed=0)[0])
    forward = frozen(model, tf.TensorSpec.from_tensor(images))
    folded = tf.function(forward, jit_compile=xla, autograph=False)(images).numpy()
    expected = fused(images, training=False).numpy()

    np.testing.assert_allclose(folded, expected, atol=1e-4 * np.abs(expected).max())
    for before, after in zip(fused.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.AMP])
def test_frozen_graph_drops_no_work_that_a_trained_network_has(precision: Precision) -> None:
    """Every convolution of a new network still adds an offset; none was zero and left out.

    A CPU without bfloat16 in its instructions adds it in an operation of its own.
    """
    kernel = run(replace(CELL, graph=Graph.FROZEN, precision=precision))
    convolutions = [node for node in kernel._executed if "Conv2D" in node.op]
    fused = [node for node in convolutions if b"BiasAdd" in node.attr["fused_ops"].list.s]
    names = {node.name for node in convolutions}
    alone = [node for node in kernel._executed if node.op == "BiasAdd" and node.input[0] in names]

    assert len(convolutions) == 53
    assert len(fused) + len(alone) == 53


def test_an_offset_of_zero_is_added_in_every_type() -> None:
    """What stands for a layer's zeros is no zero either, in float16 least of all.

    One offset that is not zero keeps all the zeros beside it.
    """
    import tensorflow as tf

    from suite.kernels.tensorflow.layers import _never_all_zero

    for kind in (tf.float32, tf.bfloat16, tf.float16):
        zeros = _never_all_zero(tf.zeros(3, kind)).numpy()
        assert all(0 < float(value) < 1e-7 for value in zeros)
        some = tf.constant([0.0, 2.0, 0.0], kind)
        assert list(_never_all_zero(some).numpy()) == [0, 2, 0]


def test_forward_graph_ends_at_the_logits() -> None:
    """A forward step puts out the network's logits, and has no loss to report."""
    kernel = run(replace(CELL, graph=Graph.FORWARD))
    facts = kernel.facts()
    images, _ = kernel._batches.next()

    np.testing.assert_allclose(
        kernel._output, kernel._model(images, training=False), rtol=1e-3, atol=1e-4
    )
    assert facts.loss is None
    assert "Softmax" not in {node.op for node in kernel._executed}


def test_auto_clustering_is_proven_by_its_clusters(tmp_path: Path) -> None:
    """A process with the environment that the cell needs compiled parts of the step."""
    command = [sys.executable, "-m", "suite.kernels", "--mode=inference_benchmark", "--xla"]
    command += ["--xla_mode=auto_clustering", "--batch_size=2", "--synthetic_data_size=32"]
    command += ["--warmup_steps=0", "--num_iter=1", "--iter_unit=batch", "--results_dir"]
    subprocess.run([*command, str(tmp_path)], check=True, capture_output=True)
    (record,) = tmp_path.glob("*.json")
    conditions = json.loads(record.read_text())["conditions"]

    assert conditions["xla"] == "auto_clustering"
    assert conditions["xla_clusters"] > 0


def test_xla_on_a_cpu_is_said_to_widen_bfloat16() -> None:
    """A record of AMP with XLA on a CPU does not claim bfloat16 arithmetic it did not have."""
    from suite.kernels.tensorflow.arithmetic import xla_compute_type

    assert xla_compute_type("float32") == "float32"
    assert xla_compute_type("bfloat16") == "float32"


def test_tf32_needs_a_device_that_has_it() -> None:
    """A TF32 cell on a CPU ends before anything is measured."""
    with pytest.raises(InvalidLaunchError, match="TF32 needs a GPU"):
        tensorflow.build(replace(CELL, precision=Precision.TF32), KernelOptions())


def test_a_batch_kept_on_the_gpu_needs_one() -> None:
    """Without a GPU the cell gives no number under that name."""
    with pytest.raises(InvalidLaunchError, match="can stay only on a GPU"):
        tensorflow.build(replace(CELL, data=Data.SYNTHETIC_DEVICE), KernelOptions())


def test_missing_tensorflow_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without TensorFlow the user is told how to get it."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)

    with pytest.raises(MissingComponentError, match=r"pip install -e '\.\[cpu\]'"):
        tensorflow.import_for(CELL)
