"""A trained network: the file that holds its variables, and what its training said of it."""

from dataclasses import dataclass

from suite.model.training import Evaluation
from suite.model.training_record import TrainingHeader

# The endings of files that hold a network: a checkpoint of a training, and an export of one.
CHECKPOINT, KERAS = ".ckpt", ".keras"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedNetwork:
    """The file of a network, and what is known of it.

    `sha256` is that at the beginning of a checkpoint, as `events.jsonl` has it, or that of all of
    an exported file. `step` is the step after which a checkpoint was written, None for an export.
    `header` is that of its training, of which `recorded` is the evaluation after this step; both
    are None where they are not known. `is_last` says that no step of the training was to follow.
    `notes` say what was passed over on the way to this file.
    """

    path: str
    sha256: str
    step: int | None = None
    header: TrainingHeader | None = None
    recorded: Evaluation | None = None
    is_last: bool = False
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of its training, or else of its file."""
        if self.header is not None:
            return self.header.training.name
        return self.path.rpartition("/")[2].rpartition(".")[0] or "network"
