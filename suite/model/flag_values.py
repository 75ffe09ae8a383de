"""Types of command-line flags, for argparse: each checks a text and returns its value."""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

from suite.model.bounds import Bounds

Value = TypeVar("Value")

# What NumPy and Keras take as a seed.
SEEDS = Bounds(0, 2**32 - 1)


def whole(bounds: Bounds) -> Callable[[str], int]:
    """The type of a flag that takes a whole number within bounds."""
    return checked(bounds.whole)


def decimal(bounds: Bounds) -> Callable[[str], float]:
    """The type of a flag that takes a number within bounds."""
    return checked(bounds.decimal)


def checked(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """The type of a flag from a function that raises ValueError, whose message is kept."""

    def value(text: str) -> Value:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return value
