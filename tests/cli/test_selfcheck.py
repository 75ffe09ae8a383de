"""`bench.py selfcheck`."""

import pytest

from suite.cli import main

pytestmark = pytest.mark.slow


def test_every_promise_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """Each comparison runs for real, in small, and says whether its target is met."""
    code = main(["selfcheck", "--quick"])
    lines = capsys.readouterr().out.splitlines()
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("---")) + 1 : -2]

    assert code == 0
    assert [line.split("  ")[0] for line in table] == [
        "inference-fp32-bs2-1gpu-64px",
        "inference-amp-bs2-1gpu-64px",
        "inference-fp32-bs2-1gpu-64px-frozen",
        "inference-amp-bs2-1gpu-64px-frozen",
        "training-fp32-bs2-1gpu-64px",
        "timing, empty step",
        "timing, simulated kernel",
        "memory, inference-fp32-bs8-1gpu-64px",
        "telemetry, inference-fp32-bs1-1gpu-64px",
        "overhead, inference-fp32-bs1-1gpu-64px",
    ]
    assert all(" met " in line or "NOT MET" in line for line in table)
    assert lines[-1].endswith("of 10 targets met")
