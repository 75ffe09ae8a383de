"""suite.run.ranks.token: the ranks' token reaches every host, and nobody else's eyes."""

import os
import stat
from pathlib import Path

import pytest

from suite.model.distributed import RankLauncher
from suite.run.ranks.link import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE
from suite.run.ranks.token import handed_over

TOKEN = "0123456789abcdef"  # noqa: S105
HOSTS = ("localhost", "node2.invalid")
# Tells what it was given, and runs the script here, as on a host with the same file system.
SSH = """\
#!/bin/sh
echo "$@" >> {folder}/calls
while [ $# -gt 1 ]; do shift; done
{before}
exec sh -c "$1"
"""


def environment(folder: Path, before: str = "") -> dict[str, str]:
    """One in which ssh is a stand-in."""
    (folder / "ssh").write_text(SSH.format(folder=folder, before=before))
    (folder / "ssh").chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("launcher", [RankLauncher.MPIRUN, RankLauncher.SRUN])
def test_a_launcher_that_keeps_variables_to_itself_is_given_one(launcher: RankLauncher) -> None:
    """Open MPI and Slurm carry it over connections of their own."""
    with handed_over(TOKEN, launcher, HOSTS, {}) as variables:
        assert variables == {TOKEN_VARIABLE: TOKEN}


def test_horovodrun_is_given_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    """On every host as long as the launch goes on; ssh is told the token by its standard input."""
    given = environment(tmp_path)
    with handed_over(TOKEN, RankLauncher.HOROVODRUN, HOSTS, given) as variables:
        file = Path(variables[TOKEN_FILE_VARIABLE])
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
        assert file.read_text() == TOKEN
    assert [*variables] == [TOKEN_FILE_VARIABLE]
    calls = (tmp_path / "calls").read_text()

    assert modes == [0o600, 0o700]
    assert not file.parent.exists()
    assert calls.count("node2.invalid") == 2
    assert "localhost" not in calls
    assert TOKEN not in calls


def test_the_file_is_written_where_the_other_host_has_none(tmp_path: Path) -> None:
    """With the same modes, whatever the umask there."""
    # The folder is taken away before the script runs: another host has not got it.
    take_away = 'folder=$(echo "$1" | grep -o "/tmp/resnet50-bench-ranks-[a-z0-9_]*" | head -1)'
    given = environment(tmp_path, before=f'{take_away}; rm -rf "$folder"; umask 000')
    with handed_over(TOKEN, RankLauncher.HOROVODRUN, HOSTS, given) as variables:
        file = Path(variables[TOKEN_FILE_VARIABLE])
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]

        assert file.read_text() == TOKEN
        assert modes == [0o600, 0o700]


def test_a_host_that_cannot_be_given_the_token_is_named(tmp_path: Path) -> None:
    """The launch could not be started; nothing is left here."""
    given = environment(tmp_path, before="echo Permission denied >&2; exit 255")
    with (
        pytest.raises(OSError, match=r"put on node2.invalid by ssh: Permission denied"),
        handed_over(TOKEN, RankLauncher.HOROVODRUN, HOSTS, given),
    ):
        pytest.fail("it began")
    folder = (tmp_path / "calls").read_text().rpartition("rm -rf ")[2].strip()

    assert not Path(folder).exists()
