"""suite.analysis.input_wait: cells bound by their input told from those bound by the network."""

import pytest

from suite.analysis.input_wait import input_wait
from suite.model.cell import Data
from suite.model.launch import CautionKind


def test_only_measured_steps_count() -> None:
    """Waits of compilation and warm-up, which come first, are left out."""
    waited = input_wait([9.0, 9.0, 0.1, 0.3], [1.0, 1.0])

    assert waited is not None
    assert waited.seconds == pytest.approx(0.4)
    assert waited.share == pytest.approx(0.2)


def test_a_kernel_without_input_has_no_wait() -> None:
    """Synthetic images are not said to have been waited for 0 s."""
    assert input_wait([], [1.0]) is None


def test_a_large_share_is_a_caution_with_a_remedy() -> None:
    """Above a tenth of the time the number is the input's, and the caution says what to do.

    Cells that have DALI already are not told to take it.
    """
    bound, free = input_wait([0.11], [1.0]), input_wait([0.10], [1.0])

    assert bound is not None
    assert free is not None
    caution, dali = bound.caution(Data.TFRECORD), bound.caution(Data.DALI)
    assert caution is not None
    assert caution.kind is CautionKind.INPUT_BOUND
    assert "waited 11% of their time" in caution.text
    assert "data: dali" in caution.text
    assert dali is not None
    assert "data: dali" not in dali.text
    assert "more decode_threads, or measure the network alone" in dali.text
    assert free.caution(Data.TFRECORD) is None
