"""One run at a time on a device: a file per device that its run holds locked.

The lock is the kernel's (flock), so it vanishes with its owner, however that one ended.
"""

import fcntl
import os
import re
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from suite.core.device import Machine
from suite.core.errors import InputError


def lock_names(machine: Machine) -> tuple[str, ...]:
    """Every GPU that launches can see here, else the CPU, as file names in a fixed order."""
    names = [gpu.uuid or f"gpu-{gpu.index}" for gpu in machine.gpus] or ["cpu"]
    return tuple(sorted(re.sub(r"[^\w-]", "-", name) for name in names))


@contextmanager
def hold_devices(
    names: Sequence[str], on_wait: Callable[[str], None] | None = None
) -> Iterator[Callable[[Path], None]]:
    """Hold the locks of these devices; the function given names the run directory in them.

    Where another run of this user has one, `on_wait` is told whose it is and the call waits for
    it; without `on_wait` it is refused.

    Raises:
        InputError: a device is in use, or no lock can be made.
    """
    with ExitStack() as held:
        files = [held.enter_context(_hold(name, on_wait)) for name in names]

        def announce(run_directory: Path) -> None:
            for descriptor in files:
                _sign(descriptor, f", running {run_directory}")

        yield announce


@contextmanager
def _hold(name: str, on_wait: Callable[[str], None] | None) -> Iterator[int]:
    path = _folder() / f"{name}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise InputError(f"{path}: cannot be locked ({error.strerror}); set TMPDIR") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 4096, 0).decode(errors="replace").strip()
            text = f"the device is in use by {owner or 'another run'}"
            if on_wait is None:
                raise InputError(f"{text}; wait for its end with --wait") from None
            on_wait(text)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sign(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _sign(descriptor: int, doing: str = "") -> None:
    """Write the owner, for whoever is refused; a full disk leaves the lock unsigned but held."""
    owner = f"process {os.getpid()} on {socket.gethostname()}{doing}\n"
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, owner.encode(), 0)


def _folder() -> Path:
    """A folder of this user alone; anybody may write beside it, so its owner is checked."""
    folder = Path(tempfile.gettempdir()) / f"resnet50-bench-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}); set TMPDIR") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise InputError(f"{folder}: is not a folder of this user; remove it or set TMPDIR")
    return folder
