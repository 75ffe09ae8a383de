"""What on a machine makes numbers noisy or wrong: the types that `bench.py doctor` fills."""

from dataclasses import dataclass
from enum import Enum


class FindingKind(str, Enum):
    """What is checked; the value is its name in text and in JSON."""

    DRIVER = "GPU driver"
    FRAMEWORK = "framework"
    FOREIGN_PROCESS = "foreign processes"
    PERSISTENCE = "persistence mode"
    CLOCKS = "GPU clocks"
    POWER_LIMIT = "power limit"
    ECC = "ECC"
    MEMORY_ERRORS = "memory errors"
    REMAPPED_ROWS = "remapped rows"
    MIG = "MIG"
    PCIE_LINK = "PCIe link"
    NUMA = "NUMA placement"
    GOVERNOR = "CPU governor"
    BOOST = "CPU boost"
    CPU_QUOTA = "CPU quota"
    ALLOWED_CPUS = "allowed CPUs"
    SHARED_MEMORY = "shared memory"
    SWAP = "swap"
    CLOCK_SOURCE = "clock source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that makes numbers noisy or wrong, with what was read and what mends it.

    `remedy` is a command where there is one. A note is worth knowing and no fault by itself.
    """

    kind: FindingKind
    evidence: str
    remedy: str
    is_note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A check that could not be made, and why: what it would have found is unknown."""

    kind: FindingKind
    reason: str


class UncheckedError(Exception):
    """Raised by a check that cannot be made; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The answers of all checks. `checked` has each kind once for every device that answered."""

    found: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    checked: tuple[FindingKind, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, without the notes."""
        return tuple(each for each in self.found if not each.is_note)

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is only worth knowing."""
        return tuple(each for each in self.found if each.is_note)

    @property
    def clean(self) -> tuple[FindingKind, ...]:
        """The kinds of which every device answered and nothing was found."""
        doubtful = {each.kind for each in self.found} | {each.kind for each in self.unchecked}
        return tuple(kind for kind in dict.fromkeys(self.checked) if kind not in doubtful)


def merged(*diagnoses: Diagnosis) -> Diagnosis:
    """Several diagnoses as one, in their order."""
    return Diagnosis(
        found=tuple(each for one in diagnoses for each in one.found),
        unchecked=tuple(each for one in diagnoses for each in one.unchecked),
        checked=tuple(kind for one in diagnoses for kind in one.checked),
    )
