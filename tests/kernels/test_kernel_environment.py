"""Variables that a launch needs before TensorFlow is imported."""

import pytest
from builders import make_cell

from suite.kernels.tensorflow.environment import MPI_YIELDS, launch_environment
from suite.model.cell import Mode, Precision


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
    cell = make_cell(precision=precision, batch_size=1)

    assert launch_environment(cell, on_gpu=on_gpu).get("NVIDIA_TF32_OVERRIDE") == override


@pytest.mark.parametrize(
    ("gpus", "on_gpu", "yields"), [(2, False, "1"), (2, True, None), (1, False, None)]
)
def test_ranks_that_wait_give_way_only_on_a_cpu(
    gpus: int, *, on_gpu: bool, yields: str | None
) -> None:
    """Where ranks compute on the cores they would wait on; on GPUs MPI is left as published."""
    cell = make_cell(mode=Mode.TRAINING, batch_size=1, gpus=gpus)

    assert launch_environment(cell, on_gpu=on_gpu).get(MPI_YIELDS) == yields
