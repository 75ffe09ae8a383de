"""suite.formats.plots where matplotlib would complain: a process for each environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DRAW = """
from suite.model.cell import Cell, Mode, Precision
from suite.model.report import CurvePoint, Estimator, ScalingCurve, ScalingKind
from suite.formats.plots import scaling_svg

base = Cell(mode=Mode.TRAINING, precision=Precision.FP32, xla=False, batch_size=8)
curve = ScalingCurve(base=base, points=(CurvePoint(1, 5.0), CurvePoint(2, 8.0)), factor=1.6,
                     of_linear=0.8)
print(scaling_svg([curve], [], kind=ScalingKind.WEAK, subtitle="a run", rank="GPU",
                  estimator=Estimator.ELAPSED))
"""


def draw(**variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", DRAW],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("case", ["no writable folder", "unknown backend", "settings of a user"])
def test_the_environment_neither_shows_nor_matters(tmp_path: Path, case: str) -> None:
    """No word on stderr and the very same plot, whatever matplotlib finds around it."""
    (tmp_path / "file").write_text("")
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nno.such.key: 1\n")
    variables = {
        "no writable folder": {"MPLCONFIGDIR": str(tmp_path / "file" / "below")},
        "unknown backend": {"MPLBACKEND": "nonsense"},
        "settings of a user": {"MPLCONFIGDIR": str(tmp_path)},
    }
    done, usual = draw(**variables[case]), draw()

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == usual.stdout
    assert "<svg" in done.stdout
