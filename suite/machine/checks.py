"""How a check is made: whatever it cannot read is said, and stops no other."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from suite.machine.cgroups import cpu_list
from suite.model.finding import Diagnosis, Finding, FindingKind, Unchecked, UncheckedError


def checked(kind: FindingKind, check: Callable[[], Iterable[Finding]], of: str = "") -> Diagnosis:
    """The answer of one check; `of` names its device in the reason why there is none.

    An AttributeError is that of bindings without the call.
    """
    try:
        return Diagnosis(found=tuple(check()), checked=(kind,))
    except (UncheckedError, OSError, ValueError, AttributeError) as error:
        return unchecked(kind, f"{of}{_reason(error)}")


def unchecked(kind: FindingKind, reason: str) -> Diagnosis:
    """The answer of a check that cannot be made."""
    return Diagnosis(unchecked=(Unchecked(kind=kind, reason=reason),))


def line(path: Path) -> str:
    """The first line of a file of /proc or /sys.

    Raises:
        OSError: it cannot be read.
        UncheckedError: it is empty.
    """
    lines = path.read_text(errors="replace").splitlines()
    if not lines or not lines[0].strip():
        raise UncheckedError(f"{path} is empty")
    return lines[0].strip()


def cpus_in(path: Path) -> frozenset[int]:
    """The CPUs that a file lists, as in `0-3,8`.

    Raises:
        OSError: it cannot be read.
        UncheckedError: it holds something else.
    """
    cpus = cpu_list(line(path))
    if cpus is None:
        raise UncheckedError(f"{path} is no list of CPUs")
    return cpus


def nodes(root: Path) -> Iterator[Path]:
    """The folders of the NUMA nodes; none where the kernel knows of no NUMA."""
    return (root / "sys/devices/system/node").glob("node[0-9]*")


def _reason(error: Exception) -> str:
    """`/sys/x: No such file or directory` for a file."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__
