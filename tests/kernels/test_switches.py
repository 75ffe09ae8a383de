"""Each switch of a cell, with its effect taken away: the launch is caught and gives no number.

Compression of gradients, which needs ranks, is in test_horovod_ranks.py.
"""

import os
import platform
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import make_cell

from suite.kernels import tensorflow
from suite.kernels.interface import InvalidLaunchError, KernelOptions
from suite.model.cell import Cell, Data, Graph, Layout, Mode, Precision, XlaMode
from suite.model.recipe import Recipe

pytestmark = pytest.mark.slow

CELL = make_cell(batch_size=2, image_size=32)
Patch = pytest.MonkeyPatch


def run(cell: Cell, options: KernelOptions | None = None) -> Any:
    kernel = tensorflow.build(cell, options or KernelOptions())
    kernel.compile()
    kernel.step()
    return kernel


def policy_stays(patch: Patch) -> None:
    import keras

    keras.config.set_dtype_policy("float32")
    patch.setattr("keras.config.set_dtype_policy", lambda _policy: None)


def compiler_is_not_reached(patch: Patch) -> None:
    patch.setattr("suite.kernels.tensorflow.kernel.compiles_whole", lambda _cell: False)


def compiler_runs_unasked(patch: Patch) -> None:
    patch.setattr("suite.kernels.tensorflow.kernel.compiles_whole", lambda _cell: True)


def nothing_clusters(_patch: Patch) -> None:
    """The environment variable is read when TensorFlow is imported, and this process has none."""


def channels_stay_last(patch: Patch) -> None:
    from suite.kernels.tensorflow.resnet50 import resnet50 as build

    def channels_last(*arguments: Any, channels_first: bool, **others: Any) -> Any:
        assert channels_first
        return build(*arguments, channels_first=False, **others)

    patch.setattr("suite.kernels.tensorflow.kernel.resnet50", channels_last)


def nothing_freezes(patch: Patch) -> None:
    patch.setattr(
        "suite.kernels.tensorflow.kernel.frozen",
        lambda model, _images: lambda images: model(images, training=False),
    )


def evaluates_anyway(patch: Patch) -> None:
    from suite.kernels.tensorflow.steps import evaluation_step

    patch.setattr("suite.kernels.tensorflow.kernel.forward_step", evaluation_step)


def stops_at_the_logits(patch: Patch) -> None:
    from suite.kernels.tensorflow.steps import forward_step

    patch.setattr("suite.kernels.tensorflow.kernel.evaluation_step", forward_step)


def freezes_unasked(patch: Patch) -> None:
    import tensorflow as tf

    from suite.kernels.tensorflow import kernel
    from suite.kernels.tensorflow.steps import frozen

    build = kernel._inference_step

    def always_frozen(_graph: Graph, model: Any, images: tf.Tensor) -> Any:
        folded = frozen(model, tf.TensorSpec.from_tensor(images))
        return build(Graph.EVALUATION, lambda batch, training: folded(batch), images)  # noqa: ARG005

    patch.setattr(kernel, "_inference_step", always_frozen)


def float32_is_rounded(patch: Patch) -> None:
    """As TF32 does it, below TensorFlow's own switch."""
    import tensorflow as tf

    from suite.kernels.tensorflow import arithmetic

    def tf32(images: Any, kernel: Any) -> Any:
        bits = tf.bitcast(images, tf.int32)
        rounded = tf.bitwise.bitwise_and(bits + 0x1000, tf.constant(~0x1FFF, tf.int32))
        return tf.nn.conv2d(tf.bitcast(rounded, tf.float32), kernel, strides=1, padding="SAME")

    assert arithmetic.float32_bits(xla=False) == 16
    patch.setattr(arithmetic, "_convolve", tf32)


