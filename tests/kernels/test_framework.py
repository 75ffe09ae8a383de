"""suite.kernels.tensorflow as a framework: its environment, and how it reports errors."""

import pytest

from suite.kernels.tensorflow import (
    MPI_YIELDS,
    cause,
    environment,
    is_out_of_memory,
    reports_out_of_memory,
)
from suite.model.cell import Cell, Mode, Precision


@pytest.mark.parametrize(
    ("precision", "on_gpu", "override"),
    [
        (Precision.FP32, True, "0"),
        (Precision.FP32, False, None),
        (Precision.TF32, True, None),
        (Precision.AMP, True, None),
    ],
)
def test_tf32_is_switched_off_only_for_fp32_on_a_gpu(
    precision: Precision, *, on_gpu: bool, override: str | None
) -> None:
    """The libraries' own TF32 switch is off where the cell says fp32, else left alone."""
    cell = Cell(mode=Mode.INFERENCE, precision=precision, xla=False, batch_size=1)

    assert environment(cell, on_gpu=on_gpu).get("NVIDIA_TF32_OVERRIDE") == override


@pytest.mark.parametrize(
    ("gpus", "on_gpu", "yields"), [(2, False, "1"), (2, True, None), (1, False, None)]
)
def test_ranks_that_wait_give_way_only_on_a_cpu(
    gpus: int, *, on_gpu: bool, yields: str | None
) -> None:
    """Where ranks compute on the cores they would wait on; on GPUs MPI is left as published."""
    cell = Cell(mode=Mode.TRAINING, precision=Precision.FP32, xla=False, batch_size=1, gpus=gpus)

    assert environment(cell, on_gpu=on_gpu).get(MPI_YIELDS) == yields


# As TensorFlow 2.21 words an error in a graph.
IN_A_GRAPH = """\
Graph execution error:

Detected at node gradient_158 defined at (most recent call last):
  File "suite/kernels/__main__.py", line 6, in <module>

  File "suite/cli/kernel.py", line 40, in main

{}
\t [[{{{{node gradient_158}}}}]]
Hint: If you want to see a list of allocated tensors, add report_tensor_allocations_upon_oom.
 [Op:__inference_step_6839]"""
# As it did on an H100.
OOM = (
    "OOM when allocating tensor with shape[2048,256,56,56] and type float on"
    " /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc"
)
LOST = "Horovod has been shut down. This was caused by an exception on one of the ranks."


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError(IN_A_GRAPH.format(LOST)), f"RuntimeError: {LOST}"),
        (ValueError("first\nsecond"), "ValueError: first"),
        (ValueError("Graph execution error:"), "ValueError: Graph execution error:"),
        (KeyError(), "KeyError: no message"),
        (
            RuntimeError(f"{{{{function_node __inference_<lambda>_5593}}}} {OOM}"),
            f"RuntimeError: {OOM}",
        ),
    ],
    ids=["lost rank", "two lines", "only where", "empty", "in a function"],
)
def test_a_reason_says_what_happened(error: Exception, words: str) -> None:
    """The line with the cause, not the one that TensorFlow puts before every error of a graph."""
    assert cause(error) == words


class ResourceExhaustedError(Exception):
    """As TensorFlow's; it is known by its name, so that nothing has to be imported."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ResourceExhaustedError("OOM when allocating tensor"), True),
        (ResourceExhaustedError(f"{{{{function_node __inference_<lambda>_5593}}}} {OOM}"), True),
        (MemoryError(IN_A_GRAPH.format("OOM when allocating tensor")), True),
        (RuntimeError("RESOURCE_EXHAUSTED: failed to allocate"), True),
        (RuntimeError("CUDA_ERROR_OUT_OF_MEMORY"), True),
        (RuntimeError("no luck"), False),
    ],
)
def test_errors_of_memory_are_told_from_others(error: Exception, *, expected: bool) -> None:
    """By the class of the error, or by its text where XLA raises another class."""
    assert is_out_of_memory(error) is expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("op_kernel.cc:1858] RESOURCE_EXHAUSTED: OOM when allocating tensor", True),
        ("terminate called after throwing an instance of 'std::bad_alloc'\nwhat()", True),
        ("Allocator ran out of memory. The caller indicates that this is not a failure", False),
        (
            "gpu_utils.cc:69] Failed to allocate memory for convolution redzone checking; benign",
            False,
        ),
        ("Segmentation fault", False),
    ],
)
def test_output_tells_why_a_process_died(output: str, *, expected: bool) -> None:
    """A warning of an allocation that TensorFlow can do without is not taken for the cause."""
    assert reports_out_of_memory(output) is expected
