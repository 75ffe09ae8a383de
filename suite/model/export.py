"""What an export of a trained network holds, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass

from suite.model.quantities import PositiveCount
from suite.model.training_course import Accuracy

INPUT = "float32 images [batch, image_size, image_size, 3], RGB of 0 to 255, not normalised"
OUTPUT = "float32 logits [batch, 1001], of which a softmax makes probabilities"
LABELS = "the class at index i has the label i + 1 in the records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What export.json holds.

    `training` is the name of the recipe, None where it is not known. `source` is the file of the
    network, `source_sha256` and `step` as for a trained network, `recorded` what its training found
    on its validation split. `files` has the SHA-256 of each file by its path in the export.
    """

    training: str | None
    source: str
    source_sha256: str
    step: int | None
    recorded: Accuracy | None
    image_size: PositiveCount
    suite: str
    tensorflow: str | None
    keras: str | None
    files: Mapping[str, str]
    input: str = INPUT
    output: str = OUTPUT
    labels: str = LABELS

    @property
    def contradiction(self) -> str | None:
        """Nothing in it can contradict the rest."""
        return None
