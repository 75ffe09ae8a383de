"""suite.model.systems: the four systems of the published page."""

import pytest

from suite.model.systems import SYSTEMS, System, system_by_key
from suite.store.references import published_reference


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.key)
def test_a_system_is_the_one_of_its_published_tables(system: System) -> None:
    """GPU, memory and number of GPUs are those of its rows, and stand in its heading."""
    rows = published_reference(system.key).rows
    memory = f"{system.gpu_memory_gb}G"

    assert {(row.gpu, row.gpu_memory_gb) for row in rows} == {(system.gpu, system.gpu_memory_gb)}
    assert max(row.gpus for row in rows) == system.gpus
    assert f"({system.gpus}x {system.gpu} {memory}" in system.title
    assert f"(1x {system.gpu} {memory}" in system.one_gpu_title


def test_a_system_is_found_by_its_key() -> None:
    """Anything else is none."""
    assert [system_by_key(system.key) for system in SYSTEMS] == list(SYSTEMS)
    assert system_by_key("T4") is None
