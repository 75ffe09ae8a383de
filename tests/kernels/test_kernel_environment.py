"""Variables that a launch needs before TensorFlow is imported."""

import pytest

from suite.core.cell import Cell, Mode, Precision
from suite.kernels.environment import launch_environment


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

    assert launch_environment(cell, on_gpu=on_gpu).get("NVIDIA_TF32_OVERRIDE") == override