XLA = replace(CELL, xla=True)
SWITCHES: dict[str, tuple[Cell, Callable[[Patch], None], str]] = {
    "amp": (
        replace(CELL, precision=Precision.AMP),
        policy_stays,
        r"amp means bfloat16 here, but .* in float32",
    ),
    "xla on": (
        XLA,
        compiler_is_not_reached,
        "XLA is declared jit_compile, but off is what ran",
    ),
    "xla off": (CELL, compiler_runs_unasked, "XLA is declared off, but jit_compile is what ran"),
    "auto-clustering": (
        replace(XLA, xla_mode=XlaMode.AUTO_CLUSTERING),
        nothing_clusters,
        "declared auto_clustering, but off is what ran",
    ),
    "layout": (
        replace(CELL, layout=Layout.NCHW),
        channels_stay_last,
        "NCHW is declared, but convolutions ran in NHWC",
    ),
    "frozen": (
        replace(CELL, graph=Graph.FROZEN),
        nothing_freezes,
        "graph frozen is declared, but the step read [1-9][0-9]* variables",
    ),
    "frozen, compiled": (
        replace(XLA, graph=Graph.FROZEN),
        nothing_freezes,
        "graph frozen is declared, but the step read [1-9][0-9]* variables",
    ),
    "forward": (
        replace(CELL, graph=Graph.FORWARD),
        evaluates_anyway,
        "graph forward is declared, but the step computed a loss",
    ),
    "evaluation": (
        CELL,
        stops_at_the_logits,
        "graph evaluation is declared, but the step computed no loss",
    ),
    "evaluation, frozen": (
        CELL,
        freezes_unasked,
        "graph evaluation is declared, but the step read no variable: it is frozen",
    ),
    "float32": (CELL, float32_is_rounded, "keep only 10 mantissa bits"),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_without_effect_is_invalid(switch: str, monkeypatch: Patch) -> None:
    """What a cell declares and what ran are compared on the graph that was executed."""
    cell, disable, words = SWITCHES[switch]
    disable(monkeypatch)
    kernel = run(cell)

    with pytest.raises(InvalidLaunchError, match=words):
        kernel.facts()


@pytest.mark.parametrize(
    ("declared", "before", "words"),
    [
        (Precision.FP32, True, "fp32 is declared, but TensorFlow's switch for TF32 is on"),
        (Precision.TF32, False, "tf32 is declared, but TensorFlow's switch for it is off"),
    ],
)
def test_a_tf32_switch_without_effect_is_invalid(
    declared: Precision, words: str, monkeypatch: Patch, *, before: bool
) -> None:
    """TensorFlow is asked whether its switch stands as the cell has it; AMP leaves it on."""
    import tensorflow as tf

    from suite.kernels.tensorflow.switches import apply_precision, check_tf32_switch

    monkeypatch.setattr("suite.kernels.tensorflow.switches._has_tf32", lambda: True)
    for precision in Precision:
        apply_precision(precision, on_gpu=False)
        check_tf32_switch(precision)
    tf.config.experimental.enable_tensor_float_32_execution(before)
    switch = "tensorflow.config.experimental.enable_tensor_float_32_execution"
    monkeypatch.setattr(switch, lambda _on: None)
    apply_precision(declared, on_gpu=False)

    with pytest.raises(InvalidLaunchError, match=words):
        check_tf32_switch(declared)


def test_tf32_that_the_environment_forbids_is_invalid(monkeypatch: Patch) -> None:
    """The libraries' own variable overrules TensorFlow's switch."""
    monkeypatch.setattr("suite.kernels.tensorflow.switches._has_tf32", lambda: True)
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    kernel = run(replace(CELL, precision=Precision.TF32))

    with pytest.raises(InvalidLaunchError, match="NVIDIA_TF32_OVERRIDE=0 switches it off"):
        kernel.facts()


def test_a_batch_that_is_not_on_the_gpu_is_invalid(monkeypatch: Patch) -> None:
    """Images that stayed on the host are not those of a cell that keeps them on the GPU."""
    from suite.kernels.tensorflow.batches import open_batches

    monkeypatch.setattr("tensorflow.config.get_visible_devices", lambda _kind: ["a GPU"])
    monkeypatch.setattr("tensorflow.device", nullcontext)
    batches = open_batches(replace(CELL, data=Data.SYNTHETIC_DEVICE), KernelOptions())

    with pytest.raises(InvalidLaunchError, match="put on the GPU, but is on CPU"):
        batches.facts()


@pytest.mark.parametrize(
    ("graph", "words"),
    [(Graph.EVALUATION, "the loss is nan"), (Graph.FORWARD, "some logits are not finite")],
)
def test_a_result_that_is_not_finite_is_invalid(graph: Graph, words: str) -> None:
    """A network that overflowed gives no number."""
    kernel = run(replace(CELL, graph=graph))
    kernel._model.get_layer("logits").bias.assign(np.full(1001, np.nan))
    kernel.step()

    with pytest.raises(InvalidLaunchError, match=words):
        kernel.facts()


@pytest.mark.parametrize(
    ("precision", "on_gpu", "given", "kind"),
    [
        (Precision.AMP, True, 128.0, "StaticScale"),
        (Precision.AMP, True, None, "DynamicScale"),
        (Precision.AMP, False, 128.0, "NoneType"),
        (Precision.FP32, True, 128.0, "NoneType"),
    ],
)
def test_float16_alone_scales_its_loss(
    precision: Precision, given: float | None, kind: str, *, on_gpu: bool
) -> None:
    """By 128 as published, or by what the gradients allow; bfloat16 has the range of float32."""
    from suite.kernels.tensorflow.kernel import loss_scale_of

    cell = replace(CELL, mode=Mode.TRAINING, precision=precision)
    scale = loss_scale_of(cell, Recipe(static_loss_scale=given), on_gpu=on_gpu)

    assert type(scale).__name__ == kind
    if kind == "StaticScale":
        assert scale is not None
        assert float(scale.value()) == 128


def test_a_cpu_without_onednn_is_told_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a processor of the make that oneDNN is for, and on no other."""
    from tensorflow.python.util import _pywrap_util_port

    from suite.kernels.tensorflow import switches

    monkeypatch.setattr(_pywrap_util_port, "IsMklEnabled", lambda: False)

    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert "TF_ENABLE_ONEDNN_OPTS=1" in (switches.software_facts().onednn_remedy or "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert switches.software_facts().onednn_remedy is None


def test_what_tensorflow_computes_with_is_told() -> None:
    """Threads are numbers that the process bears out, and oneDNN's kernels are told to be on."""
    facts = run(CELL).facts()
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]

    assert facts.inter_op_threads == names.count("tf_Compute")
    assert facts.intra_op_threads == len(os.sched_getaffinity(0))
    assert facts.onednn is (facts.onednn_operations > 0)
    assert facts.onednn_remedy is None
    assert facts.tf32_allowed is False
