"""suite.files.hostfile: Open MPI's file of hosts."""

from pathlib import Path

import pytest

from suite.core.distributed import Host
from suite.core.errors import InputError
from suite.files.hostfile import read_hostfile

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
        ("\nnode1 slots=0\n", ":2: 'node1:0' is not a host such as"),
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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The name alone tells what to correct."""
    with pytest.raises(InputError, match="none"):
        read_hostfile(tmp_path / "none")
