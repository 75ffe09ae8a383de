"""How much of the measured time steps waited for their images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from suite.model.cell import Data
from suite.model.launch import Caution, CautionKind

# Above this share of the measured time a number describes the input rather than the network.
INPUT_BOUND_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class InputWait:
    """Seconds that measured steps waited for input, in all and as a share of their time."""

    seconds: float
    share: float

    def caution(self, data: Data) -> Caution | None:
        """A caution, with the remedy for this kind of data, if the input was the bottleneck."""
        if self.share <= INPUT_BOUND_SHARE:
            return None
        seen = (
            f"measured steps waited {self.share:.0%} of their time for images, so the number is"
            " that of the input"
        )
        remedy = CautionKind.INPUT_BOUND.remedy
        dali = f"decode with data: dali on a GPU, {remedy}"
        return CautionKind.INPUT_BOUND.caution(seen, dali if data is Data.TFRECORD else remedy)


def input_wait(wait_seconds: Sequence[float], step_seconds: Sequence[float]) -> InputWait | None:
    """The waits of the measured steps, which are the last ones, out of those of all batches.

    None if nothing was waited for.
    """
    if not wait_seconds or not step_seconds:
        return None
    waited = math.fsum(wait_seconds[-len(step_seconds) :])
    return InputWait(waited, waited / math.fsum(step_seconds))
