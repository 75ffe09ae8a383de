"""suite.kernels.tensorflow.suitability: whether TensorFlow suits a GPU, without starting it."""

from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from fake_board import T4, WITH_GPU, WITHOUT_GPU

from suite import kernels
from suite.kernels.tensorflow import INSTALL_TENSORFLOW
from suite.model.cell import KernelName
from suite.model.device import Machine
from suite.model.finding import Diagnosis, FindingKind

# What the wheels of TensorFlow 2.21 for GPUs have.
WHEEL = ("sm_60", "sm_70", "sm_80", "sm_89", "compute_90")


def diagnosis(machine: Machine) -> Diagnosis:
    return kernels.framework(KernelName.RESNET50).diagnosis(machine)


def machine_of(capability: tuple[int, int] | None) -> Machine:
    return replace(WITH_GPU, gpus=(replace(T4, compute_capability=capability),))


class Installed:
    """A TensorFlow that is installed as far as its files tell."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._info = folder / "tensorflow/python/platform/build_info.py"
        self._info.parent.mkdir(parents=True)
        spec = ModuleSpec("tensorflow", None, origin=str(folder / "tensorflow/__init__.py"))
        patch.setattr("suite.kernels.tensorflow.suitability.find_spec", lambda _: spec)

    def says(self, text: str) -> None:
        self._info.write_text(text)

    def is_built_for(self, *names: str) -> None:
        values = [("cuda_compute_capabilities", list(names)), ("is_cuda_build", True)]
        build = f"build_info = collections.OrderedDict({values!r})"
        self.says(f'"""Generated."""\nimport collections\n\n{build}\n')


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(tmp_path, monkeypatch)


@pytest.mark.parametrize("capability", [(6, 1), (7, 5), (8, 0), (8, 6), (8, 9), (9, 0)])
def test_a_gpu_with_kernels_is_clean(installed: Installed, capability: tuple[int, int]) -> None:
    """Kernels run on their own capability and on higher ones of the same generation."""
    installed.is_built_for(*WHEEL)
    found = diagnosis(machine_of(capability))

    assert found == Diagnosis(checked=(FindingKind.FRAMEWORK,))


@pytest.mark.parametrize("capability", [(5, 2), (10, 0), (12, 0), (12, 1)])
def test_a_gpu_without_kernels_is_a_finding(
    installed: Installed, capability: tuple[int, int]
) -> None:
    """It names the GPU, its capability, and those for which there are kernels."""
    installed.is_built_for(*WHEEL)
    (found,) = diagnosis(machine_of(capability)).findings

    assert found.kind is FindingKind.FRAMEWORK
    assert found.evidence == (
        "TensorFlow has no kernels for Tesla T4 (compute capability"
        f" {capability[0]}.{capability[1]}): it is built for sm_60, sm_70, sm_80, sm_89, compute_90"
    )
    assert found.remedy.startswith("docker build -t resnet50-bench .")


def test_two_digits_of_a_generation_are_read(installed: Installed) -> None:
    """120 is 12.0 and not 1.20."""
    installed.is_built_for("sm_80", "compute_120")

    assert diagnosis(machine_of((12, 0))).clean == (FindingKind.FRAMEWORK,)


@pytest.mark.parametrize(
    ("names", "capability"),
    [(WHEEL, None), (("sm_80", "sm_90a"), (9, 0)), ((), (8, 0))],
)
def test_what_is_not_told_is_unknown(
    installed: Installed, names: tuple[str, ...], capability: tuple[int, int] | None
) -> None:
    """A GPU of unknown capability, kernels of a variant, and a build that names none."""
    installed.is_built_for(*names)
    found = diagnosis(machine_of(capability))

    assert [each.kind for each in found.unchecked] == [FindingKind.FRAMEWORK]
    assert not found.found
    assert not found.clean


@pytest.mark.parametrize("text", [None, "", "build_info = {", "build_info = f()", "x = f(y)"])
def test_a_build_written_otherwise_is_unknown(installed: Installed, text: str | None) -> None:
    """Nothing of the file is executed, and no form of it ends in a traceback."""
    if text is not None:
        installed.says(text)
    found = diagnosis(machine_of((8, 0)))

    assert [each.kind for each in found.unchecked] == [FindingKind.FRAMEWORK]
    assert "build_info.py does not say for which GPUs" in found.unchecked[0].reason


def test_a_build_without_cuda_is_a_finding_beside_a_gpu(installed: Installed) -> None:
    """On a machine without one it is what belongs there."""
    installed.says("build_info = dict([('is_cuda_build', False)])")
    (found,) = diagnosis(machine_of((8, 0))).findings

    assert found.evidence == "TensorFlow is built without CUDA, and the machine has Tesla T4"
    assert found.remedy == INSTALL_TENSORFLOW
    assert diagnosis(WITHOUT_GPU).clean == (FindingKind.FRAMEWORK,)


def test_no_tensorflow_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line that installs it, also without a GPU."""
    monkeypatch.setattr("suite.kernels.tensorflow.suitability.find_spec", lambda _: None)
    (found,) = diagnosis(WITHOUT_GPU).findings

    assert (found.evidence, found.remedy) == ("TensorFlow is not installed", INSTALL_TENSORFLOW)


def test_the_installed_one_is_understood() -> None:
    """The real file has the form that is expected: this TensorFlow is for CPUs, or names GPUs."""
    found = diagnosis(machine_of((8, 0)))

    assert not found.unchecked


def test_the_simulated_kernel_suits_any_machine() -> None:
    """It needs nothing."""
    assert kernels.framework(KernelName.SIMULATED).diagnosis(WITH_GPU) == Diagnosis()
