"""suite.analysis.comparability: what differs between two runs, and what that does to times."""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from builders import CPU, WITH_T4, make_header, make_protocol

from suite import kernels
from suite.analysis.comparability import (
    CONDITIONS,
    condition_of,
    forbidding,
    header_differences,
    software_of_run,
)
from suite.machine.environment import fingerprint
from suite.model.cell import KERNEL_VERSION, Protocol
from suite.model.comparability import Difference, DifferenceKind
from suite.model.device import Cpu, Gpu, Machine
from suite.model.distributed import Distributed
from suite.model.reading import Reading
from suite.model.run import RunHeader

BLOCKING, EXPLAINED, HARMLESS = DifferenceKind
GPU = replace(
    WITH_T4.gpus[0],
    uuid="GPU-1",
    memory_bytes=16 * 2**30,
    power_limit_watts=70.0,
    form_factor="pcie",
    mig=False,
)
CPU_DEVICE: dict[str, Any] = {"gpu": None, "device": "AMD EPYC (2 cores)"}


def header(machine: Machine | None = None, **facts: Any) -> RunHeader:
    """Of a run on a machine, by default one with a T4."""
    usual = {"machine": asdict(machine or replace(WITH_T4, gpus=(GPU,)))}
    return make_header(**{**usual, **facts})


def kinds(base: RunHeader, other: RunHeader) -> dict[str, DifferenceKind]:
    """What differs, and what kind that is of."""
    return {each.name: each.kind for each in header_differences(base, other)}


def with_environment(**facts: Any) -> RunHeader:
    return header(environment=facts)


def on_cpu(**facts: Any) -> RunHeader:
    """Of a run on a CPU with these facts."""
    cpu = replace(CPU, **{"allowed_cores": 2, **facts})
    return header(Machine(gpus=(), cpu=cpu, nvml=""), **CPU_DEVICE)


def test_every_fact_that_is_recorded_has_a_kind_of_its_own() -> None:
    """Whoever records a new one decides what a difference in it means."""
    facts = [
        *fingerprint(WITH_T4, kernels.packages()),
        *(field.name for field in fields(Protocol)),
        *(f"gpus.0.{field.name}" for field in fields(Gpu)),
        *(f"cpu.{field.name}" for field in fields(Cpu)),
        *(field.name for field in fields(Machine)),
        *(f"data.{field.name}" for field in fields(Reading)),
        *(f"distributed.{field.name}" for field in fields(Distributed)),
        *("device", "matrix", "selection", "data.data_dir", "data.data_idx_dir"),
    ]
    told_elsewhere = {"gpus", "cpu", "gpus.0.index", "gpus.0.processes"} | {
        "driver_version",
        "cuda_version",
    }

    unknown = {name for name in facts if condition_of(name).name == "*"}
    assert unknown == told_elsewhere


def test_the_table_says_each_thing_once_in_a_line() -> None:
    """No row hides another of the same name, and each has its reason."""
    names = [each.name for each in CONDITIONS]

    assert len(set(names)) == len(names)
    assert all(0 < len(each.why) <= 80 and "\n" not in each.why for each in CONDITIONS)
    assert {each.name for each in CONDITIONS if each.is_own} == {"suite", "commit", "dirty", "code"}


@pytest.mark.parametrize(
    ("difference", "name", "kind"),
    [
        ({"device": "NVIDIA L4"}, "device", BLOCKING),
        ({"protocol": make_protocol(measured_steps=9)}, "measured_steps", BLOCKING),
        ({"protocol": make_protocol(warmup_steps=9)}, "warmup_steps", BLOCKING),
        ({"protocol": make_protocol(max_seconds=9.0)}, "max_seconds", BLOCKING),
        ({"protocol": make_protocol(quick=True)}, "quick", BLOCKING),
        ({"protocol": make_protocol(launches=9)}, "launches", HARMLESS),
        ({"protocol": make_protocol(step_timeout_seconds=9.0)}, "step_timeout_seconds", HARMLESS),
        ({"matrix": "yours"}, "matrix", HARMLESS),
        ({"selection": "--only x"}, "selection", HARMLESS),
        (
            {"data": {"data_dir": "/others", "data_idx_dir": None}},
            "data.data_dir",
            EXPLAINED,
        ),
        ({"data": {"data_dir": None, "data_idx_dir": None}}, "data.data_dir", BLOCKING),
        (
            {"data": {"data_dir": "/records", "data_idx_dir": None, "decode_threads": 2}},
            "data.decode_threads",
            BLOCKING,
        ),
        (
            {"data": {"data_dir": "/records", "data_idx_dir": None, "weights_sha256": "ab"}},
            "data.weights_sha256",
            HARMLESS,
        ),
        ({"distributed": {"hosts": ["node1:8"]}}, "distributed.hosts", EXPLAINED),
        ({"distributed": {"compression": "fp16"}}, "distributed.compression", BLOCKING),
        ({"environment": {"python": "3.13.0"}}, "python", EXPLAINED),
    ],
)
def test_a_difference_is_of_the_kind_of_its_name(
    difference: dict[str, Any], name: str, kind: DifferenceKind
) -> None:
    """On whichever side it stands."""
    usual = header(environment={"python": "3.12.0"})
    other = replace(usual, **difference)

    assert kinds(usual, other) == {name: kind} == kinds(other, usual)


