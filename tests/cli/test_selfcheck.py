"""`bench.py selfcheck`."""

import pytest

from suite.cli import main

pytestmark = pytest.mark.slow


def test_every_promise_is_measured(capfd: pytest.CaptureFixture[str]) -> None:
    """Each comparison runs for real, in small, too small to be judged by the targets.

    Nothing is wider than a terminal, and TensorFlow's own lines are not among them.
    """
    code = main(["selfcheck", "--quick"])
    out, err = capfd.readouterr()
    lines = out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("---")) + 1
    told = [line for line in lines[first : lines.index("", first)] if "pipeline, DALI" not in line]

    assert code == 0
    assert err == ""
    assert max(map(len, lines)) <= 100
    assert [line.split("  ")[0] for line in told] == [
        "inference-fp32-bs2-1gpu-64px",
        "inference-amp-bs2-1gpu-64px",
        "inference-fp32-bs2-1gpu-64px-frozen",
        "inference-amp-bs2-1gpu-64px-frozen",
        "training-fp32-bs2-1gpu-64px",
        "inference-fp32-xla-bs2-1gpu-64px",
        "training-fp32-xla-bs2-1gpu-64px",
        "pipeline, tf.data",
        "timing, empty step",
        "memory, inference-fp32-bs8-1gpu-64px",
        "telemetry, inference-fp32-bs1-1gpu-64px",
        "overhead, inference-fp32-bs1-1gpu-64px",
        "forked step, inference-fp32-bs1-1gpu-64px",
        "forked spread, inference-fp32-bs1-1gpu-64px",
    ]
    assert "met" not in out.lower().split()
    assert lines[-1] == "no target was judged"
