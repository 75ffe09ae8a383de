"""What the page says of the device, the software and the protocol, whatever a header holds."""

from typing import Any

import pytest
from builders import make_header

from suite.formats.html.environment import device_facts, protocol_facts, software_facts
from suite.formats.html.text import Named

GPU = {
    "index": 0,
    "name": "Tesla T4",
    "memory_bytes": 16 * 2**30,
    "power_limit_watts": 70.0,
    "mig": False,
}
CPU = {"model": "AMD EPYC", "cores": 2, "memory_bytes": 24 * 2**30, "features": ["AVX2", "FMA"]}


def told(facts: list[Named]) -> dict[str, str]:
    return {fact.name: fact.text for fact in facts}


def device(machine: Any, **environment: Any) -> dict[str, str]:
    return told(device_facts(make_header(machine=machine, environment=environment)))


def test_every_gpu_is_told_with_its_memory_and_limit() -> None:
    """And the host, and what the driver is."""
    facts = device({"gpus": [GPU, {**GPU, "index": 1, "mig": True}], "cpu": CPU}, driver="550.90")

    assert facts == {
        "device": "Tesla T4",
        "matrix is for": "t4",
        "GPU 0": "Tesla T4, 16.0 GiB, power limit 70 W",
        "GPU 1": "Tesla T4, 16.0 GiB, power limit 70 W, MIG on",
        "CPU": "AMD EPYC, 2 cores, 24.0 GiB",
        "instruction sets": "AVX2, FMA",
        "driver": "550.90",
    }


def test_a_locked_clock_is_told_of_the_gpu_that_has_it() -> None:
    """One that follows the load is not mentioned."""
    facts = device({"gpus": [{**GPU, "locked_clock_mhz": 585}, {**GPU, "index": 1}], "cpu": CPU})

    assert facts["GPU 0"] == "Tesla T4, 16.0 GiB, power limit 70 W, clock locked at 585 MHz"
    assert "clock" not in facts["GPU 1"]


def test_what_doctor_found_is_told_with_its_remedy() -> None:
    """With the device, and not once more among the versions."""
    found = [
        {"kind": "swap", "evidence": "9 MiB swapped out", "remedy": "sudo swapoff -a"},
        {"kind": "MIG", "evidence": "GPU 0: on"},
    ]
    header = make_header(machine={}, environment={"findings": found, "os": "Debian"})
    facts = told(device_facts(header))

    assert facts["finding: swap"] == "9 MiB swapped out; try: sudo swapoff -a"
    assert facts["finding: MIG"] == "GPU 0: on"
    assert told(software_facts(header)) == {"os": "Debian"}


@pytest.mark.parametrize("findings", [None, [], {}, "swap", ["swap", 1], [{}], 7])
def test_findings_of_another_shape_break_nothing(findings: Any) -> None:
    """Runs from before they were recorded have none."""
    facts = device({}, findings=findings)

    assert "finding" not in " ".join(facts)


def test_a_machine_without_a_gpu_is_its_cpu() -> None:
    """One core is one core, and a quota may leave half of one."""
    assert device({"gpus": [], "cpu": {**CPU, "cores": 1}})["CPU"] == "AMD EPYC, 1 core, 24.0 GiB"
    assert device({"gpus": [], "cpu": {**CPU, "cores": 0.5}})["CPU"].startswith(
        "AMD EPYC, 0.5 cores"
    )


@pytest.mark.parametrize(
    "machine",
    [
        {},
        {"gpus": None, "cpu": None},
        {"gpus": "many", "cpu": "fast"},
        {"gpus": ["T4", 1], "cpu": []},
        {"gpus": [{}], "cpu": {}},
        {"gpus": [{"name": None, "memory_bytes": "16G", "power_limit_watts": "70"}], "cpu": {}},
        {"gpus": [], "cpu": {"model": 7, "cores": "two", "features": "AVX2"}},
    ],
)
def test_a_machine_of_another_shape_breaks_nothing(machine: Any) -> None:
    """Another version, or another hand, wrote it."""
    assert device(machine)["device"] == "Tesla T4"


def test_software_is_told_with_the_variables_that_were_set() -> None:
    """What is unknown is left out; so is what stands with the device."""
    header = make_header(
        environment={
            "tensorflow": "2.21.0",
            "cuda_runtime": None,
            "driver": "550.90",
            "dirty": True,
            "variables": {"TF_XLA_FLAGS": "--tf_xla_auto_jit=2"},
        }
    )

    assert told(software_facts(header)) == {
        "tensorflow": "2.21.0",
        "uncommitted changes": "yes",
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    }
    clean = make_header(environment={"dirty": False, "variables": None, "os": "Debian"})
    assert told(software_facts(clean)) == {"os": "Debian"}


def test_the_protocol_is_told_with_the_selection_and_the_data() -> None:
    """Lists are written with commas, and what was not given is left out."""
    header = make_header(
        selection="--set xla=on",
        distributed={"hosts": ["node1", "node2"], "cycle_time": None, "compression": "fp16"},
        data={"data_dir": "/records", "data_idx_dir": None, "open_files": 0},
    )

    assert told(protocol_facts(header, "2 launches each")) == {
        "matrix": "mine: a test",
        "measured": "2 launches each",
        "selected by": "--set xla=on",
        "hosts": "node1, node2",
        "compression": "fp16",
        "data dir": "/records",
        "open files": "0",
    }
    bare = make_header(data=None)
    assert list(told(protocol_facts(bare, "once"))) == ["matrix", "measured"]
