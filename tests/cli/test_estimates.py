"""suite.cli.estimates: what is expected of a run before its first launch."""

from pathlib import Path

import pytest

from suite.cli.estimates import estimate_launches
from suite.core.device import Cpu, Gpu, Machine
from suite.files.matrices import read_matrix
from suite.runner.session import plan_launches

ROOT = Path(__file__).parents[2]
CPU = Cpu(model="", cores=8, physical_cores=8, memory_bytes=2**35, features=())


@pytest.mark.parametrize(
    ("gpu", "source"),
    [
        ("Tesla T4", "the published rate"),
        ("NVIDIA L4", "the published rate of t4, another device"),
    ],
)
def test_the_reference_tells_the_time_before_this_device_has_run(
    tmp_path: Path, gpu: str, source: str
) -> None:
    """Every published cell has an expectation, and says whose it is."""
    matrix = read_matrix(ROOT / "matrices" / "t4_inference.yaml")
    machine = Machine(gpus=(Gpu(index=0, name=gpu, compute_capability=(8, 9)),), cpu=CPU, nvml="")
    found = estimate_launches(plan_launches(matrix, machine), matrix, machine, tmp_path)

    assert {expected.time and expected.time.source for expected in found} == {source}