@pytest.mark.parametrize(
    "name",
    [
        *("suite", "commit", "dirty", "code", "tensorflow", "keras", "horovod", "dali", "numpy"),
        *("cuda_runtime", "cudnn", "nccl", "driver", "cuda", "os", "kernel_release", "container"),
        *("cpu_governor", "numa_nodes", "something new"),
    ],
)
def test_software_explains_a_change(name: str) -> None:
    """What is not known does too: that it changes no times is not shown."""
    assert kinds(with_environment(**{name: "1"}), with_environment(**{name: "2"})) == {
        name: EXPLAINED
    }
    assert kinds(with_environment(), with_environment(**{name: "2"})) == {name: EXPLAINED}


def test_a_variable_explains_a_change() -> None:
    """Also one that only one side has set."""
    one, two = ({"TF_X": "1"}, {"TF_X": "2", "TF_Y": "1"})

    assert kinds(with_environment(variables=one), with_environment(variables=two)) == {
        "variables.TF_X": EXPLAINED,
        "variables.TF_Y": EXPLAINED,
    }


@pytest.mark.parametrize(
    ("difference", "kind"),
    [
        ({"name": "NVIDIA L4"}, BLOCKING),
        ({"memory_bytes": 15 * 2**30}, BLOCKING),
        ({"memory_bytes": 16 * 2**30 - 2**28}, HARMLESS),
        ({"power_limit_watts": 60.0}, BLOCKING),
        ({"power_limit_watts": None}, BLOCKING),
        ({"form_factor": "sxm"}, BLOCKING),
        ({"compute_capability": (8, 0)}, BLOCKING),
        ({"mig": True}, BLOCKING),
        ({"uuid": "GPU-2"}, HARMLESS),
    ],
)
def test_another_gpu_blocks_and_one_of_the_same_model_does_not(
    difference: dict[str, Any], kind: DifferenceKind
) -> None:
    """A driver that reports some MiB less makes no other GPU of it; ECC, which takes 6 %, does."""
    usual = header()
    other = header(replace(WITH_T4, gpus=(replace(GPU, **difference),)))

    assert kinds(usual, other) == {f"gpus.0.{next(iter(difference))}": kind}


def test_another_number_of_gpus_blocks() -> None:
    """Whichever side has more."""
    one, two = header(), header(replace(WITH_T4, gpus=(GPU, replace(GPU, index=1))))

    assert kinds(one, two)["gpus.1.name"] is BLOCKING
    assert kinds(two, one)["gpus.1.name"] is BLOCKING


def test_what_a_machine_does_at_the_moment_is_no_difference() -> None:
    """Nor what the environment tells as well."""
    busy = replace(GPU, index=3, processes=())
    other = replace(WITH_T4, gpus=(busy,), driver_version="550", cuda_version="12.4")

    assert kinds(header(), header(other)) == {}


@pytest.mark.parametrize(
    "difference",
    [
        {"model": "Intel Xeon"},
        {"cores": 1.5},
        {"physical_cores": 1},
        {"allowed_cores": 1},
        {"features": ("AVX2",)},
    ],
)
def test_another_cpu_blocks_where_it_is_the_device(difference: dict[str, Any]) -> None:
    """Beside a GPU it may only explain a change."""
    (name,) = difference
    usual = Machine(gpus=(GPU,), cpu=replace(CPU, allowed_cores=2), nvml="")
    beside = replace(usual, cpu=replace(usual.cpu, **difference))

    assert kinds(on_cpu(), on_cpu(**difference)) == {f"cpu.{name}": BLOCKING}
    assert kinds(header(usual), header(beside)) == {f"cpu.{name}": EXPLAINED}


