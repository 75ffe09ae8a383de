"""Which other side an A/B would have that tells the code from the day: what the baseline ran on."""

from collections.abc import Mapping, Sequence

from suite.model.comparability import Difference, DifferenceKind
from suite.model.gate_report import BaseKind, BaseSide

# What a Python environment of its own brings. The rest of the software, such as the driver, is the
# machine's: two versions of it cannot run in turn.
_OF_AN_ENVIRONMENT = frozenset(
    {
        "python", "tensorflow", "keras", "numpy", "horovod", "dali", "cuda_runtime", "cudnn",
        "nccl",
    }
)  # fmt: skip
_VARIABLES = "variables."


def base_side(
    differences: Sequence[Difference], environment: Mapping[str, object], given: Sequence[str]
) -> BaseSide:
    """Side a of such an A/B; side b is the code and software of today, unchanged.

    `differences` are those between the baseline and today, `environment` is the baseline's, and
    `given` are the words of a side, or `none`, from a user who knows better.
    """
    if list(given) == ["none"]:
        return _absent("--base none was given")
    if given:
        return BaseSide(kind=BaseKind.GIVEN, differs=tuple(given), why="as given")
    found = [each for each in differences if each.kind is DifferenceKind.EXPLAINED]
    is_other_code = any(each.name == "code" for each in found)
    missing = _missing(found, environment if is_other_code else None)
    if missing:
        return _absent(missing)
    packages = [each for each in found if each.name in _OF_AN_ENVIRONMENT]
    variables = [each for each in found if _is_settable(each)]
    return BaseSide(
        kind=BaseKind.NAMED if packages or variables else BaseKind.FOUND,
        differs=(
            *(f"env:{each.name.removeprefix(_VARIABLES)}={each.base}" for each in variables),
            *(["python=PATH"] if packages else []),
            *([f"ref={environment['commit']}"] if is_other_code else []),
        ),
        why=", ".join(
            [
                *(f"{each.name} {each.base}" for each in [*packages, *variables]),
                *(["the commit of the baseline"] if is_other_code else []),
            ]
        ),
    )


def _missing(
    differences: Sequence[Difference], environment: Mapping[str, object] | None
) -> str | None:
    """Why there is no other side; `environment` is the baseline's where the code differs."""
    if environment is not None and environment.get("commit") is None:
        return "the baseline does not tell the commit of its suite"
    if environment is not None and environment.get("dirty"):
        return "the suite of the baseline had changes without a commit"
    software = [each for each in differences if not each.is_own]
    for each in software:
        if not (each.name in _OF_AN_ENVIRONMENT or _is_settable(each)):
            if each.base is None:
                return f"{each.name} is {each.other} today, and the baseline had none"
            return f"{each.name} was {each.base}, which this machine no longer has"
    if not software and environment is None:
        return "code and software are those of the baseline, so no side would differ"
    return None


def _absent(why: str) -> BaseSide:
    return BaseSide(kind=BaseKind.ABSENT, differs=(), why=why)


def _is_settable(difference: Difference) -> bool:
    """Whether it is a variable that the baseline had, which launches can be given again."""
    return difference.name.startswith(_VARIABLES) and difference.base is not None
