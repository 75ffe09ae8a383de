"""A trained network: the file that holds its variables, and what its training said of it."""

from dataclasses import dataclass

from suite.model.training_course import Accuracy
from suite.model.training_record import TrainingHeader

# The endings of files that hold a network: a checkpoint of a training, and an export of one.
CHECKPOINT, KERAS = ".ckpt", ".keras"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedNetwork:
    """The file of a network, and what is known of it.

    `sha256` is that at the beginning of a checkpoint, as `events.jsonl` has it, or that of all of
    an exported file. `step` is the step after which a checkpoint was written, None for an export.
    `training` names its training, of which `header` is the header and `recorded` the accuracy after
    this step, and `image_size` is that of its images in pixels; each is None where it is not known.
    `is_last` says that no step of the training was to follow. `notes` say what was passed over on
    the way to this file.
    """

    path: str
    sha256: str
    step: int | None = None
    training: str | None = None
    header: TrainingHeader | None = None
    recorded: Accuracy | None = None
    image_size: int | None = None
    is_last: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its training, or else of its file."""
        return self.training or self.path.rpartition("/")[2].rpartition(".")[0] or "network"
