"""suite.run.selfcheck.pipelines: record pipelines against the decoder alone."""

from pathlib import Path

import pytest
from builders import make_cell

from suite.model.check import Check, LeftOut
from suite.run.selfcheck.pipelines import pipeline_speeds

pytestmark = pytest.mark.slow

CELL = make_cell(batch_size=4, image_size=32)


def speeds() -> list[Check | LeftOut]:
    return list(pipeline_speeds(CELL, 2, 2, (60, 40), on_gpu=False))


@pytest.mark.dali
def test_each_pipeline_is_a_check_without_a_target() -> None:
    """Both are measured for real, a value a turn, and nothing is promised of them."""
    for check, name in zip(speeds(), ("pipeline, tf.data", "pipeline, DALI"), strict=True):
        assert isinstance(check, Check)
        assert check.name == name
        assert len(check.values) == 2
        assert check.met is None
        assert "of 60x40, decoded alone" in check.note


def test_without_dali_its_check_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The other is measured all the same, and it is said how to install what is missing."""
    missing = "raise ModuleNotFoundError(\"No module named 'nvidia.dali'\", name='nvidia.dali')\n"
    (tmp_path / "nvidia").mkdir()
    (tmp_path / "nvidia" / "__init__.py").write_text(missing)
    monkeypatch.syspath_prepend(tmp_path)
    measured, left_out = speeds()

    assert isinstance(measured, Check)
    assert isinstance(left_out, LeftOut)
    assert "pip install" in left_out.reason
    assert capfd.readouterr().err == ""
