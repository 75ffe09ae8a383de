"""Locking the graphics clocks of GPUs through NVML, so that heat and power do not move them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import ModuleType
from typing import Any

from suite.model.device import printable
from suite.model.errors import InputError


@contextmanager
def locked_clocks(boards: Sequence[str], mhz: int | None) -> Iterator[tuple[int, ...]]:
    """Hold the graphics clock of these GPUs at one speed in MHz; yields that of each.

    A board is named by its UUID, or by its number in NVML. `mhz` is None for each GPU's own default
    clock, which it keeps in any heat that it is made for. If one refuses, or at the end, all that
    were locked follow the load again: NVML does not tell what they were locked at before. It stays
    open meanwhile, because without persistence mode the driver forgets the clocks of a GPU that
    nobody has open.

    Raises:
        InputError: a GPU cannot be locked at this clock, or not by this user; or it could not be
            restored at the end.
    """
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise InputError(f"--lock-clocks: NVML does not answer ({error})") from None
    try:
        with ExitStack() as locked:
            clocks = []
            for name in boards:
                board = _board(pynvml, name)
                clocks.append(_lock(pynvml, board, mhz))
                locked.callback(_restore, pynvml, board)
            yield tuple(clocks)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def restore_clocks(boards: Sequence[str]) -> None:
    """Let the clocks of these GPUs follow the load again, whoever locked them.

    Raises:
        InputError: one of them refused; the others are restored.
    """
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise InputError(f"NVML does not answer ({error}); {_by_hand('GPU')}") from None
    try:
        with ExitStack() as all_of_them:
            for name in boards:
                all_of_them.callback(_restore_named, pynvml, name)
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _board(nvml: ModuleType, name: str) -> Any:
    try:
        if name.isdecimal():
            return nvml.nvmlDeviceGetHandleByIndex(int(name))
        return nvml.nvmlDeviceGetHandleByUUID(name)
    except nvml.NVMLError as error:
        raise InputError(f"--lock-clocks: GPU {name} does not answer ({error})") from None


def _lock(nvml: ModuleType, board: Any, mhz: int | None) -> int:
    """Lock a board; returns the clock."""
    index, title = _title(nvml, board)
    clock = _default(nvml, board, title) if mhz is None else _possible(nvml, board, title, mhz)
    try:
        nvml.nvmlDeviceSetGpuLockedClocks(board, clock, clock)
    except nvml.NVMLError_NoPermission:
        raise InputError(
            f"--lock-clocks: only root may lock the clocks of {title}; run this with sudo, or drop"
            f" the flag and lock them by hand: sudo nvidia-smi -i {index} -lgc {clock}"
        ) from None
    except nvml.NVMLError as error:
        raise InputError(
            f"--lock-clocks: {title} cannot be locked at {clock} MHz ({error}); drop the flag"
        ) from None
    return clock


def _default(nvml: ModuleType, board: Any, title: str) -> int:
    try:
        return int(nvml.nvmlDeviceGetDefaultApplicationsClock(board, nvml.NVML_CLOCK_GRAPHICS))
    except nvml.NVMLError:
        raise InputError(
            f"--lock-clocks: {title} does not tell its default clock; give one in MHz, of those"
            " that nvidia-smi -q -d SUPPORTED_CLOCKS lists"
        ) from None


def _possible(nvml: ModuleType, board: Any, title: str, mhz: int) -> int:
    """The clock asked for: a driver may take another one for it without a word."""
    try:
        memory = max(nvml.nvmlDeviceGetSupportedMemoryClocks(board))
        clocks = list(nvml.nvmlDeviceGetSupportedGraphicsClocks(board, memory))
    except (nvml.NVMLError, ValueError):
        clocks = []
    if clocks and mhz not in clocks:
        nearest = min(clocks, key=lambda clock: (abs(clock - mhz), clock))
        raise InputError(
            f"--lock-clocks: {title} has no clock of {mhz} MHz; the nearest is {nearest}"
        )
    return mhz


def _restore_named(nvml: ModuleType, name: str) -> None:
    _restore(nvml, _board(nvml, name))


def _restore(nvml: ModuleType, board: Any) -> None:
    try:
        nvml.nvmlDeviceResetGpuLockedClocks(board)
    except nvml.NVMLError as error:
        index, title = _title(nvml, board)
        raise InputError(f"{title} keeps its clock ({error}); {_by_hand(index)}") from None


def _by_hand(index: int | str) -> str:
    return f"let it follow the load again: sudo nvidia-smi -i {index} -rgc"


def _title(nvml: ModuleType, board: Any) -> tuple[int | str, str]:
    """Its number in NVML, which nvidia-smi takes, and with its name; as far as it tells."""
    try:
        index = int(nvml.nvmlDeviceGetIndex(board))
        name = nvml.nvmlDeviceGetName(board)
    except nvml.NVMLError:
        return "GPU", "a GPU"
    return index, f"GPU {index} ({printable(name.decode() if isinstance(name, bytes) else name)})"
