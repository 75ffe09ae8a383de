"""A line that is redrawn on a terminal; a pipe or a file gets only what stays."""

import os
from contextlib import suppress
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.text import Text

from suite.cli.progress import shows_live
from suite.model.text import shown
from suite.streams import drawing_stream

_Own = TypeVar("_Own", bound="LiveLine")


class LiveLine:
    """The line while something goes on; `is_drawn` says whether there is a terminal for it."""

    def __init__(self) -> None:
        self._console = Console(file=drawing_stream(), highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self.is_drawn = shows_live(self._console)

    def __enter__(self: _Own) -> _Own:
        if self.is_drawn:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_drawn:
            self._live.stop()

    def draw(self, text: str) -> None:
        """Put this in place of what is drawn, on a terminal."""
        if self.is_drawn:
            self._live.update(Text(shown(text), no_wrap=True), refresh=True)

    def keep(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(Text(shown(text)), soft_wrap=True)

    def interrupt(self, text: str) -> None:
        """Say something from a signal handler, which may interrupt a drawing."""
        line = f"\r\x1b[2K{text}" if self.is_drawn else f"{text}\n"
        with suppress(OSError):
            os.write(2, line.encode())
