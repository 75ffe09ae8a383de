"""The numbers of a training for TensorBoard: live while it goes on, or again from its events."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from suite.analysis.training_course import kept_parts
from suite.analysis.training_scalars import RunningPart, scalars_by_part
from suite.formats.tensorboard import (
    FOLDER,
    INSTALL,
    event_files,
    file_name,
    file_piece,
    is_installed,
)
from suite.model.errors import SuiteError
from suite.model.training_record import Began, Event, TrainingHeader
from suite.store.text import make_folder, write_bytes

MISSING_NOTE = f"TensorBoard gets no numbers of this training; for them: {INSTALL}"


def write_scalars(header: TrainingHeader, events: Sequence[Event], directory: Path) -> list[str]:
    """Write the event files of all parts; the name of their folder, nothing where none began.

    Raises:
        InputError: the directory cannot be written.
        ModuleNotFoundError: tensorboard is not installed.
    """
    files = event_files(scalars_by_part(header, events))
    if files:
        make_folder(directory / FOLDER)
    for name, content in files.items():
        write_bytes(directory / FOLDER / name, content)
    return [f"{FOLDER}/"] * bool(files)


class LiveScalars:
    """Appends what happens in a part of a training to its event file.

    `earlier` are the events of the parts before. Their files are written again without what has
    become void, so that no step is there twice, whatever reads them. A training goes on without its
    event file: `problem` says why that is incomplete, and is empty if it is whole.
    """

    def __init__(self, directory: Path, header: TrainingHeader, earlier: Sequence[Event]) -> None:
        self._directory = directory
        self._header = header
        self._earlier = earlier
        self._part: RunningPart | None = None
        self._file: BinaryIO | None = None
        self.problem = "" if is_installed() else MISSING_NOTE

    def __enter__(self) -> "LiveScalars":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def take(self, event: Event) -> None:
        """Write what is to be plotted of an event; returns when a reader of the file can see it."""
        if self.problem:
            return
        try:
            if isinstance(event, Began):
                self._begin(event)
            elif self._part is not None and self._file is not None:
                point = self._part.following(event)
                self._file.write(file_piece(point) if point is not None else b"")
        except OSError as error:
            self.problem = f"{self._place}: cannot be written ({error.strerror})"
        except Exception as error:  # noqa: BLE001 - a training matters more than its plots
            told = str(error) if isinstance(error, SuiteError) else f"{self._place}: {error}"
            self.problem = told

    @property
    def _place(self) -> Path:
        return self._directory / FOLDER

    def _begin(self, began: Began) -> None:
        events = [*self._earlier, began]
        write_scalars(self._header, events, self._directory)
        *parts, _ = kept_parts(events)
        kept = [event for part in parts for event in part.events]
        self._part = RunningPart(self._header, began, kept)
        self._file = (self._place / file_name(len(parts))).open("ab", buffering=0)
