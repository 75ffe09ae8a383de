"""One run at a time on a device, and in a run directory: files that a run holds locked.

The locks are the kernel's (flock), so they vanish with their owner, however it ended.
"""

import errno
import fcntl
import os
import re
import socket
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from suite.model.cell import Cell, KernelName
from suite.model.device import Machine, for_cells
from suite.model.errors import InputError
from suite.model.text import shown
from suite.store.text import RUN_LOCK

# Every user of a machine must find the same folder, whatever TMPDIR or private /tmp a job has.
# The first that exists and is open to all holds the locks: the first on Debian, else the second.
SHARED_FOLDERS = (Path("/run/lock"), Path("/dev/shm"))  # noqa: S108 - shared on purpose
# Names another folder, for a machine that has neither, or to share one with containers.
FOLDER_VARIABLE = "RESNET50_BENCH_LOCK_DIR"

LOCK_PREFIX = "resnet50-bench-"
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


def lock_names(machine: Machine) -> tuple[str, ...]:
    """Every GPU that launches can see here, else the CPU, as file names in a fixed order."""
    names = [gpu.uuid or f"gpu-{gpu.index}" for gpu in machine.gpus] or ["cpu"]
    return tuple(sorted(map(lock_name, names)))


def lock_name(device: str) -> str:
    """The name of a device as part of a file name."""
    return re.sub(r"[^\w-]", "-", device)


def locks_for(cells: Sequence[Cell], machine: Machine) -> tuple[str, ...]:
    """The devices that these cells use; the simulated kernel uses none, nor does an absent GPU."""
    real = [cell for cell in cells if cell.kernel is not KernelName.SIMULATED]
    here = for_cells(real, machine)
    return lock_names(here) if here.gpus or any(cell.gpu is None for cell in real) else ()


@contextmanager
def hold_devices(
    names: Sequence[str], on_wait: Callable[[str], None] | None = None
) -> Iterator[Callable[[Path], None]]:
    """Hold the locks of these devices; call the function given to name the run directory in them.

    If another run, of any user, has a device, `on_wait` is called with the owner and the call
    waits; without `on_wait` it is refused.

    Raises:
        InputError: a device is in use, or no lock can be made.
    """
    with ExitStack() as held:
        files = [held.enter_context(_hold_device(name, on_wait)) for name in names]

        def announce(run_directory: Path) -> None:
            for descriptor in files:
                _sign(descriptor, f", running {run_directory}")

        yield announce


@contextmanager
def hold_run(directory: Path) -> Iterator[None]:
    """Hold a run directory, so that no other run fills it at the same time.

    On a file system without locks (some parallel ones) nothing is held, and nothing refused.

    Raises:
        InputError: another run holds it, or it cannot be written.
    """
    path = directory / RUN_LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(descriptor) or "another run"
            raise InputError(
                f"{directory}: is being filled by {owner}; wait for its end, or stop it first"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise InputError(f"{path}: cannot be locked ({error.strerror})") from None
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _hold_device(name: str, on_wait: Callable[[str], None] | None) -> Iterator[int]:
    path = _shared_folder() / f"{LOCK_PREFIX}{name}.lock"
    while True:
        descriptor = _open_shared(path)
        try:
            _lock(descriptor, on_wait)
            # If the file was removed meanwhile, the next run would lock another one.
            if _is_at(descriptor, path):
                _sign(descriptor)
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, on_wait: Callable[[str], None] | None) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = f"the device is in use by {_owner(descriptor) or 'another run'}"
        if on_wait is None:
            raise InputError(f"{text}; wait for its end with --wait") from None
        on_wait(text)
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _open_shared(path: Path) -> int:
    """A lock file that every user may lock and sign; links, pipes and the like are refused.

    An existing file is opened without O_CREAT, which Linux refuses (fs.protected_regular) for
    another user's file in a folder that all may write to.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            with suppress(FileExistsError):
                created = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
                os.fchmod(created, 0o666)  # whatever the umask says
                return created
            descriptor = os.open(path, flags)
    except OSError as error:
        reason = "is a link" if error.errno == errno.ELOOP else f"({error.strerror})"
        raise InputError(
            f"{path}: cannot be locked: {reason}; have its owner remove it, or set"
            f" {FOLDER_VARIABLE} to a folder that all users of this machine share"
        ) from None
    found = os.fstat(descriptor)
    # A hard link planted here would have another file overwritten.
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise InputError(f"{path}: is not a lock file of this suite; remove it")
    return descriptor


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _owner(descriptor: int) -> str:
    """The owner that is written in the lock."""
    text = os.pread(descriptor, 500, 0).decode(errors="replace").partition("\n")[0]
    return shown(text.strip())


def _sign(descriptor: int, doing: str = "") -> None:
    """Write the owner, for other runs to report; if the disk is full, the lock is held unsigned."""
    owner = f"process {os.getpid()} on {socket.gethostname()}{doing}\n"
    with suppress(OSError, UnicodeEncodeError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, owner.encode(), 0)


def _shared_folder() -> Path:
    """Where the locks of this machine's devices lie, the same for all its users.

    Raises:
        InputError: there is no such folder, or the one that was named is not safe.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        if not os.path.lexists(named):
            raise InputError(f"{FOLDER_VARIABLE}: {named} does not exist; make that folder")
        if not _is_safe(Path(named)):
            raise InputError(
                f"{FOLDER_VARIABLE}: {named} must be a folder, not a link, that belongs to root or"
                " to you, and have the sticky bit (chmod 1777) if others may write to it"
            )
        return Path(named)
    for folder in SHARED_FOLDERS:
        if _is_safe(folder) and folder.stat().st_mode & stat.S_IWOTH:
            return folder
    raise InputError(
        f"neither {' nor '.join(map(str, SHARED_FOLDERS))} is a folder that all users may write"
        f" to; set {FOLDER_VARIABLE} to one that they share"
    )


def _is_safe(folder: Path) -> bool:
    """Whether only root and the file's owner can remove or replace a file in it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    shared = found.st_mode & (stat.S_IWOTH | stat.S_IWGRP)
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid in {0, os.getuid()}
        and (not shared or bool(found.st_mode & stat.S_ISVTX))
    )
