"""Whether the installed TensorFlow suits a machine's GPUs, as its files tell; none is executed."""

import ast
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from suite.model.device import Gpu, Machine
from suite.model.finding import Diagnosis, Finding, FindingKind, Unchecked

# Written when TensorFlow is built: `build_info = collections.OrderedDict([(name, value), ...])`.
_BUILD = Path("python/platform/build_info.py")
# `sm_89` has kernels for 8.9, `compute_90` those for 9.0 and code from which others are compiled.
_CAPABILITY = re.compile(r"(?:sm|compute)_(\d+)(\d)")


def diagnose(machine: Machine, install: str) -> Diagnosis:
    """TensorFlow missing, built without CUDA, or without kernels for a GPU of the machine.

    `install` is the line that installs TensorFlow.
    """
    spec = find_spec("tensorflow")
    if spec is None:
        return _found("TensorFlow is not installed", install)
    if not machine.gpus:
        return Diagnosis(checked=(FindingKind.FRAMEWORK,))
    try:
        folder = Path(spec.origin or "").parent
        build = _build_info((folder / _BUILD).read_text(encoding="utf-8"))
        has_cuda, capabilities = build["is_cuda_build"], build.get("cuda_compute_capabilities", ())
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        reason = f"TensorFlow's {_BUILD} does not say for which GPUs it is built ({error!r})"
        return _unchecked(reason)
    if not has_cuda:
        return _found(
            f"TensorFlow is built without CUDA, and the machine has {machine.gpus[0].name}", install
        )
    if not isinstance(capabilities, Sequence) or not capabilities:
        return _unchecked("TensorFlow does not say for which GPUs it is built")
    return _for_gpus(machine.gpus, [str(each) for each in capabilities])


def _for_gpus(gpus: Sequence[Gpu], capabilities: Sequence[str]) -> Diagnosis:
    fits = {gpu: _has_kernels(gpu.compute_capability, capabilities) for gpu in gpus}
    for gpu in (gpu for gpu, has_kernels in fits.items() if has_kernels is False):
        version = _version(gpu)
        return _found(
            f"TensorFlow has no kernels for {gpu.name} (compute capability {version}): it is built"
            f" for {', '.join(capabilities)}",
            "docker build -t resnet50-bench . (NVIDIA's TensorFlow may have them), or another GPU",
        )
    for gpu in (gpu for gpu, has_kernels in fits.items() if has_kernels is None):
        return _unchecked(
            f"compute capability of {gpu.name}: {_version(gpu)}; TensorFlow is built for"
            f" {', '.join(capabilities)}"
        )
    return Diagnosis(checked=(FindingKind.FRAMEWORK,))


def _version(gpu: Gpu) -> str:
    return ".".join(map(str, gpu.compute_capability or ())) or "not told by the driver"


def _has_kernels(capability: tuple[int, int] | None, built_for: Sequence[str]) -> bool | None:
    """Kernels for 8.0 run on 8.6, but not on 9.0 and not the other way round; None if unknown.

    Names with a suffix, such as `sm_90a`, are of variants that are not judged here.
    """
    if capability is None:
        return None
    major, minor = capability
    names = [_CAPABILITY.fullmatch(name) for name in built_for]
    if any(name and int(name[1]) == major and int(name[2]) <= minor for name in names):
        return True
    return False if all(names) else None


def _build_info(source: str) -> dict[str, object]:
    """The names and values of the only assignment, without executing anything.

    Raises:
        SyntaxError, ValueError: it is written in another way.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and node.value.args:
            return dict(ast.literal_eval(node.value.args[0]))
    raise ValueError("no build_info")


def _found(evidence: str, remedy: str) -> Diagnosis:
    return Diagnosis(
        found=(Finding(kind=FindingKind.FRAMEWORK, evidence=evidence, remedy=remedy),),
        checked=(FindingKind.FRAMEWORK,),
    )


def _unchecked(reason: str) -> Diagnosis:
    return Diagnosis(unchecked=(Unchecked(kind=FindingKind.FRAMEWORK, reason=reason),))
