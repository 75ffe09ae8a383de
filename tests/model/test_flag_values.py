"""suite.model.flag_values: a flag takes a number in its range, and says why not another."""

from argparse import ArgumentTypeError

import numpy as np
import pytest

from suite.model.bounds import Bounds
from suite.model.flag_values import SEEDS, checked, decimal, whole


def test_every_seed_is_one_that_numpy_takes() -> None:
    """And no other is given to it."""
    largest = whole(SEEDS)("4294967295")

    assert np.random.RandomState(largest).random() < 1
    with pytest.raises(ValueError, match="Seed must be between"):
        np.random.RandomState(largest + 1)
    with pytest.raises(ArgumentTypeError, match="'4294967296' is not a whole number from 0 to 42"):
        whole(SEEDS)("4294967296")


def test_a_flag_keeps_the_words_of_the_error() -> None:
    """Otherwise argparse would say only that the value is invalid."""

    def read(_: str) -> int:
        raise ValueError("is not what I want")

    with pytest.raises(ArgumentTypeError, match="^is not what I want$"):
        checked(read)("x")
    with pytest.raises(ArgumentTypeError, match="'2.5' is not a number from 3 to 4"):
        decimal(Bounds(3, 4))("2.5")
    assert decimal(Bounds(2, 4))("2.5") == 2.5
