"""suite.model.facts: facts from several observers, put together."""

from suite.model.facts import Facts


def test_facts_add_up_and_the_later_observer_counts() -> None:
    """What one observer does not know is kept from the other, whatever the order."""
    graph = Facts(compute_type="float16", casts=0, loss=None)
    device = Facts(device_type="GPU", casts=3)

    assert (graph | device).known == {"compute_type": "float16", "casts": 3, "device_type": "GPU"}
    assert (device | graph).casts == 0
    assert Facts().known == {}
