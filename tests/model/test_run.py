"""suite.model.run: what a header says of when its run began."""

import pytest
from builders import make_header


@pytest.mark.parametrize(
    ("began", "is_time"),
    [
        ("2026-01-02T03:04:05+00:00", True),
        ("2026-01-02T03:04:05", False),
        ("yesterday", False),
    ],
)
def test_a_run_began_at_a_time_with_its_zone(began: str, *, is_time: bool) -> None:
    """Runs of several machines are put in order by it."""
    header = make_header(started_at=began)

    if is_time:
        assert header.contradiction is None
        assert header.began.isoformat() == began
    else:
        assert (header.contradiction or "").startswith("started_at: not a time with its time zone")