def test_memory_of_the_host_may_differ_a_little() -> None:
    """What the operating system keeps for itself is no other machine."""
    less = 2**34 - 2**24

    assert kinds(on_cpu(), on_cpu(memory_bytes=less)) == {"cpu.memory_bytes": HARMLESS}
    assert kinds(on_cpu(), on_cpu(memory_bytes=2**33)) == {"cpu.memory_bytes": EXPLAINED}


def test_what_earlier_versions_did_not_record_is_not_held_against_a_run() -> None:
    """The cores that it might use, what it read, and the version of the workload, which was 1."""
    assert kinds(on_cpu(allowed_cores=None), on_cpu()) == {"cpu.allowed_cores": HARMLESS}
    assert kinds(header(data=None), header()) == {}
    assert kinds(with_environment(), with_environment(kernel_version=1)) == {}
    assert kinds(with_environment(), with_environment(kernel_version=2)) == {
        "kernel_version": BLOCKING
    }
    assert fingerprint(WITH_T4, {})["kernel_version"] == KERNEL_VERSION


def test_a_run_is_resumed_with_the_software_that_it_began_with() -> None:
    """As far as it is recorded; a record without a version of the workload has the first."""
    found = software_of_run(with_environment(python="3.12.0", os="Debian", variables={"TF_X": "1"}))

    assert found == {"kernel_version": 1, "python": "3.12.0", "variables": {"TF_X": "1"}}


def differing(name: str, kind: DifferenceKind, *, is_own: bool = False) -> Difference:
    return Difference(name=name, base=1, other=2, kind=kind, why="why", is_own=is_own)


def test_what_is_allowed_forbids_nothing_unless_it_blocks() -> None:
    """The suite's own version is always allowed, a part by the name of the whole as well."""
    found = [
        differing("device", BLOCKING),
        differing("commit", EXPLAINED, is_own=True),
        differing("driver", EXPLAINED),
        differing("variables.TF_X", EXPLAINED),
        differing("variables.TF_Y", EXPLAINED),
        differing("launches", HARMLESS),
    ]

    def names(*allowed: str) -> list[str]:
        return [each.name for each in forbidding(found, allowed)]

    assert names() == ["device", "driver", "variables.TF_X", "variables.TF_Y"]
    assert names("driver", "variables.TF_X") == ["device", "variables.TF_Y"]
    assert names("device", "variables") == ["device", "driver"]
    assert names("variable", "drive") == names()


def found(*findings: tuple[str, str]) -> dict[str, object]:
    return {
        "findings": [
            {"kind": kind, "evidence": evidence, "remedy": "mend it"} for kind, evidence in findings
        ]
    }


def kinds_of(base: dict[str, object], other: dict[str, object]) -> list[tuple[object, ...]]:
    one, two = (make_header(environment=environment) for environment in (base, other))
    found = header_differences(one, two)
    assert all(each.kind is DifferenceKind.HARMLESS for each in found)
    return [(each.name, each.base, each.other) for each in found]


def test_findings_differ_in_their_kinds() -> None:
    """Each once; what was read differs from moment to moment and tells of no other machine."""
    swap, other_swap, mig = ("swap", "9 MiB"), ("swap", "12 MiB"), ("MIG", "GPU 0: on")

    assert kinds_of(found(swap), found(other_swap)) == []
    assert kinds_of(found(swap, swap), found(mig, swap)) == [("findings", "swap", "MIG, swap")]
    assert kinds_of(found(), found(mig)) == [("findings", None, "MIG")]


@pytest.mark.parametrize("findings", [None, [], "swap", ["swap", 1]])
def test_runs_without_recorded_findings_are_compared_as_before(findings: object) -> None:
    """Old runs have none, and another hand may have written anything."""
    assert kinds_of({}, {"findings": findings}) == []


def test_a_locked_clock_is_a_difference() -> None:
    """Of the GPU that has it."""
    gpu = {"name": "Tesla T4"}
    one = make_header(machine={"gpus": [gpu]})
    two = make_header(machine={"gpus": [{**gpu, "locked_clock_mhz": 585}]})

    (difference,) = header_differences(one, two)

    assert (difference.name, difference.base, difference.other) == (
        "gpus.0.locked_clock_mhz", None, 585,
    )  # fmt: skip
    assert difference.kind is DifferenceKind.BLOCKING
