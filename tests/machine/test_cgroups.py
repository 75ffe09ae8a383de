"""suite.machine.cgroups: the system's own count of processes ended for lack of memory."""

from pathlib import Path

import pytest

from suite.machine.cgroups import oom_kills

V2 = "1 2 0:3 / /groups rw - cgroup2 cgroup2 rw\n"
V1 = "1 2 0:3 / /groups/memory rw - cgroup cgroup rw,memory\n"


@pytest.mark.parametrize(
    ("own", "files", "count"),
    [
        ("0::/mine\n", {"groups/mine/memory.events": "low 0\noom 4\noom_kill 3\n"}, 3),
        ("0::/hidden\n", {"groups/memory.events": "oom_kill 2\n"}, 2),
        ("0::/a/b\n", {"groups/a/memory.events": "oom_kill 4\n"}, 4),
        (
            "9:name=systemd:/\n4:cpu,memory:/mine\n0::/\n",
            {"groups/memory/mine/memory.oom_control": "under_oom 0\noom_kill 5\n"},
            5,
        ),
        (
            "4:memory:/hidden\n",
            {"groups/memory/memory.oom_control": "oom_kill_disable 0\noom_kill 6\n"},
            6,
        ),
        ("0::/mine\n", {}, 7),
        ("0::/mine\n", {"groups/mine/memory.events": "low 0\n"}, 7),
        ("", {}, 7),
    ],
    ids=[
        "v2", "v2 in a container", "v2 of a parent", "v1", "v1 in a container", "none",
        "not counted", "no groups",
    ],
)  # fmt: skip
def test_the_nearest_count_is_taken(
    tmp_path: Path, own: str, files: dict[str, str], count: int
) -> None:
    """That of the process's own group, whichever version, or above it; else the machine's."""
    proc = {
        "proc/self/cgroup": own,
        "proc/self/mountinfo": V2 + V1,
        "proc/vmstat": "nr_free_pages 1\noom_kill 7\n",
    }
    for name, text in {**proc, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert oom_kills(tmp_path) == count


def test_where_nothing_counts_nothing_is_claimed(tmp_path: Path) -> None:
    """Off Linux there is no such file."""
    assert oom_kills(tmp_path / "missing") is None


def test_this_machine_counts_or_does_not() -> None:
    """The real files are understood."""
    count = oom_kills()

    assert count is None or count >= 0
