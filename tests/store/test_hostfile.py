"""suite.store.hostfile: Open MPI's file of hosts."""

import sys
from pathlib import Path
from types import FrameType

import pytest

from suite.model.distributed import Host
from suite.model.errors import InputError
from suite.store.hostfile import read_hostfile

GOOD = """\
# our cluster
node1 slots=8

node2   slots = 4 max_slots=8   # half of it
node3:2
node4
"""


def test_reads_hosts_in_order(tmp_path: Path) -> None:
    """Open MPI's form and this suite's shorter one; comments and empty lines say nothing."""
    path = tmp_path / "hosts"
    path.write_text(GOOD)

    assert read_hostfile(path) == (
        Host("node1", 8),
        Host("node2", 4),
        Host("node3", 2),
        Host("node4", 1),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("node1 slots=8\nnode2 slots=eight\n", ":2: 'node2 slots=eight' is not a host such as"),
        ("node1 8\n", ":1: 'node1 8' is not a host such as"),
        ("\nnode1 slots=0\n", ":2: slots of host node1: '0' is not a whole number from 1 to 1024"),
        ("node1:8 slots=8\n", ":1: 'node1:8:8' is not a host such as"),
        ("node1 slots=8 user=me\n", ":1: 'node1 slots=8 user=me' is not a host such as"),
        ("--bad slots=8\n", ":1: '--bad:8' is not a host such as"),
        ("node1\nnode2\nnode1 slots=4\n", ":3: host node1 is named twice; give it once"),
        ("# nobody\n\n", ": names no host; write lines such as: node1 slots=8"),
    ],
    ids=["word", "no slots", "none", "both forms", "more", "flag", "repeated", "empty"],
)
def test_a_mistake_names_file_line_and_remedy(tmp_path: Path, text: str, words: str) -> None:
    """Each kind of mistake gives one line that begins with the file."""
    path = tmp_path / "hosts"
    path.write_text(text)

    with pytest.raises(InputError) as caught:
        read_hostfile(path)

    assert str(caught.value).startswith(f"{path}{words}")
    assert "\n" not in str(caught.value)


def test_reading_costs_the_same_for_each_host(tmp_path: Path) -> None:
    """Four times the hosts take about four times the function calls, not sixteen."""

    def calls(hosts: int) -> int:
        path = tmp_path / f"of_{hosts}"
        path.write_text("".join(f"node{number} slots=8\n" for number in range(hosts)))
        count = 0

        def note(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal count
            count += event in {"call", "c_call"}

        sys.setprofile(note)
        try:
            assert len(read_hostfile(path)) == hosts
        finally:
            sys.setprofile(None)
        return count

    assert calls(2000) <= 4.2 * calls(500)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The name alone tells what to correct."""
    with pytest.raises(InputError, match="none"):
        read_hostfile(tmp_path / "none")
